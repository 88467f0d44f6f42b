import { arrayType, type DType, sizeOf, type TypedArray } from '../../protocol/dtypes.js';

/** Largest block: well below what one typed array may hold (4 GiB in Node 20), and small enough to be a chunk of a file. */
const BLOCK_BYTES = 2 ** 24;
/** From this many elements on, a copy through a view is faster than a loop. */
const LONG_ROW = 32;

/**
 * A table of `length` rows of one dtype and size. It lives in blocks that are allocated when first written, so a table
 * may be larger than a typed array can be, and costs memory only as it fills.
 */
export class Rows {
  /** Elements in a row. */
  readonly size: number;
  readonly #dtype: DType;
  readonly #rowsPerBlock: number;
  readonly #blocks: TypedArray[] = [];

  constructor(
    readonly length: number,
    dtype: DType,
    shape: readonly number[],
  ) {
    this.size = sizeOf(shape);
    this.#dtype = dtype;
    const rowBytes = Math.max(1, this.size * arrayType(dtype).BYTES_PER_ELEMENT);
    this.#rowsPerBlock = Math.min(length, Math.max(1, Math.floor(BLOCK_BYTES / rowBytes)));
  }

  /** Copies row `sourceRow` of `source`, a slab of rows of the same size, into row `row`. */
  write(row: number, source: TypedArray, sourceRow: number): void {
    copyRow(source, sourceRow, this.#block(row), row % this.#rowsPerBlock, this.size);
  }

  /** Copies row `row` into row `targetRow` of `target`, a slab of rows of the same size. */
  read(row: number, target: TypedArray, targetRow: number): void {
    copyRow(this.#block(row), row % this.#rowsPerBlock, target, targetRow, this.size);
  }

  /** Row `row` itself, to be read. */
  view(row: number): TypedArray {
    const from = (row % this.#rowsPerBlock) * this.size;
    return this.#block(row).subarray(from, from + this.size);
  }

  /** The memory of the first `rows` rows, as views in order, one a block: for saving, and for filling in again. */
  *prefix(rows: number): Generator<Uint8Array> {
    for (let first = 0; first < rows; first += this.#rowsPerBlock) {
      const block = this.#block(first);
      const elements = Math.min(rows - first, this.#rowsPerBlock) * this.size;
      yield new Uint8Array(block.buffer, block.byteOffset, elements * block.BYTES_PER_ELEMENT);
    }
  }

  #block(row: number): TypedArray {
    const index = Math.floor(row / this.#rowsPerBlock);
    const rows = Math.min(this.#rowsPerBlock, this.length - index * this.#rowsPerBlock);
    this.#blocks[index] ??= new (arrayType(this.#dtype))(rows * this.size);
    return this.#blocks[index];
  }
}

function copyRow(source: TypedArray, from: number, target: TypedArray, to: number, size: number): void {
  if (size >= LONG_ROW) {
    target.set(source.subarray(from * size, (from + 1) * size) as never, to * size);
    return;
  }
  for (let i = 0; i < size; i++) target[to * size + i] = source[from * size + i] as never;
}
