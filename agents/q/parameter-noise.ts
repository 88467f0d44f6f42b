import type { Module } from '../module.js';
import type { Random } from '../random.js';

/** By how much the deviation grows or shrinks at a time (Plappert et al. 2018, section 3). */
const ADAPTATION = 1.01;

/**
 * Exploration by a policy whose parameters are disturbed (Plappert et al. 2018): normal noise is added to all of them for
 * an episode. Its deviation adapts until actions differ from the policy's own as much as action noise of `target` would:
 * the root mean square over states of π(s) − π̃(s).
 */
export class ParameterNoise {
  readonly #policy: Module;
  readonly #target: number;
  readonly #disturbed: Module;
  #deviation: number;

  constructor(policy: Module, target: number) {
    this.#policy = policy;
    this.#target = target;
    this.#disturbed = policy.copy();
    this.#deviation = target;
  }

  /** The policy that explores. */
  get disturbed(): Module {
    return this.#disturbed;
  }

  /** Draws the noise anew, around the policy as it is now. */
  disturb(random: Random): void {
    const { params } = this.#policy;
    const deviation = this.#deviation;
    this.#disturbed.params.write(params.read().map((value) => value + deviation * random.normal()));
  }

  /** Adapts the deviation to how far apart the two policies are in some states. @returns the distance */
  adapt(states: Float32Array, batch: number): number {
    const [own, other] = [this.#policy, this.#disturbed].map((module) => module.predict(states, batch));
    const square = own!.reduce((sum, action, i) => sum + (action - other![i]!) ** 2, 0) / own!.length;
    const distance = Math.sqrt(square);
    this.#deviation *= distance < this.#target ? ADAPTATION : 1 / ADAPTATION;
    return distance;
  }

  get deviation(): number {
    return this.#deviation;
  }

  set deviation(value: number) {
    this.#deviation = value;
  }
}
