import type { Kernels } from './wasm/kernels.js';
import { PANEL_ROWS } from './wasm/matmul.js';

const FLOAT = 4;

/** C [m, n] = start + A [m, k] · B [k, n] in a heap; strides count floats. */
export interface ProductShape {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Whether A lies as [k, m], and B as [n, k]. */
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
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

/** Such a product of the matrices at these byte addresses. */
export interface Product extends ProductShape {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

export function multiply(kernels: Kernels, product: Product): void {
  productOf(kernels, product)(product.a, product.b, product.c);
}

/** A product for many matrices of one shape, by their addresses. */
export function productOf(kernels: Kernels, shape: ProductShape): (a: number, b: number, c: number) => void {
  const { m, n, k, transposeA = false, transposeB = false, cStride = n, relu = false } = shape;
  const { aStride = transposeA ? m : k, bStride = transposeB ? k : n, bias = 0, accumulate = false } = shape;
  const [aRow, aStep] = transposeA ? [FLOAT, FLOAT * aStride] : [FLOAT * aStride, FLOAT];
  const [bRow, bColumn] = transposeB ? [FLOAT, FLOAT * bStride] : [FLOAT * bStride, FLOAT];
  const cRow = FLOAT * cStride;
  // In equal parts.
  const depth = Math.ceil(k / Math.ceil(k / PANEL_ROWS));
  const startRow = accumulate ? cRow : 0;
  const clip = relu ? 1 : 0;
  const { panel } = kernels;
  return (a, b, c) => {
    const start = accumulate ? c : bias;
    kernels.matmul(a, b, c, m, n, k, aRow, aStep, bRow, bColumn, cRow, start, startRow, clip, panel, depth);
  };
}
