/** Below this share of a return, what an episode that was cut off would still have earned is left out of account. */
const NEGLIGIBLE = 0.01;

interface Visit {
  readonly value: number;
  readonly reward: number;
}

/**
 * Compares the values that a policy predicts for the states it visits with the discounted returns that followed, the
 * measurement of overestimation of van Hasselt, Guez and Silver (2016, section 5): the mean of both over all states of
 * the episodes.
 *
 * What would have followed after an episode was cut off is unknown, so its last states, for which that counts for more
 * than a hundredth, are left out: those with γ^(steps to the cut) > 0.01.
 */
export class ValueCheck {
  readonly #gamma: number;
  readonly #visits: Visit[][];
  #predicted = 0;
  #realised = 0;
  #states = 0;

  constructor(gamma: number, numEnvs: number) {
    this.#gamma = gamma;
    this.#visits = Array.from({ length: numEnvs }, () => []);
  }

  /** A step of every env: the values of the states it was taken in [B], and the rewards it brought [B]. */
  step(values: Float32Array, rewards: Float64Array): void {
    for (const [row, visits] of this.#visits.entries())
      visits.push({ value: values[row]!, reward: rewards[row]! });
  }

  /** The episode of env `row` is over. */
  end(row: number, { terminated, counts }: { readonly terminated: boolean; readonly counts: boolean }): void {
    const visits = this.#visits[row]!;
    this.#visits[row] = [];
    if (!counts) return;
    let following = 0;
    let left = 1; // γ^(steps to the end)
    for (const { value, reward } of visits.reverse()) {
      following = reward + this.#gamma * following;
      left *= this.#gamma;
      if (!terminated && left > NEGLIGIBLE) continue;
      this.#predicted += value;
      this.#realised += following;
      this.#states += 1;
    }
  }

  /** Means over the states that count; undefined where there were none. */
  get means(): { readonly predicted: number; readonly realised: number } | undefined {
    if (this.#states === 0) return undefined;
    return { predicted: this.#predicted / this.#states, realised: this.#realised / this.#states };
  }
}
