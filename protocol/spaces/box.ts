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

/** Least and greatest value of each dtype. float64 holds the 64-bit ones to its precision. */
const RANGE: Readonly<Record<DType, readonly [number, number]>> = {
  bool: [0, 1],
  int8: [-(2 ** 7), 2 ** 7 - 1],
  uint8: [0, 2 ** 8 - 1],
  int16: [-(2 ** 15), 2 ** 15 - 1],
  uint16: [0, 2 ** 16 - 1],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int64: [-(2 ** 63), 2 ** 63],
  uint64: [0, 2 ** 64],
  float32: [-3.4028234663852886e38, 3.4028234663852886e38],
  float64: [-Number.MAX_VALUE, Number.MAX_VALUE],
};

const isFloat = (dtype: DType): boolean => dtype.startsWith('float');

type Bound = number | ArrayLike<number>;
/** One for all elements where they are alike, or some that repeat: then a batch of any size takes no more memory. */
type Bounds = number | Float64Array;

const at = (bounds: Bounds, i: number): number =>
  typeof bounds === 'number' ? bounds : bounds[i % bounds.length]!;

const period = (bounds: Bounds): number => (typeof bounds === 'number' ? 1 : bounds.length);

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

/**
 * An array of numbers of one dtype, each element between `low` and `high` inclusive. These are numbers for all elements,
 * or as many as the shape or some of its last dimensions have elements, and then they repeat.
 */
export class Box extends Space {
  readonly size: number;
  readonly #low: Bounds;
  readonly #high: Bounds;
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
    this.#low = this.#bounds(low, 'low');
    this.#high = this.#bounds(high, 'high');
    // One of the two repeats within the other, or both are alike.
    const distinct = Math.min(this.size, Math.max(period(this.#low), period(this.#high)));
    for (let i = 0; i < distinct; i++) {
      const [least, greatest] = [at(this.#low, i), at(this.#high, i)];
      if (!(least <= greatest)) {
        throw new FarstepError('bad_space', `Box: low[${i}] = ${least} exceeds high[${i}] = ${greatest}`);
      }
    }
    this.leaves = [{ path: [], dtype, shape }];
  }

  #bounds(bound: Bound, name: 'low' | 'high'): Bounds {
    if (typeof bound === 'number') return this.#bound(bound, name);
    const fits = this.shape.some((_, i) => bound.length === sizeOf(this.shape.slice(i)));
    if (!fits && bound.length !== this.size) {
      throw new FarstepError(
        'bad_space',
        `Box: ${name} has ${bound.length} elements, the shape has ${this.size}`,
      );
    }
    return this.#repeating(Float64Array.from(bound, (x) => this.#bound(x, name)));
  }

  /** The fewest that repeat, one for each element of some of the last dimensions. */
  #repeating(all: Float64Array): Bounds {
    const lengths = [1, ...this.shape.map((_, i) => sizeOf(this.shape.slice(i))).reverse()];
    const length = lengths.find((n) => n <= all.length && all.every((x, i) => x === all[i % n])) ?? 0;
    return length === 1 ? all[0]! : all.slice(0, length);
  }

  #bound(x: number, name: 'low' | 'high'): number {
    const [least, greatest] = RANGE[this.dtype];
    // A float may be infinite; a signed integer may have no bound on a side; an unsigned one has two, as in Gymnasium.
    const infinite = isFloat(this.dtype)
      ? Math.abs(x) === Infinity
      : least < 0 && x === (name === 'low' ? -Infinity : Infinity);
    const fits = x >= least && x <= greatest && (isFloat(this.dtype) || Number.isInteger(x));
    if (!infinite && !fits) {
      throw new FarstepError('bad_space', `Box: ${name} = ${x} is not a value of ${this.dtype}`);
    }
    return this.dtype === 'float32' ? Math.fround(x) : x;
  }

  /** Least value of each element. */
  get low(): Float64Array {
    return Float64Array.from({ length: this.size }, (_, i) => at(this.#low, i));
  }

  /** Greatest value of each element. */
  get high(): Float64Array {
    return Float64Array.from({ length: this.size }, (_, i) => at(this.#high, i));
  }

  contains(value: unknown): value is TypedArray {
    if (!(value instanceof arrayType(this.dtype)) || value.length !== this.size) return false;
    for (let i = 0; i < this.size; i++) {
      const x = Number(value[i]);
      if (!(x >= at(this.#low, i) && x <= at(this.#high, i))) return false;
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
    const discrete = !isFloat(this.dtype);
    for (let i = 0; i < this.size; i++) {
      const low = at(this.#low, i);
      const greatest = at(this.#high, i);
      const high = greatest + (discrete ? 1 : 0);
      let x: number;
      if (low > -Infinity && high < Infinity) x = low + (high - low) * source.random();
      else if (low > -Infinity) x = low - Math.log(1 - source.random());
      else if (high < Infinity) x = high + Math.log(1 - source.random());
      else x = Math.sqrt(-2 * Math.log(1 - source.random())) * Math.cos(2 * Math.PI * source.random());
      if (discrete) x = Math.floor(x);
      x = Math.min(Math.max(x, low), greatest); // the last bit of a product may fall outside
      out[i] = (big ? BigInt(x) : x) as never;
    }
    return out;
  }

  batch(n: number): Box {
    return new Box(this.#low, this.#high, [n, ...this.shape], this.dtype);
  }

  toJSON(): SpaceJSON {
    const pack = (bounds: Bounds) =>
      typeof bounds === 'number' ? boundToJSON(bounds) : Array.from(bounds, boundToJSON);
    return {
      type: 'Box',
      dtype: this.dtype,
      shape: this.shape,
      low: pack(this.#low),
      high: pack(this.#high),
    };
  }

  override toString(): string {
    const low =
      typeof this.#low === 'number' ? this.#low : this.#low.reduce((a, b) => Math.min(a, b), Infinity);
    const high =
      typeof this.#high === 'number' ? this.#high : this.#high.reduce((a, b) => Math.max(a, b), -Infinity);
    return `Box(${low}, ${high}, (${this.shape.join(', ')}), ${this.dtype})`;
  }

  write(value: Value, slabs: readonly TypedArray[], row: number): void {
    slabs[0]!.set(value as never, row * this.size);
  }

  read(slabs: readonly TypedArray[], row: number): TypedArray {
    return rowOf(slabs[0]!, row, this.size);
  }
}
