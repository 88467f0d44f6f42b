import { bytesOf } from '../../protocol/dtypes.js';
import type { Env } from '../env.js';
import { memoryFor, type Readings, readingsFor, SensorWrapper } from './sensor.js';

/**
 * Adds to every element of an observation normal noise of mean 0 and a given standard deviation, in the observation's own
 * units. What leaves the space is cut off at its bounds; integers are rounded.
 */
export class Noise extends SensorWrapper {
  readonly #deviation: number;
  readonly #low: Float64Array;
  readonly #high: Float64Array;
  readonly #isInteger: boolean;
  readonly #noisy: Readings;

  constructor(env: Env, deviation: number) {
    super(env, 'observation_noise');
    this.#deviation = deviation;
    this.#low = this.sensor.low;
    this.#high = this.sensor.high;
    this.#isInteger = !this.sensor.dtype.startsWith('float');
    this.#noisy = memoryFor(this.sensor, 1);
  }

  protected override sense(): void {
    const { length } = this.readings;
    const rng = this.rng!;
    for (let i = 0; i < length; i += 2) {
      // Box and Muller, A note on the generation of random normal deviates (1958): two at a time.
      const radius = this.#deviation * Math.sqrt(-2 * Math.log(1 - rng.random()));
      const angle = 2 * Math.PI * rng.random();
      this.#add(i, radius * Math.cos(angle));
      if (i + 1 < length) this.#add(i + 1, radius * Math.sin(angle));
    }
  }

  #add(i: number, noise: number): void {
    const x = this.readings[i]! + noise;
    const rounded = this.#isInteger ? Math.round(x) : x;
    this.#noisy[i] = Math.min(Math.max(rounded, this.#low[i]!), this.#high[i]!);
  }

  protected override show(out: Readings): void {
    out.set(this.#noisy);
  }

  protected override save(): unknown {
    return bytesOf(this.#noisy).slice();
  }

  protected override loader(own: unknown): () => void {
    return readingsFor(this.#noisy, own);
  }
}
