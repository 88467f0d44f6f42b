import { arrayType, sizeOf, type TypedArray } from '../../protocol/dtypes.js';
import type { Leaf } from '../../protocol/spaces/index.js';
import { Rows } from './rows.js';

/**
 * One leaf of the observations in a ring. Observations that are stacks of the last `stack` frames along their last axis,
 * the oldest first, are taken apart: each slot keeps the newest frame alone, and reading puts the stack together again.
 */
export class Frames {
  readonly #rows: Rows;
  readonly #stack: number;
  /** Elements of a frame that lie next to each other in a stack. */
  readonly #run: number;
  /** How many such runs a frame has. */
  readonly #runs: number;
  readonly #frame: TypedArray;

  /** @param leaf the stacks, whose last dimension is a multiple of `stack` */
  constructor(slots: number, { dtype, shape }: Leaf, stack: number) {
    this.#stack = stack;
    this.#run = (shape.at(-1) ?? 1) / stack;
    this.#runs = sizeOf(shape.slice(0, -1));
    const frame = stack === 1 ? shape : [...shape.slice(0, -1), this.#run];
    this.#rows = new Rows(slots, dtype, frame);
    this.#frame = new (arrayType(dtype))(sizeOf(frame));
  }

  /** Keeps the newest frame of row `row` of `source` in `slot`. */
  write(slot: number, source: TypedArray, row: number): void {
    if (this.#stack === 1) {
      this.#rows.write(slot, source, row);
      return;
    }
    const stride = this.#stack * this.#run;
    let from = row * this.#runs * stride + stride - this.#run;
    for (let to = 0; to < this.#frame.length; from += stride) {
      for (let i = 0; i < this.#run; i++) this.#frame[to++] = source[from + i]!;
    }
    this.#rows.write(slot, this.#frame, 0);
  }

  /** Puts the frames of these slots, one for each of the stack, into row `row` of `target`. */
  read(slots: Int32Array, target: TypedArray, row: number): void {
    if (this.#stack === 1) {
      this.#rows.read(slots.at(-1)!, target, row);
      return;
    }
    const stride = this.#stack * this.#run;
    for (let k = 0; k < this.#stack; k++) {
      const frame = this.#rows.view(slots[k]!);
      let to = row * this.#runs * stride + k * this.#run;
      // Gray pictures: without the inner loop it takes half the time.
      if (this.#run === 1) {
        for (let from = 0; from < frame.length; from++, to += stride) target[to] = frame[from]!;
        continue;
      }
      for (let from = 0; from < frame.length; to += stride) {
        for (let i = 0; i < this.#run; i++) target[to + i] = frame[from++]!;
      }
    }
  }

  prefix(rows: number): Generator<Uint8Array> {
    return this.#rows.prefix(rows);
  }
}
