import type { TransitionTable } from '../../protocol/spec.js';
import type { Options } from '../env.js';
import type { Rng } from '../rng/rng.js';

/** One thing that may follow a state and an action, as an entry of Gymnasium's `P[state][action]`. */
export type Outcome = readonly [probability: number, nextState: number, reward: number, terminated: boolean];

export type { TransitionTable } from '../../protocol/spec.js';

/** The table whose entries `outcomes` lists for each state and action. */
export function buildTable(
  numStates: number,
  numActions: number,
  outcomes: (state: number, action: number) => readonly Outcome[],
): TransitionTable {
  const first = new Int32Array(numStates * numActions + 1);
  const all: Outcome[] = [];
  for (let i = 0; i < numStates * numActions; i++) {
    all.push(...outcomes(Math.floor(i / numActions), i % numActions));
    first[i + 1] = all.length;
  }
  return {
    numStates,
    numActions,
    first,
    probabilities: Float64Array.from(all, ([probability]) => probability),
    nextStates: Int32Array.from(all, ([, nextState]) => nextState),
    rewards: Float64Array.from(all, ([, , reward]) => reward),
    terminated: Uint8Array.from(all, ([, , , terminated]) => Number(terminated)),
  };
}

/** The states that an episode starts in, ascending, each as likely as the others. */
export class Starts {
  readonly #states: Int32Array;
  readonly #cumulative: Float64Array;

  constructor(states: readonly number[]) {
    this.#states = Int32Array.from(states);
    this.#cumulative = new Float64Array(states.length).fill(1 / states.length);
    for (let i = 1; i < states.length; i++) this.#cumulative[i]! += this.#cumulative[i - 1]!;
  }

  /** As in Gymnasium's toy_text: one double is drawn, also where there is nothing to choose. */
  draw(rng: Rng): number {
    const draw = rng.random();
    let low = 0;
    let high = this.#states.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#cumulative[middle]! > draw) high = middle;
      else low = middle + 1;
    }
    return this.#states[low]!;
  }
}

/** A table, and what drawing from it needs. Copies of an env share one. */
export class TableModel {
  /** For each outcome, the probability of it or one before it of the same state and action. */
  readonly cumulative: Float64Array;
  readonly starts: Starts;

  constructor(
    readonly table: TransitionTable,
    starts: readonly number[],
  ) {
    const { first, probabilities } = table;
    this.cumulative = probabilities.slice();
    for (let i = 0; i + 1 < first.length; i++) {
      for (let j = first[i]! + 1; j < first[i + 1]!; j++) this.cumulative[j]! += this.cumulative[j - 1]!;
    }
    this.starts = new Starts(starts);
  }
}

/** `build`, done once for one options object: a VectorEnv makes all its copies from the same. */
export function oncePerOptions<T>(build: (options: Options) => T): (options: Options) => T {
  const built = new WeakMap<Options, T>();
  return (options) => {
    let result = built.get(options);
    if (result === undefined) {
      result = build(options);
      built.set(options, result);
    }
    return result;
  };
}
