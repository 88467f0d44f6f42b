import { greedyActions, valuesOf } from './values.js';

/**
 * What Q(s_t, a_t) is regressed onto: y_t = R_t + d_t v(s_tpn), where R_t sums the rewards of n steps and d_t = γ^n, or 0
 * where s_tpn is terminal. An episode that was cut off did not end, as far as values go: there v(s_tpn) counts.
 *
 * For n > 1 the rewards are those of the actions taken, not of the best ones. That biases values towards the behaviour
 * of a while ago, and lets rewards reach earlier states in fewer updates (Hessel et al. 2018, "Rainbow").
 *
 * @param R_t - float32 [B]
 * @param d_t - float32 [B]
 * @param v_tpn - value of s_tpn, float32 [B]
 */
export function targets(R_t: Float32Array, d_t: Float32Array, v_tpn: Float32Array): Float32Array {
  return R_t.map((R, row) => R + d_t[row]! * v_tpn[row]!);
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
