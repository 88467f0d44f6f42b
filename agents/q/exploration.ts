import type { SampleSource } from '../../protocol/spaces/index.js';
import { greedyActions } from './values.js';

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
): Int32Array {
  const actions = greedyActions(q, numActions);
  for (let row = 0; row < actions.length; row++) {
    if (random.random() < epsilon) actions[row] = random.integers(0, numActions);
  }
  return actions;
}
