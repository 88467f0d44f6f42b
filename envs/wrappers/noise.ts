import type { Box } from '../../protocol/spaces/index.js';
import type { Env } from '../env.js';
import { stateNumbers } from '../snapshot.js';
import { memoryFor, type Readings, SensorWrapper } from './sensor.js';

/**
 * Adds to every element of an observation normal noise of mean 0 and a given standard deviation, in the observation's own
 * units. What leaves the space is cut off at its bounds; integers are rounded.
 */
export class Noise extends SensorWrapper {
  readonly #deviation: number;
  readonly #noisy: Readings;

  constructor(env: Env, deviation: number) {
    super(env, 'observation_noise');
    this.#deviation = deviation;
    this.#noisy = memoryFor(this.sensor, 1);
  }

  protected override sense(): void {
    const { readings, sensor } = this;
    const rng = this.rng!;
    const isInteger = !sensor.dtype.startsWith('float');
    for (let i = 0; i < readings.length; i += 2) {
      // Box and Muller, A note on the generation of random normal deviates (1958): two at a time.
      const radius = this.#deviation * Math.sqrt(-2 * Math.log(1 - rng.random()));
      const angle = 2 * Math.PI * rng.random();
      this.#set(i, radius * Math.cos(angle), isInteger, sensor);
      if (i + 1 < readings.length) this.#set(i + 1, radius * Math.sin(angle), isInteger, sensor);
    }
  }

  #set(i: number, noise: number, isInteger: boolean, { low, high }: Box): void {
    const x = this.readings[i]! + noise;
    this.#noisy[i] = Math.min(Math.max(isInteger ? Math.round(x) : x, low[i]!), high[i]!);
  }

  protected override show(out: Readings): void {
    out.set(this.#noisy);
  }

  protected override save(): unknown {
    return [...this.#noisy];
  }

  protected override loader(own: unknown): () => void {
    const noisy = stateNumbers(own, this.#noisy.length);
    return () => this.#noisy.set(noisy);
  }
}
