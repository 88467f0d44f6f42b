import { bestOf, ranked } from './best.js';
import type { Maximizer } from './maximizer.js';

export interface CrossEntropyOptions {
  /** Actions drawn in each round, N. */
  readonly candidates: number;
  readonly rounds: number;
  /** How many of them, the best, the next round is drawn around, M. */
  readonly elites: number;
}

/** Deviation of the first round's normal numbers; they begin around 0. */
const FIRST_DEVIATION = 0.5;
/** Deviations never become less, so that later rounds still look around. */
const LEAST_DEVIATION = 1e-3;

/**
 * The cross-entropy method (Rubinstein 1999; as QT-Opt uses it, Kalashnikov et al. 2018, section 4.2): draw N actions
 * from independent normals, fit normals to the best M, again. The best candidate of the last round is taken. Every state
 * of the batch has normals of its own; actions are clipped to the box.
 */
export function crossEntropy({ candidates, rounds, elites }: CrossEntropyOptions): Maximizer {
  return (search, random) => {
    const { batch, size } = search;
    const mean = new Float64Array(batch * size);
    const deviation = new Float64Array(batch * size).fill(FIRST_DEVIATION);
    const actions = new Float32Array(batch * candidates * size);
    for (let round = 1; ; round++) {
      for (let i = 0; i < actions.length; i++) {
        const j = Math.floor(i / (candidates * size)) * size + (i % size);
        actions[i] = Math.max(-1, Math.min(1, mean[j]! + deviation[j]! * random.normal()));
      }
      const values = search.evaluate(actions, candidates);
      if (round === rounds) return bestOf(search, actions, values, candidates).actions;
      for (let row = 0; row < batch; row++) {
        const best = ranked(values, row, candidates).subarray(0, elites);
        for (let a = 0; a < size; a++) {
          const at = (k: number): number => actions[(row * candidates + k) * size + a]!;
          const middle = best.reduce((sum, k) => sum + at(k), 0) / elites;
          const variance = best.reduce((sum, k) => sum + (at(k) - middle) ** 2, 0) / elites;
          mean[row * size + a] = middle;
          deviation[row * size + a] = Math.max(LEAST_DEVIATION, Math.sqrt(variance));
        }
      }
    }
  };
}
