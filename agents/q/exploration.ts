import type { SampleSource } from '../../protocol/spaces/index.js';
import { greedyActions } from './values.js';

/**
 * ε-greedy: with probability `epsilon` any action, uniformly, else the one of the highest value.
 * @param q - action values [B, A]
 * @param mask - 1 or 0 [B, A]: which actions are allowed
 * @param behaviour - filled with the probability with which each action was taken, float32 [B], where given
 * @returns int32 [B]
 */
export function epsilonGreedy(
  q: Float32Array,
  numActions: number,
  epsilon: number,
  random: SampleSource,
  { mask, behaviour }: { readonly mask?: ArrayLike<number>; readonly behaviour?: Float32Array } = {},
): Int32Array {
  const actions = greedyActions(q, numActions, mask);
  for (let row = 0; row < actions.length; row++) {
    const greedy = actions[row]!;
    const allowed = mask ? allowedIn(mask, row * numActions, numActions) : undefined;
    const count = allowed?.length || numActions;
    if (random.random() < epsilon) {
      const drawn = random.integers(0, count);
      actions[row] = allowed?.[drawn] ?? drawn;
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
