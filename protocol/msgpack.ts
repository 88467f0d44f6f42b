/**
 * The part of msgpack that the hot messages need, read and written in place, and the check that every frame from a
 * stranger passes first. Control messages, which are rare, go through the msgpackr library after that check.
 * https://github.com/msgpack/msgpack/blob/master/spec.md
 */
import { FarstepError } from './errors.js';

const MAX_DEPTH = 32;
/** Values in one message: in memory each takes many times its bytes. */
export const MAX_VALUES = 2 ** 20;
const TEXT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const bad = (offset: number, message: string): FarstepError =>
  new FarstepError('bad_frame', `byte ${offset}: ${message}`);

/** Where a run of bytes lies within a frame. */
export interface Span {
  offset: number;
  length: number;
}

/** Reads arrays, integers, nil and bin from one frame, in order. Throws `bad_frame` naming the byte. */
export class Reader {
  offset = 0;

  constructor(readonly bytes: Uint8Array) {}

  get atEnd(): boolean {
    return this.offset === this.bytes.length;
  }

  #take(n: number): number {
    const start = this.offset;
    if (start + n > this.bytes.length) {
      throw bad(start, `the frame ends ${start + n - this.bytes.length} bytes early`);
    }
    this.offset = start + n;
    return start;
  }

  // Numbers are put together from bytes: making a DataView costs more than the few there are in a frame.
  #uint(width: number): number {
    let at = this.#take(width);
    let value = 0;
    for (const end = this.offset; at < end; at++) value = value * 256 + this.bytes[at]!;
    return value;
  }

  /** Number of elements of the array that begins here. */
  array(): number {
    const start = this.#take(1);
    const byte = this.bytes[start]!;
    if (byte >= 0x90 && byte <= 0x9f) return byte & 0x0f;
    if (byte === 0xdc) return this.#uint(2);
    if (byte === 0xdd) return this.#uint(4);
    throw bad(start, `expected an array, got 0x${byte.toString(16)}`);
  }

  /** A non-negative integer up to 2^53 - 1, however wide it is written. */
  uint(): number {
    const start = this.#take(1);
    const byte = this.bytes[start]!;
    if (byte < 0x80) return byte;
    const signed = byte >= 0xd0 && byte <= 0xd3;
    let value: number;
    if (signed || (byte >= 0xcc && byte <= 0xcf)) {
      const width = 1 << (byte - (signed ? 0xd0 : 0xcc));
      value = this.#uint(width);
      if (signed && value >= 2 ** (8 * width - 1)) value = -1;
    } else if (byte === 0xca || byte === 0xcb) {
      value = this.#float(byte === 0xca ? 4 : 8);
    } else {
      throw bad(start, `expected an integer, got 0x${byte.toString(16)}`);
    }
    if (!(Number.isSafeInteger(value) && value >= 0))
      throw bad(start, 'expected an integer from 0 to 2^53 - 1');
    return value;
  }

  // Some encoders write large integers as floats, and some every number.
  #float(width: 4 | 8): number {
    const at = this.#take(width);
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + at, width);
    return width === 4 ? view.getFloat32(0) : view.getFloat64(0);
  }

  /** Where the bytes of the bin that begins here lie. */
  bin(): Span {
    const length = this.binLength();
    return { offset: this.#take(length), length };
  }

  /** Reads the header of a bin and gives its length; the caller steps over the bytes with `skip`. */
  binLength(): number {
    const start = this.#take(1);
    const byte = this.bytes[start]!;
    if (byte === 0xc4) return this.#uint(1);
    if (byte === 0xc5) return this.#uint(2);
    if (byte === 0xc6) return this.#uint(4);
    throw bad(start, `expected bin, got 0x${byte.toString(16)}`);
  }

  /** Steps over `n` bytes and gives the offset of the first. */
  skip(n: number): number {
    return this.#take(n);
  }

  /** Steps over a nil; false where something else begins. */
  nil(): boolean {
    if (this.bytes[this.offset] !== 0xc0) return false;
    this.offset++;
    return true;
  }
}

/** Upper bound of what a header (array, integer, bin) takes. */
export const HEADER_BYTES = 9;

/** Writes arrays, integers, nil and bin into memory that the caller has made large enough. */
export class Writer {
  offset = 0;

  constructor(public bytes: Uint8Array) {}

  #uint(value: number, width: number): void {
    let rest = value;
    for (let at = this.offset + width - 1; at >= this.offset; at--) {
      this.bytes[at] = rest; // the lowest eight bits
      rest = Math.floor(rest / 256);
    }
    this.offset += width;
  }

  array(length: number): void {
    if (length < 16) {
      this.bytes[this.offset++] = 0x90 | length;
    } else {
      this.bytes[this.offset++] = 0xdc;
      this.#uint(length, 2);
    }
  }

  uint(value: number): void {
    if (value < 0x80) {
      this.bytes[this.offset++] = value;
      return;
    }
    const size = value < 0x100 ? 0 : value < 0x10000 ? 1 : value < 0x100000000 ? 2 : 3;
    this.bytes[this.offset++] = 0xcc + size;
    this.#uint(value, 1 << size);
  }

  nil(): void {
    this.bytes[this.offset++] = 0xc0;
  }

  bin(data: Uint8Array): void {
    const { length } = data;
    const size = length < 0x100 ? 0 : length < 0x10000 ? 1 : 2;
    this.bytes[this.offset++] = 0xc4 + size;
    this.#uint(length, 1 << size);
    this.bytes.set(data, this.offset);
    this.offset += length;
  }
}

