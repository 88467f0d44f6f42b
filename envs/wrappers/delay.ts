import { bytesOf } from '../../protocol/dtypes.js';
import type { Env } from '../env.js';
import { blankReadings } from './blank.js';
import { memoryFor, type Readings, readingsFor, SensorWrapper } from './sensor.js';

/**
 * Shows the observation of some steps ago, and nothing (zeros) until there is one (gymnasium.wrappers.DelayObservation).
 */
export class Delay extends SensorWrapper {
  /** The last `steps` + 1 readings, a ring of which `#next` is the oldest. */
  readonly #ring: Readings;
  readonly #steps: number;
  readonly #blank: Readings;
  #next = 0;

  constructor(env: Env, steps: number) {
    super(env, 'observation_delay');
    this.#steps = steps;
    this.#ring = memoryFor(this.sensor, steps + 1);
    this.#blank = blankReadings(this.sensor);
  }

  protected override sense(first: boolean): void {
    const { length } = this.readings;
    if (first) for (let i = 0; i <= this.#steps; i++) this.#ring.set(this.#blank, i * length);
    this.#ring.set(this.readings, this.#next * length);
    this.#next = (this.#next + 1) % (this.#steps + 1);
  }

  protected override show(out: Readings): void {
    const { length } = this.readings;
    const start = this.#next * length;
    for (let i = 0; i < length; i++) out[i] = this.#ring[start + i]!;
  }

  protected override save(): unknown {
    const start = this.#next * this.readings.length;
    const oldestFirst = this.#ring.slice();
    oldestFirst.set(this.#ring.subarray(start));
    oldestFirst.set(this.#ring.subarray(0, start), this.#ring.length - start);
    return bytesOf(oldestFirst);
  }

  protected override loader(own: unknown): () => void {
    const load = readingsFor(this.#ring, own);
    return () => {
      this.#next = 0;
      load();
    };
  }
}
