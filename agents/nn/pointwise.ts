import * as tf from '@tensorflow/tfjs-core';

/**
 * The arithmetic that a pointwise formula is written in. Each formula is written once and read several ways: as the
 * instructions of one SIMD loop (wasm/elementwise.ts), or as tensor operations on any other backend.
 */
export interface Arithmetic<T> {
  constant(value: number): T;
  add(a: T, b: T): T;
  sub(a: T, b: T): T;
  mul(a: T, b: T): T;
  div(a: T, b: T): T;
  /** The larger and the smaller of a and a limit b; where a is not a number, a. */
  max(a: T, b: T): T;
  min(a: T, b: T): T;
  sqrt(a: T): T;
  abs(a: T): T;
  /** `a > b ? then : otherwise`, element by element. */
  ifGreater(a: T, b: T, then: T, otherwise: T): T;
  /** Names a value that is used more than once, so that it is computed once. */
  once(value: T): T;
}

/** A function of arrays of one length and of scalars, element by element. */
export interface Pointwise {
  /** Arrays that the formula reads. */
  readonly reads: readonly string[];
  readonly scalars: readonly string[];
  /** Arrays that it writes; one that it also reads is changed in place. */
  readonly writes: readonly string[];
  /** Arrays that lie in rows with a gap behind each, such as one gate's part of all gates; the others have no gaps. */
  readonly gapped?: readonly string[];
  formula<T>(o: Arithmetic<T>, values: Record<string, T>): Record<string, T>;
}

/** The formula read as tensor operations. Scalars come as numbers; the results are new tensors, by name. */
export function composePointwise(
  pointwise: Pointwise,
  arrays: Record<string, tf.Tensor>,
  scalars: Record<string, number>,
): Record<string, tf.Tensor> {
  const values: Record<string, tf.Tensor> = { ...arrays };
  for (const name of pointwise.scalars) values[name] = tf.scalar(scalars[name]!);
  return pointwise.formula(TENSOR_ARITHMETIC, values);
}

const TENSOR_ARITHMETIC: Arithmetic<tf.Tensor> = {
  constant: (value) => tf.scalar(value),
  add: (a, b) => tf.add(a, b),
  sub: (a, b) => tf.sub(a, b),
  mul: (a, b) => tf.mul(a, b),
  div: (a, b) => tf.div(a, b),
  max: (a, b) => tf.maximum(a, b),
  min: (a, b) => tf.minimum(a, b),
  sqrt: (a) => tf.sqrt(a),
  abs: (a) => tf.abs(a),
  ifGreater: (a, b, then, otherwise) => tf.where(tf.greater(a, b), then, otherwise),
  once: (value) => value,
};
