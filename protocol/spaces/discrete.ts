import type { TypedArray } from '../dtypes.js';
import { FarstepError } from '../errors.js';
import { Box } from './box.js';
import {
  type Leaf,
  rowOf,
  type SampleMask,
  type SampleSource,
  Space,
  type SpaceJSON,
  type Value,
} from './space.js';

/** One of `n` consecutive integers from `start`. Crosses the wire as int32. */
export class Discrete extends Space {
  override readonly leaves: readonly Leaf[] = [{ path: [], dtype: 'int32', shape: [] }];

  constructor(
    readonly n: number,
    readonly start = 0,
  ) {
    super();
    if (!Number.isSafeInteger(n) || n <= 0)
      throw new FarstepError('bad_space', `Discrete: n must be positive, got ${n}`);
    if (!Number.isSafeInteger(start) || start < -(2 ** 31) || start + n > 2 ** 31) {
      throw new FarstepError('bad_space', `Discrete: start ${start} with n ${n} does not fit int32`);
    }
  }

  contains(value: unknown): value is number {
    return (
      Number.isInteger(value) && (value as number) >= this.start && (value as number) < this.start + this.n
    );
  }

  /** Uniform over the elements; with a mask of `n` zeros and ones, over those marked (`start` if none is). */
  sample(source: SampleSource, mask?: SampleMask): number {
    if (mask === undefined) return this.start + source.integers(0, this.n);
    const allowed: number[] = [];
    for (let i = 0; i < this.n; i++) if (mask[i]) allowed.push(i);
    return this.start + (allowed.length > 0 ? allowed[source.integers(0, allowed.length)]! : 0);
  }

  batch(n: number): MultiDiscrete {
    return new MultiDiscrete(new Array(n).fill(this.n), new Array(n).fill(this.start));
  }

  toJSON(): SpaceJSON {
    return { type: 'Discrete', n: this.n, start: this.start };
  }

  override toString(): string {
    return this.start === 0 ? `Discrete(${this.n})` : `Discrete(${this.n}, start=${this.start})`;
  }

  write(value: Value, slabs: readonly TypedArray[], row: number): void {
    slabs[0]![row] = value as never;
  }

  read(slabs: readonly TypedArray[], row: number): number {
    return Number(slabs[0]![row]);
  }
}

/** Several Discrete choices at once; `nvec[i]` choices from `start[i]`. Crosses the wire as int32. */
export class MultiDiscrete extends Space {
  readonly start: readonly number[];
  override readonly leaves: readonly Leaf[];

  constructor(
    readonly nvec: readonly number[],
    start?: readonly number[],
  ) {
    super();
    this.start = start ?? new Array(nvec.length).fill(0);
    if (this.start.length !== nvec.length) {
      throw new FarstepError(
        'bad_space',
        `MultiDiscrete: ${nvec.length} choices, but ${this.start.length} starts`,
      );
    }
    for (const [i, n] of nvec.entries()) new Discrete(n, this.start[i]!); // each choice must be a valid Discrete
    this.leaves = [{ path: [], dtype: 'int32', shape: [nvec.length] }];
  }

  contains(value: unknown): value is Int32Array {
    if (!(value instanceof Int32Array) || value.length !== this.nvec.length) return false;
    return value.every((x, i) => x >= this.start[i]! && x < this.start[i]! + this.nvec[i]!);
  }

  /** A mask holds the choices' masks one after the other. */
  sample(source: SampleSource, mask?: SampleMask): Int32Array {
    let offset = 0;
    return Int32Array.from(this.nvec, (n, i) => {
      if (mask === undefined) return this.start[i]! + Math.floor(source.random() * n);
      const part = Array.prototype.slice.call(mask, offset, offset + n);
      offset += n;
      return new Discrete(n, this.start[i]!).sample(source, part);
    });
  }

  batch(n: number): Box {
    const last = this.nvec.map((choices, i) => this.start[i]! + choices - 1);
    return new Box(this.start, last, [n, this.nvec.length], 'int32');
  }

  toJSON(): SpaceJSON {
    return { type: 'MultiDiscrete', nvec: this.nvec, start: this.start };
  }

  override toString(): string {
    return `MultiDiscrete([${this.nvec.join(', ')}])`;
  }

  write(value: Value, slabs: readonly TypedArray[], row: number): void {
    slabs[0]!.set(value as never, row * this.nvec.length);
  }

  read(slabs: readonly TypedArray[], row: number): TypedArray {
    return rowOf(slabs[0]!, row, this.nvec.length);
  }
}
