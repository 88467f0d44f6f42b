import type { View } from '../../protocol/spaces/index.js';
import type { Env } from '../env.js';
import { Wrapper } from './wrapper.js';

/** Takes every action several times and sums the rewards up; the end of the episode ends that too. */
export class ActionRepeat extends Wrapper {
  readonly #times: number;
  #reward = 0;

  /** `range` is that of the rewards of a single step. */
  constructor(env: Env, times: number, [low, high]: readonly [number, number]) {
    super(env, env.observationSpace, [Math.min(low, low * times), Math.max(high, high * times)]);
    this.#times = times;
  }

  override get reward(): number {
    return this.#reward;
  }

  override reset(...args: Parameters<Env['reset']>): void {
    this.#reward = 0;
    super.reset(...args);
  }

  override step(action: View): void {
    this.#reward = 0;
    for (let i = 0; i < this.#times; i++) {
      this.env.step(action);
      this.#reward += this.env.reward;
      if (this.env.terminated) return;
    }
  }
}
