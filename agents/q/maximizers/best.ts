/** Rows of candidates for a batch: actions [B, count, A] and their values [B, count]. */

/** The best candidate of each state: actions [B, A] and values [B]. */
export function bestOf(
  { batch, size }: { readonly batch: number; readonly size: number },
  actions: Float32Array,
  values: Float32Array,
  count: number,
): { readonly actions: Float32Array; readonly values: Float32Array } {
  const best = { actions: new Float32Array(batch * size), values: new Float32Array(batch) };
  for (let row = 0; row < batch; row++) {
    const first = row * count;
    let at = first;
    for (let k = first + 1; k < first + count; k++) if (values[k]! > values[at]!) at = k;
    best.values[row] = values[at]!;
    best.actions.set(actions.subarray(at * size, (at + 1) * size), row * size);
  }
  return best;
}

/** Indices 0 … count − 1 of one state's candidates, the best first. */
export function ranked(values: Float32Array, row: number, count: number): Uint32Array {
  const first = row * count;
  return Uint32Array.from({ length: count }, (_, k) => k).sort(
    (a, b) => values[first + b]! - values[first + a]!,
  );
}
