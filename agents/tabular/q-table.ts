/** Values and visits of so many take 800 MB; what has more entries wants a network. */
const MAX_ENTRIES = 2 ** 26;

/** The first of the highest of values[at] to values[at + n - 1], counted from `at`. */
export function firstBest(values: Float64Array, at: number, n: number): number {
  let best = 0;
  for (let a = 1; a < n; a++) if (values[at + a]! > values[at + best]!) best = a;
  return best;
}

/** Action values Q(s, a), a number for each state and action, and how often each was learned from. */
export class QTable {
  /** float64 [numStates * numActions] */
  readonly values: Float64Array;
  /** int32 [numStates * numActions] */
  readonly visits: Int32Array;

  /** All values are `initialValue`. Throws where so many do not fit. */
  constructor(
    readonly numStates: number,
    readonly numActions: number,
    initialValue: number,
  ) {
    const entries = numStates * numActions;
    if (entries > MAX_ENTRIES) {
      throw new Error(
        `a table of ${numStates} states and ${numActions} actions has ${entries} entries; at most ${MAX_ENTRIES} fit`,
      );
    }
    this.values = new Float64Array(entries).fill(initialValue);
    this.visits = new Int32Array(entries);
  }

  value(state: number, action: number): number {
    return this.values[state * this.numActions + action]!;
  }

  greedyAction(state: number): number {
    return firstBest(this.values, state * this.numActions, this.numActions);
  }

  /** max_a Q(s, a) */
  maxValue(state: number): number {
    return this.value(state, this.greedyAction(state));
  }

  /**
   * Q(s, a) ← Q(s, a) + α (y − Q(s, a)), with α = learningRate / n^visitExponent at the n-th visit of s and a.
   * @returns the error y − Q(s, a) before the update
   */
  regress(state: number, action: number, y: number, learningRate: number, visitExponent: number): number {
    const entry = state * this.numActions + action;
    const n = ++this.visits[entry]!;
    const error = y - this.values[entry]!;
    this.values[entry]! += (visitExponent === 0 ? learningRate : learningRate / n ** visitExponent) * error;
    return error;
  }
}
