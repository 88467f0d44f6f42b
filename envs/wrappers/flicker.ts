import type { Env } from '../env.js';
import { stateIntegers } from '../snapshot.js';
import { blank } from './blank.js';
import { type Readings, SensorWrapper } from './sensor.js';

/**
 * Shows nothing (zeros) in place of the observation with some probability, at every step anew (Hausknecht and Stone, Deep
 * Recurrent Q-Learning for Partially Observable MDPs, 2015).
 */
export class Flicker extends SensorWrapper {
  readonly #probability: number;
  #isDark = false;

  constructor(env: Env, probability: number) {
    super(env, 'flicker');
    this.#probability = probability;
  }

  protected override sense(): void {
    this.#isDark = this.rng!.random() < this.#probability;
  }

  protected override show(out: Readings): void {
    if (this.#isDark) blank(this.sensor, out);
    else out.set(this.readings);
  }

  protected override save(): unknown {
    return [this.#isDark ? 1 : 0];
  }

  protected override loader(own: unknown): () => void {
    const [isDark] = stateIntegers(own, 1, 1);
    return () => {
      this.#isDark = isDark === 1;
    };
  }
}
