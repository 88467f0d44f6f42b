/**
 * What goes through the pipe to and from an env process: frames of a 32-bit length, a kind, and as many bytes. Numbers
 * and rows are in the machine's own byte order, since both ends are on it.
 */
import { bytesOf } from '../../protocol/dtypes.js';
import type { Column } from './batch.js';

/** To the process: a call, serialized; or a step: the number of rows, ids, actions. */
export const CALL = 0;
export const STEP = 1;
/** From it: the outcome of either, serialized; or of a call that gives rows, their number and the rows; or of a step. */
export const OUTCOME = 0;
export const SHOWN = 1;
export const STEPPED = 2;

/** In place of a number of rows: all envs, in order. */
export const ALL = -1;

const HEAD_BYTES = 5;
const MAX_BYTES = 2 ** 31 - 1;

/** A frame, in pieces. */
export function frame(kind: number, payload: readonly Uint8Array[]): Uint8Array[] {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(payload.reduce((sum, piece) => sum + piece.length, 0));
  head[4] = kind;
  return [head, ...payload];
}

/** Puts frames together from the chunks that come. */
export class FrameReader {
  #isHead = true;
  #kind = 0;
  #bytes = Buffer.alloc(HEAD_BYTES);
  #filled = 0;

  constructor(private readonly onFrame: (kind: number, payload: Buffer) => void) {}

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      const n = Math.min(this.#bytes.length - this.#filled, chunk.length - at);
      this.#bytes.set(chunk.subarray(at, at + n), this.#filled);
      at += n;
      this.#filled += n;
      if (this.#filled === this.#bytes.length) this.#turn();
    }
  }

  #turn(): void {
    const bytes = this.#bytes;
    const wasHead = this.#isHead;
    this.#filled = 0;
    if (wasHead) {
      const length = bytes.readUInt32LE();
      if (length === 0 || length > MAX_BYTES) throw new RangeError(`a frame of ${length} bytes`);
      this.#kind = bytes[4]!;
    }
    this.#isHead = !wasHead;
    this.#bytes = Buffer.allocUnsafe(wasHead ? bytes.readUInt32LE() : HEAD_BYTES);
    if (!wasHead) this.onFrame(this.#kind, bytes);
  }
}

/** The first `n` rows of columns, as pieces of a frame. */
export const rowsOf = (columns: readonly Column[], n: number, first = 0): Uint8Array[] =>
  columns.map(({ array, size }) => bytesOf(array.subarray(first * size, (first + n) * size)));

/** Takes the parts of a payload, one after the other. */
export class PayloadReader {
  #at = 0;

  constructor(private readonly payload: Buffer) {}

  number(): number {
    const value = this.payload.readInt32LE(this.#at);
    this.#at += 4;
    return value;
  }

  /** `n` rows of columns, to their first. */
  rows(columns: readonly Column[], n: number): void {
    for (const target of rowsOf(columns, n)) this.bytes(target);
  }

  bytes(target: Uint8Array): void {
    const end = this.#at + target.length;
    if (end > this.payload.length)
      throw new RangeError(`a payload of ${this.payload.length} bytes ends early`);
    target.set(this.payload.subarray(this.#at, end));
    this.#at = end;
  }
}
