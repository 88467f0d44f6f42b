import { greedyActions, valuesOf } from './values.js';

/**
 * What Q(s_t, a_t) is regressed onto: y_t = r_t + γ v(s_tp1), and y_t = r_t where s_tp1 is terminal. An episode that
 * was cut off did not end, as far as values go: there v(s_tp1) counts.
 *
 * @param r_t - float32 [B]
 * @param terminated_t - 0 or 1 [B]: s_tp1 is terminal
 * @param v_tp1 - value of s_tp1, float32 [B]
 */
export function oneStepTargets(
  r_t: Float32Array,
  terminated_t: Uint8Array,
  v_tp1: Float32Array,
  gamma: number,
): Float32Array {
  return r_t.map((r, row) => (terminated_t[row] ? r : r + gamma * v_tp1[row]!));
}

/** v(s) = max_a q(s, a), the value of acting greedily (Watkins 1989). q is [B, A]; the result [B]. */
export function maxValues(q: Float32Array, numActions: number): Float32Array {
  return valuesOf(greedyActions(q, numActions), q, numActions);
}

/**
 * v(s) = q_target(s, argmax_a q(s, a)) (double Q-learning; van Hasselt, Guez and Silver 2016, eq. 4). The maximum over
 * noisy values is biased upwards; to choose with one set of values and to judge with another takes most of that away.
 */
export function doubleValues(q: Float32Array, q_target: Float32Array, numActions: number): Float32Array {
  return valuesOf(greedyActions(q, numActions), q_target, numActions);
}
