/**
 * The arithmetic that a pointwise formula is written in. A formula becomes the instructions of one SIMD loop
 * (wasm/elementwise.ts); tests read it as plain numbers.
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
