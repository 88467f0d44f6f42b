/**
 * What Q(s_t, a_t) is regressed onto: y_t = R_t + d_t v(s_tpn), where R_t sums the rewards of n steps and d_t = γ^n, or 0
 * where s_tpn is terminal. An episode that was cut off did not end, as far as values go: there v(s_tpn) counts.
 *
 * For n > 1 the rewards are those of the actions taken, not of the best ones. That biases values towards the behaviour
 * of a while ago, and lets rewards reach earlier states in fewer updates (Hessel et al. 2018, "Rainbow").
 *
 * v is that of the greedy action: the action that the target network holds best (Watkins 1989), or, with double targets,
 * the one that the online network does and the target network judges, since the maximum over noisy values is biased
 * upwards (van Hasselt, Guez and Silver 2016, eq. 4).
 *
 * @param R_t - float32 [B]
 * @param d_t - float32 [B]
 * @param v_tpn - value of s_tpn, float32 [B]
 */
export function targets(R_t: Float32Array, d_t: Float32Array, v_tpn: Float32Array): Float32Array {
  return R_t.map((R, row) => R + d_t[row]! * v_tpn[row]!);
}

/** Steps of segments, row-major [B, T]; those behind a segment's length have no meaning. */
export interface TracedSteps {
  /** T */
  readonly steps: number;
  /** Steps that there are. int32 [B] */
  readonly lengths: Int32Array;
  /** r_k */
  readonly rewards: Float32Array;
  /** γ, or 0 where the step ended in a terminal state. */
  readonly discounts: Float32Array;
  /** Q(s_k, a_k) of the actions taken. */
  readonly q: Float32Array;
  /** v(s_kp1), the value of acting greedily from the state reached. */
  readonly v: Float32Array;
  /** c_k: how much of what follows step k's action counts; that of the first step is not looked at. */
  readonly traces: Float32Array;
}

/**
 * Off-policy corrected returns (Munos et al. 2016, eq. 3), for one target network:
 *
 *     y_t = Q(s_t, a_t) + Σ_{k=t}^{t+T−1} γ^{k−t} (Π_{i=t+1}^{k} c_i) (r_k + γ v(s_kp1) − Q(s_k, a_k))
 *
 * What the traces c_i are makes the method (see {@link traceOf}). @returns float32 [B]
 */
export function tracedTargets({
  steps,
  lengths,
  rewards,
  discounts,
  q,
  v,
  traces,
}: TracedSteps): Float32Array {
  return Float32Array.from(lengths, (length, row) => {
    const first = row * steps;
    // Backwards: y_k = r_k + γ (v(s_kp1) + c_kp1 (y_kp1 − Q(s_kp1, a_kp1))).
    let y = 0;
    for (let k = first + length - 1; k >= first; k--) {
      const later = k + 1 < first + length ? traces[k + 1]! * (y - q[k + 1]!) : 0;
      y = rewards[k]! + discounts[k]! * (v[k]! + later);
    }
    return y;
  });
}

/** How an n-step return is made right for the greedy policy, when the actions were another policy's. */
export const TRACES = ['cut', 'importance', 'retrace'] as const;
export type Trace = (typeof TRACES)[number];

/**
 * The trace c of an action that the greedy policy π takes or not, and the behaviour took with probability `behaviour`:
 * - `cut`: 1 as long as actions are greedy, so that the sum ends before the first that is not (Watkins 1989);
 * - `importance`: π/μ (Precup, Sutton and Singh 2000), without bias and of high variance;
 * - `retrace`: λ · min(1, π/μ) (Munos et al. 2016).
 */
export function traceOf(rule: Trace, isGreedy: boolean, behaviour: number, lambda: number): number {
  if (!isGreedy) return 0;
  switch (rule) {
    case 'cut':
      return 1;
    case 'importance':
      return 1 / behaviour;
    case 'retrace':
      return lambda * Math.min(1, 1 / behaviour);
  }
}
