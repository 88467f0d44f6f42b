import { bestOf } from './best.js';
import type { Maximizer } from './maximizer.js';

/** The best of `candidates` actions that are drawn uniformly. */
export function randomShooting(candidates: number): Maximizer {
  return (search, random) => {
    const { batch, size } = search;
    const actions = Float32Array.from({ length: batch * candidates * size }, () => 2 * random.random() - 1);
    return bestOf(search, actions, search.evaluate(actions, candidates), candidates).actions;
  };
}
