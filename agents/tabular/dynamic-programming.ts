/**
 * Dynamic programming on a table of transitions (Sutton and Barto 2018, chapter 4). V is float64 [numStates] and is
 * worked on in place, so that each backup sees the results of those before it (Gauss and Seidel's order): that takes no
 * second array, and fewer sweeps.
 */
import type { TransitionTable } from '../../protocol/spec.js';

/** q(s, a) = Σ p(s', r | s, a) (r + γ V(s')), where V of what follows a terminal state is 0. */
export function actionValue(
  table: TransitionTable,
  V: Float64Array,
  state: number,
  action: number,
  gamma: number,
): number {
  const { first, probabilities, rewards, terminated, nextStates } = table;
  const entry = state * table.numActions + action;
  let value = 0;
  for (let k = first[entry]!; k < first[entry + 1]!; k++) {
    value += probabilities[k]! * (rewards[k]! + (terminated[k] ? 0 : gamma * V[nextStates[k]!]!));
  }
  return value;
}

/** V(s) ← max_a q(s, a) for every state (Bellman 1957). The largest change. */
export function optimalitySweep(table: TransitionTable, V: Float64Array, gamma: number): number {
  let change = 0;
  for (let s = 0; s < table.numStates; s++) {
    let best = -Infinity;
    for (let a = 0; a < table.numActions; a++) best = Math.max(best, actionValue(table, V, s, a, gamma));
    change = Math.max(change, Math.abs(best - V[s]!));
    V[s] = best;
  }
  return change;
}

/** V(s) ← q(s, π(s)) for every state. The largest change. */
export function evaluationSweep(
  table: TransitionTable,
  V: Float64Array,
  policy: Int32Array,
  gamma: number,
): number {
  let change = 0;
  for (let s = 0; s < table.numStates; s++) {
    const value = actionValue(table, V, s, policy[s]!, gamma);
    change = Math.max(change, Math.abs(value - V[s]!));
    V[s] = value;
  }
  return change;
}

/**
 * π(s) ← argmax_a q(s, a) where that is better by more than `tolerance`; V stays.
 * @returns the Bellman residual max_s |max_a q(s, a) − V(s)|, and in how many states the policy changed
 */
export function improve(
  table: TransitionTable,
  V: Float64Array,
  policy: Int32Array,
  gamma: number,
  tolerance: number,
): { readonly residual: number; readonly changes: number } {
  let residual = 0;
  let changes = 0;
  for (let s = 0; s < table.numStates; s++) {
    const taken = actionValue(table, V, s, policy[s]!, gamma);
    let best = taken;
    let bestAction = policy[s]!;
    for (let a = 0; a < table.numActions; a++) {
      const value = actionValue(table, V, s, a, gamma);
      if (value > best) [best, bestAction] = [value, a];
    }
    residual = Math.max(residual, Math.abs(best - V[s]!));
    if (best > taken + tolerance) {
      policy[s] = bestAction;
      changes += 1;
    }
  }
  return { residual, changes };
}
