import { arrayType, type DType, isDType, sizeOf, type TypedArray } from '../dtypes.js';
import { FarstepError } from '../errors.js';
import {
  checkShape,
  type Leaf,
  rowOf,
  type SampleSource,
  Space,
  type SpaceJSON,
  type Value,
} from './space.js';

const isIntegerType = (dtype: DType): boolean => !dtype.startsWith('float') && dtype !== 'bool';

type Bound = number | ArrayLike<number>;
/** JSON has no infinities: they are written as the strings "inf" and "-inf". */
type BoundJSON = number | 'inf' | '-inf';

const boundToJSON = (x: number): BoundJSON => (x === Infinity ? 'inf' : x === -Infinity ? '-inf' : x);

export function boundFromJSON(x: unknown): number {
  if (x === 'inf') return Infinity;
  if (x === '-inf') return -Infinity;
  if (typeof x === 'number') return x;
  throw new FarstepError(
    'bad_space',
    `Box: a bound must be a number, "inf" or "-inf", got ${JSON.stringify(x)}`,
  );
}

/** An array of numbers of one dtype, each element between `low` and `high` inclusive. */
export class Box extends Space {
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly size: number;
  override readonly leaves: readonly Leaf[];

  constructor(
    low: Bound,
    high: Bound,
    readonly shape: readonly number[],
    readonly dtype: DType = 'float32',
  ) {
    super();
    checkShape(shape, 'Box');
    if (!isDType(dtype)) throw new FarstepError('bad_space', `Box: unknown dtype ${JSON.stringify(dtype)}`);
    this.size = sizeOf(shape);
    this.low = this.#bound(low, 'low');
    this.high = this.#bound(high, 'high');
    for (let i = 0; i < this.size; i++) {
      if (!(this.low[i]! <= this.high[i]!)) {
        throw new FarstepError(
          'bad_space',
          `Box: low[${i}] = ${this.low[i]} exceeds high[${i}] = ${this.high[i]}`,
        );
      }
    }
    this.leaves = [{ path: [], dtype, shape }];
  }

  #bound(bound: Bound, name: string): Float64Array {
    const values =
      typeof bound === 'number' ? new Float64Array(this.size).fill(bound) : Float64Array.from(bound);
    if (values.length !== this.size) {
      throw new FarstepError(
        'bad_space',
        `Box: ${name} has ${values.length} elements, the shape has ${this.size}`,
      );
    }
    return this.dtype === 'float32' ? values.map(Math.fround) : values;
  }

  contains(value: unknown): value is TypedArray {
    if (!(value instanceof arrayType(this.dtype)) || value.length !== this.size) return false;
    for (let i = 0; i < this.size; i++) {
      const x = Number(value[i]);
      if (!(x >= this.low[i]! && x <= this.high[i]!)) return false;
    }
    return true;
  }

  /**
   * Gymnasium's `Box.sample`: uniform where both bounds are finite (integers inclusive), a shifted exponential where
   * one is, a standard normal where none is.
   */
  sample(source: SampleSource): TypedArray {
    const out = new (arrayType(this.dtype))(this.size);
    const big = out instanceof BigInt64Array || out instanceof BigUint64Array;
    const discrete = isIntegerType(this.dtype) || this.dtype === 'bool';
    for (let i = 0; i < this.size; i++) {
      const low = this.low[i]!;
      const high = this.high[i]! + (discrete ? 1 : 0);
      let x: number;
      if (low > -Infinity && high < Infinity) x = low + (high - low) * source.random();
      else if (low > -Infinity) x = low - Math.log(1 - source.random());
      else if (high < Infinity) x = high + Math.log(1 - source.random());
      else x = Math.sqrt(-2 * Math.log(1 - source.random())) * Math.cos(2 * Math.PI * source.random());
      if (discrete) x = Math.min(Math.floor(x), this.high[i]!);
      out[i] = (big ? BigInt(x) : Math.min(Math.max(x, low), this.high[i]!)) as never;
    }
    return out;
  }

  batch(n: number): Box {
    const repeat = (bound: Float64Array) => {
      const all = new Float64Array(n * this.size);
      for (let i = 0; i < n; i++) all.set(bound, i * this.size);
      return all;
    };
    return new Box(repeat(this.low), repeat(this.high), [n, ...this.shape], this.dtype);
  }

  toJSON(): SpaceJSON {
    const pack = (bound: Float64Array) =>
      bound.every((x) => x === bound[0]) && bound.length > 0
        ? boundToJSON(bound[0]!)
        : Array.from(bound, boundToJSON);
    return { type: 'Box', dtype: this.dtype, shape: this.shape, low: pack(this.low), high: pack(this.high) };
  }

  override toString(): string {
    return `Box(${Math.min(...this.low)}, ${Math.max(...this.high)}, (${this.shape.join(', ')}), ${this.dtype})`;
  }

  write(value: Value, slabs: readonly TypedArray[], row: number): void {
    slabs[0]!.set(value as never, row * this.size);
  }

  read(slabs: readonly TypedArray[], row: number): TypedArray {
    return rowOf(slabs[0]!, row, this.size);
  }
}
