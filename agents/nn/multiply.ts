import type { Kernels } from './wasm/kernels.js';

const FLOAT = 4;

/** C [m, n] = start + A [m, k] · B [k, n] in a heap: a, b and c are byte addresses, strides count floats. */
export interface Product {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Whether A lies as [k, m]. */
  readonly transposeA?: boolean;
  /** From one row of A, B and C to the next; rows without gaps unless told. */
  readonly aStride?: number;
  readonly bStride?: number;
  readonly cStride?: number;
  /** The address of a row [n] that is added to every row of the product. */
  readonly bias?: number;
  /** Whether the product is added to what C holds. */
  readonly accumulate?: boolean;
  /** Whether negative results become 0. */
  readonly relu?: boolean;
}

/**
 * Rows of a transposed A at a time. A tile walks down a column of A, a cache line a row: so many lines stay in the first
 * cache until the tiles beside it have used the rest of each.
 */
const TRANSPOSED_ROWS = 128;

export function multiply(kernels: Kernels, product: Product): void {
  const { a, b, c, m, n, k, transposeA = false, bStride = n, cStride = n, relu = false } = product;
  const { aStride = transposeA ? m : k, bias = 0, accumulate = false } = product;
  const [aRow, aStep] = transposeA ? [FLOAT, FLOAT * aStride] : [FLOAT * aStride, FLOAT];
  const [bRow, cRow] = [FLOAT * bStride, FLOAT * cStride];
  const atATime = transposeA ? TRANSPOSED_ROWS : k;
  for (let t = 0; t < k; t += atATime) {
    const onto = accumulate || t > 0;
    const [start, startRow] = onto ? [c, cRow] : [bias, 0];
    const rows = Math.min(atATime, k - t);
    const last = t + rows === k;
    kernels.matmul(
      a + t * aStep,
      b + t * bRow,
      c,
      m,
      n,
      rows,
      aRow,
      aStep,
      bRow,
      cRow,
      start,
      startRow,
      relu && last ? 1 : 0,
    );
  }
}