/** Bytes of value behind each type byte of a fixed size: nil, booleans, floats, integers. */
const VALUE_BYTES = new Map([
  [0xc0, 0],
  [0xc2, 0],
  [0xc3, 0],
  [0xca, 4],
  [0xcb, 8],
  [0xcc, 1],
  [0xcd, 2],
  [0xce, 4],
  [0xcf, 8],
  [0xd0, 1],
  [0xd1, 2],
  [0xd2, 4],
  [0xd3, 8],
]);

/**
 * Checks that `bytes` hold exactly one msgpack value: complete, nothing behind it, no extension types, at most 32
 * levels deep and 2^20 values in all, map keys among them, text in UTF-8, map keys text, each once and none named
 * `__proto__`. Takes time and memory in proportion to the bytes, whatever lengths they claim. Throws `bad_frame` naming
 * the byte, or `frame_too_large` above a lower `maxValues`, at which it stops.
 */
export function checkWellFormed(bytes: Uint8Array, maxValues = MAX_VALUES): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  let values = 0;

  const take = (n: number): number => {
    const start = offset;
    if (start + n > bytes.length) throw bad(start, `the frame ends ${start + n - bytes.length} bytes early`);
    offset += n;
    return start;
  };
  const count = (): void => {
    if (++values <= maxValues) return;
    const message = `byte ${offset}: more than ${maxValues} values in one message`;
    throw new FarstepError(maxValues < MAX_VALUES ? 'frame_too_large' : 'bad_frame', message);
  };
  const length = (size: number): number => {
    const at = take(size);
    return size === 1 ? bytes[at]! : size === 2 ? view.getUint16(at) : view.getUint32(at);
  };
  const text = (n: number): void => {
    const start = take(n);
    for (let at = start; at < offset; at++) {
      if (bytes[at]! < 0x80) continue;
      decoded(start);
      return;
    }
  };
  const decoded = (start: number): string => {
    try {
      return TEXT.decode(bytes.subarray(start, offset));
    } catch {
      throw bad(start, 'a string that is not UTF-8');
    }
  };
  const key = (): string => {
    count();
    const byte = bytes[take(1)]!;
    if (byte >= 0xa0 && byte <= 0xbf) return decoded(take(byte & 0x1f));
    if (byte >= 0xd9 && byte <= 0xdb) return decoded(take(length(1 << (byte - 0xd9))));
    throw bad(offset - 1, `expected a string as map key, got 0x${byte.toString(16)}`);
  };
  const elements = (n: number, depth: number): void => {
    if (n > bytes.length - offset)
      throw bad(offset, `an array of ${n} elements in ${bytes.length - offset} bytes`);
    for (let i = 0; i < n; i++) value(depth + 1);
  };
  const entries = (n: number, depth: number): void => {
    if (2 * n > bytes.length - offset)
      throw bad(offset, `a map of ${n} entries in ${bytes.length - offset} bytes`);
    const names = new Set<string>();
    for (let i = 0; i < n; i++) {
      const at = offset;
      const name = key();
      if (name === '__proto__') throw bad(at, 'a map key named __proto__');
      if (names.has(name)) throw bad(at, `the map key ${JSON.stringify(name)} comes twice`);
      names.add(name);
      value(depth + 1);
    }
  };
  const value = (depth: number): void => {
    if (depth > MAX_DEPTH) throw bad(offset, `more than ${MAX_DEPTH} values inside each other`);
    count();
    const byte = bytes[take(1)]!;
    if (byte <= 0x7f || byte >= 0xe0) return;
    if (byte <= 0x8f) entries(byte & 0x0f, depth);
    else if (byte <= 0x9f) elements(byte & 0x0f, depth);
    else if (byte <= 0xbf) text(byte & 0x1f);
    else if (byte >= 0xc4 && byte <= 0xc6) take(length(1 << (byte - 0xc4)));
    else if (byte >= 0xd9 && byte <= 0xdb) text(length(1 << (byte - 0xd9)));
    else if (byte === 0xdc || byte === 0xdd) elements(length(byte === 0xdc ? 2 : 4), depth);
    else if (byte === 0xde || byte === 0xdf) entries(length(byte === 0xde ? 2 : 4), depth);
    else {
      const size = VALUE_BYTES.get(byte);
      if (size === undefined) throw bad(offset - 1, `0x${byte.toString(16)} is an extension type or unused`);
      take(size);
    }
  };

  value(0);
  if (offset !== bytes.length) throw bad(offset, `${bytes.length - offset} bytes behind the message`);
}
