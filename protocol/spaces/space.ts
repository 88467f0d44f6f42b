/**
 * Spaces: what observations and actions may be, with Gymnasium's meanings.
 *
 * A value of a space is a number (Discrete), a flat row-major typed array (Box, MultiDiscrete, MultiBinary), a string
 * (Text), an array (Tuple) or a record (Dict). On the wire and in batches a space is its *leaves*: one contiguous slab
 * a leaf, N rows each.
 */
import type { DType, TypedArray } from '../dtypes.js';
import { sizeOf } from '../dtypes.js';
import { FarstepError } from '../errors.js';

/** A value of a space, as a user hands it over or gets it. */
export type Value = number | string | TypedArray | readonly Value[] | { readonly [key: string]: Value };

/**
 * Where an env reads or writes one row of a batch: a typed-array view for each leaf, in the structure of the space.
 * An action of a Discrete space comes as a plain number.
 */
export type View = number | TypedArray | readonly View[] | { readonly [key: string]: View };

/** One contiguous array of a batch: N rows of `shape`. */
export interface Leaf {
  /** Keys (Dict) and indices (Tuple) from the root of the space; empty for a space that is itself a leaf. */
  readonly path: readonly (string | number)[];
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** What sampling draws from: numpy-compatible generators qualify, and so does any other. */
export interface SampleSource {
  /** Uniform in [0, 1). */
  random(): number;
  /** Uniform integer in [low, high). */
  integers(low: number, high: number): number;
}

/** Which elements `sample` may choose: 1 or 0 for each element of a Discrete, or for each choice of a MultiDiscrete. */
export type SampleMask = ArrayLike<number>;

export type SpaceJSON = { readonly type: string } & Readonly<Record<string, unknown>>;

export abstract class Space {
  /** Leaves in depth-first order: Dict keys sorted, Tuple elements by index. */
  abstract readonly leaves: readonly Leaf[];
  abstract contains(value: unknown): boolean;
  abstract sample(source: SampleSource, mask?: SampleMask): Value;
  /** The space of `n` values stacked (gymnasium.vector.utils.batch_space). */
  abstract batch(n: number): Space;
  abstract toJSON(): SpaceJSON;
  /** Short text for messages, as Gymnasium prints it. */
  abstract toString(): string;
  /** Writes one value into row `row` of the batch's slabs. The value is in the space. */
  abstract write(value: Value, slabs: readonly TypedArray[], row: number): void;
  /** Reads the value in row `row` of the batch's slabs; arrays are views, not copies. */
  abstract read(slabs: readonly TypedArray[], row: number): Value;

  equals(other: Space): boolean {
    return JSON.stringify(this) === JSON.stringify(other);
  }
}

/** Throws `bad_space` unless every dimension is a non-negative integer. */
export function checkShape(shape: readonly number[], where: string): void {
  if (!Array.isArray(shape) || shape.some((n) => !Number.isSafeInteger(n) || n < 0)) {
    throw new FarstepError(
      'bad_space',
      `${where}: shape must be non-negative integers, got ${JSON.stringify(shape)}`,
    );
  }
  if (sizeOf(shape) > 2 ** 31) {
    throw new FarstepError(
      'bad_space',
      `${where}: shape ${JSON.stringify(shape)} has more than 2^31 elements`,
    );
  }
}

/** The elements of row `row`, as a view. */
export function rowOf(slab: TypedArray, row: number, size: number): TypedArray {
  return slab.subarray(row * size, (row + 1) * size);
}
