import type { SampleSource } from '../../protocol/spaces/index.js';
import { integer } from '../settings.js';
import { greedyActions } from './values.js';

/**
 * Random actions that are held for a while (Dabney, Ostrovski and Barreto 2021, "Temporally-extended ε-greedy
 * exploration"), each env its own, for 1 to `longest` steps, uniformly. A car that is pushed this way and that at random
 * stays where it is; one that is pushed one way for a while gets somewhere.
 */
export class HeldActions {
  readonly #longest: number;
  readonly #action: Int32Array;
  readonly #left: Int32Array;

  constructor(numEnvs: number, longest: number) {
    this.#longest = longest;
    this.#action = new Int32Array(numEnvs);
    this.#left = new Int32Array(numEnvs);
  }

  /** The action that an env still holds, if it does. */
  next(env: number): number | undefined {
    if (this.#left[env] === 0) return undefined;
    this.#left[env]! -= 1;
    return this.#action[env];
  }

  /** From the next step on, an env holds this action. */
  start(env: number, action: number, random: SampleSource): void {
    this.#action[env] = action;
    this.#left[env] = random.integers(0, this.#longest);
  }

  /** The episodes of these envs are over. */
  stop(envs: Iterable<number>): void {
    for (const env of envs) this.#left[env] = 0;
  }

  get state(): readonly number[] {
    return [...this.#action, ...this.#left];
  }

  set state(values: readonly number[]) {
    this.#action.set(values.slice(0, this.#action.length));
    this.#left.set(values.slice(this.#action.length));
  }
}

export const LONGEST_HOLD = integer(
  1,
  [1, 1e6],
  'Steps for which a random action is held at most; 1 to draw anew each time.',
);

export interface EpsilonGreedyOptions {
  /** 1 or 0 [B, A]: which actions are allowed. */
  readonly mask?: ArrayLike<number>;
  /** Filled with the probability with which each action was taken, float32 [B]. */
  readonly behaviour?: Float32Array;
  /** Random actions that go on, a row an env; what is held comes first, allowed or not. */
  readonly held?: HeldActions;
}

/**
 * ε-greedy: with probability `epsilon` any action, uniformly, else the one of the highest value.
 * @param q - action values [B, A]
 * @returns int32 [B]
 */
export function epsilonGreedy(
  q: Float32Array,
  numActions: number,
  epsilon: number,
  random: SampleSource,
  { mask, behaviour, held }: EpsilonGreedyOptions = {},
): Int32Array {
  const actions = greedyActions(q, numActions, mask);
  for (let row = 0; row < actions.length; row++) {
    const running = held?.next(row);
    if (running !== undefined) {
      actions[row] = running;
      continue;
    }
    const greedy = actions[row]!;
    const allowed = mask ? allowedIn(mask, row * numActions, numActions) : undefined;
    const count = allowed?.length || numActions;
    if (random.random() < epsilon) {
      const drawn = random.integers(0, count);
      actions[row] = allowed?.[drawn] ?? drawn;
      held?.start(row, actions[row]!, random);
    }
    if (behaviour) behaviour[row] = epsilon / count + (actions[row] === greedy ? 1 - epsilon : 0);
  }
  return actions;
}

function allowedIn(mask: ArrayLike<number>, first: number, numActions: number): number[] {
  const allowed: number[] = [];
  for (let a = 0; a < numActions; a++) if (mask[first + a]) allowed.push(a);
  return allowed;
}
