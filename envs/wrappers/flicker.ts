import type { Env } from '../env.js';
import { stateIntegers } from '../snapshot.js';
import { blankReadings } from './blank.js';
import { type Readings, SensorWrapper } from './sensor.js';

/**
 * Shows nothing (zeros) in place of the observation with some probability, at every step anew (Hausknecht and Stone, Deep
 * Recurrent Q-Learning for Partially Observable MDPs, 2015).
 */
export class Flicker extends SensorWrapper {
  readonly #probability: number;
  readonly #blank: Readings;
  #isDark = false;

  constructor(env: Env, probability: number) {
    super(env, 'flicker');
    this.#probability = probability;
    this.#blank = blankReadings(this.sensor);
  }

  protected override sense(): void {
    this.#isDark = this.rng!.random() < this.#probability;
  }

  protected override show(out: Readings): void {
    out.set(this.#isDark ? this.#blank : this.readings);
  }

  protected override save(): unknown {
    return [this.#isDark ? 1 : 0];
  }

  protected override loader(own: unknown): () => void {
    const [isDark] = stateIntegers(own, 1, 0, 1);
    return () => {
      this.#isDark = isDark === 1;
    };
  }
}
