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

export function multiply(kernels: Kernels, product: Product): void {
  const { a, b, c, m, n, k, transposeA = false, bStride = n, cStride = n, accumulate = false } = product;
  const { aStride = transposeA ? m : k, relu = false } = product;
  const [row, step] = transposeA ? [FLOAT, FLOAT * aStride] : [FLOAT * aStride, FLOAT];
  const start = accumulate ? c : (product.bias ?? 0);
  const startRow = accumulate ? FLOAT * cStride : 0;
  kernels.matmul(
    a,
    b,
    c,
    m,
    n,
    k,
    row,
    step,
    FLOAT * bStride,
    FLOAT * cStride,
    start,
    startRow,
    relu ? 1 : 0,
  );
}
