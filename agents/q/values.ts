/**
 * Rows of action values: q is a slab [B, A], the value of each of A actions in each of B states.
 */

/**
 * argmax_a q(s, a) of each row; the first of equals.
 * @param mask - 1 or 0 [B, A]: which actions are allowed; of a row that allows none, all are
 * @returns int32 [B]
 */
export function greedyActions(q: Float32Array, numActions: number, mask?: ArrayLike<number>): Int32Array {
  const actions = new Int32Array(q.length / numActions);
  for (let row = 0; row < actions.length; row++) {
    const first = row * numActions;
    let best = -1;
    for (let a = 0; a < numActions; a++) {
      if (mask && !mask[first + a]) continue;
      if (best < 0 || q[first + a]! > q[first + best]!) best = a;
    }
    actions[row] = best >= 0 ? best : greedyActions(q.subarray(first, first + numActions), numActions)[0]!;
  }
  return actions;
}

/** q(s, a) of one action a row. float32 [B] */
export function valuesOf(actions: Int32Array, q: Float32Array, numActions: number): Float32Array {
  return Float32Array.from(actions, (action, row) => q[row * numActions + action]!);
}
