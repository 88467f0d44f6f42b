import type { Space, View } from '../../protocol/spaces/index.js';
import type { Env, Image } from '../env.js';
import type { Rng } from '../rng/rng.js';
import { stateIntegers } from '../snapshot.js';

/**
 * Sticky actions: with some probability the env takes the action before in place of the one it is given, so that a
 * fixed sequence of actions does not solve it (Machado et al., Revisiting the Arcade Learning Environment, 2018).
 *
 * As in MinAtar the coin comes from the env's own generator and is tossed before every step, and the action before
 * the first one is 0. The last action outlives the end of an episode, and is forgotten when the env is seeded anew: so
 * a seed fixes what follows, where in MinAtar it does so in a new env alone.
 */
export class StickyActions implements Env<number> {
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  readonly #env: Env<number>;
  readonly #probability: number;
  #rng: Rng | undefined;
  #lastAction = 0;

  constructor(env: Env<number>, probability: number) {
    this.observationSpace = env.observationSpace;
    this.actionSpace = env.actionSpace;
    this.#env = env;
    this.#probability = probability;
  }

  get reward(): number {
    return this.#env.reward;
  }

  get terminated(): boolean {
    return this.#env.terminated;
  }

  reset(rng: Rng, options?: Readonly<Record<string, unknown>>): void {
    if (rng !== this.#rng) this.#lastAction = 0;
    this.#rng = rng;
    this.#env.reset(rng, options);
  }

  step(action: number): void {
    if (this.#rng!.random() >= this.#probability) this.#lastAction = action;
    this.#env.step(this.#lastAction);
  }

  observe(out: View): void {
    this.#env.observe(out);
  }

  snapshot(): unknown {
    return { lastAction: this.#lastAction, env: this.#env.snapshot() };
  }

  restore(snapshot: unknown): void {
    const { lastAction, env } = (snapshot ?? {}) as { lastAction?: unknown; env?: unknown };
    const [action] = stateIntegers([lastAction], 1, 0, 100);
    this.#env.restore(env);
    this.#lastAction = action;
  }

  render(): Image {
    return this.#env.render!();
  }
}
