import { sizeOf, type TypedArray } from '../dtypes.js';
import { Box } from './box.js';
import {
  checkShape,
  type Leaf,
  rowOf,
  type SampleSource,
  Space,
  type SpaceJSON,
  type Value,
} from './space.js';

/** An array of zeros and ones, int8. */
export class MultiBinary extends Space {
  readonly size: number;
  override readonly leaves: readonly Leaf[];

  constructor(readonly shape: readonly number[]) {
    super();
    checkShape(shape, 'MultiBinary');
    this.size = sizeOf(shape);
    this.leaves = [{ path: [], dtype: 'int8', shape }];
  }

  contains(value: unknown): value is Int8Array {
    return value instanceof Int8Array && value.length === this.size && value.every((x) => x === 0 || x === 1);
  }

  sample(source: SampleSource): Int8Array {
    return new Int8Array(this.size).map(() => source.integers(0, 2));
  }

  batch(n: number): Box {
    return new Box(0, 1, [n, ...this.shape], 'int8');
  }

  toJSON(): SpaceJSON {
    return { type: 'MultiBinary', shape: this.shape };
  }

  override toString(): string {
    return `MultiBinary((${this.shape.join(', ')}))`;
  }

  write(value: Value, slabs: readonly TypedArray[], row: number): void {
    slabs[0]!.set(value as never, row * this.size);
  }

  read(slabs: readonly TypedArray[], row: number): TypedArray {
    return rowOf(slabs[0]!, row, this.size);
  }
}
