/**
 * The part of msgpack that the hot messages need, read and written in place, and the check that every frame from a
 * stranger passes first. Control messages, which are rare, go through the msgpackr library after that check.
 * https://github.com/msgpack/msgpack/blob/master/spec.md
 */
import { FarstepError } from './errors.js';

const MAX_DEPTH = 32;
const TEXT = new TextDecoder('utf-8', { fatal: true });

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
  readonly #view: DataView;

  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get atEnd(): boolean {
    return this.offset === this.bytes.length;
  }

  #take(n: number): number {
    const start = this.offset;
    if (start + n > this.bytes.length)
      throw bad(start, `the frame ends ${start + n - this.bytes.length} bytes early`);
    this.offset = start + n;
    return start;
  }

  /** Number of elements of the array that begins here. */
  array(): number {
    const start = this.#take(1);
    const byte = this.bytes[start]!;
    if (byte >= 0x90 && byte <= 0x9f) return byte & 0x0f;
    if (byte === 0xdc) return this.#view.getUint16(this.#take(2));
    if (byte === 0xdd) return this.#view.getUint32(this.#take(4));
    throw bad(start, `expected an array, got 0x${byte.toString(16)}`);
  }

  /** A non-negative integer up to 2^53 - 1, however wide it is written. */
  uint(): number {
    const start = this.#take(1);
    const byte = this.bytes[start]!;
    if (byte < 0x80) return byte;
    let value = -1;
    if (byte === 0xcc) value = this.bytes[this.#take(1)]!;
    else if (byte === 0xcd) value = this.#view.getUint16(this.#take(2));
    else if (byte === 0xce) value = this.#view.getUint32(this.#take(4));
    else if (byte === 0xd0) value = this.#view.getInt8(this.#take(1));
    else if (byte === 0xd1) value = this.#view.getInt16(this.#take(2));
    else if (byte === 0xd2) value = this.#view.getInt32(this.#take(4));
    else if (byte === 0xcf || byte === 0xd3) value = Number(this.#view.getBigInt64(this.#take(8)));
    else throw bad(start, `expected an integer, got 0x${byte.toString(16)}`);
    if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER))
      throw bad(start, 'expected an integer from 0 to 2^53 - 1');
    return value;
  }

  /** Where the bytes of the bin that begins here lie. */
  bin(): Span {
    const start = this.#take(1);
    const byte = this.bytes[start]!;
    let length: number;
    if (byte === 0xc4) length = this.bytes[this.#take(1)]!;
    else if (byte === 0xc5) length = this.#view.getUint16(this.#take(2));
    else if (byte === 0xc6) length = this.#view.getUint32(this.#take(4));
    else throw bad(start, `expected bin, got 0x${byte.toString(16)}`);
    return { offset: this.#take(length), length };
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
  readonly #view: DataView;

  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  array(length: number): void {
    if (length < 16) {
      this.bytes[this.offset++] = 0x90 | length;
    } else {
      this.bytes[this.offset] = 0xdc;
      this.#view.setUint16(this.offset + 1, length);
      this.offset += 3;
    }
  }

  uint(value: number): void {
    if (value < 0x80) {
      this.bytes[this.offset++] = value;
    } else if (value < 0x100) {
      this.bytes[this.offset++] = 0xcc;
      this.bytes[this.offset++] = value;
    } else if (value < 0x10000) {
      this.bytes[this.offset] = 0xcd;
      this.#view.setUint16(this.offset + 1, value);
      this.offset += 3;
    } else if (value < 0x100000000) {
      this.bytes[this.offset] = 0xce;
      this.#view.setUint32(this.offset + 1, value);
      this.offset += 5;
    } else {
      this.bytes[this.offset] = 0xcf;
      this.#view.setBigUint64(this.offset + 1, BigInt(value));
      this.offset += 9;
    }
  }

  nil(): void {
    this.bytes[this.offset++] = 0xc0;
  }

  bin(data: Uint8Array): void {
    const { length } = data;
    if (length < 0x100) {
      this.bytes[this.offset] = 0xc4;
      this.bytes[this.offset + 1] = length;
      this.offset += 2;
    } else if (length < 0x10000) {
      this.bytes[this.offset] = 0xc5;
      this.#view.setUint16(this.offset + 1, length);
      this.offset += 3;
    } else {
      this.bytes[this.offset] = 0xc6;
      this.#view.setUint32(this.offset + 1, length);
      this.offset += 5;
    }
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
 * levels deep, text in UTF-8, map keys text, each once and none named `__proto__`. Takes time and memory in proportion
 * to the bytes, whatever lengths they claim. Throws `bad_frame` naming the byte.
 */
export function checkWellFormed(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;

  const take = (n: number): number => {
    const start = offset;
    if (start + n > bytes.length) throw bad(start, `the frame ends ${start + n - bytes.length} bytes early`);
    offset += n;
    return start;
  };
  const length = (size: number): number => {
    const at = take(size);
    return size === 1 ? bytes[at]! : size === 2 ? view.getUint16(at) : view.getUint32(at);
  };
  const text = (n: number): string => {
    const start = take(n);
    try {
      return TEXT.decode(bytes.subarray(start, offset));
    } catch {
      throw bad(start, 'a string that is not UTF-8');
    }
  };
  const key = (): string => {
    const byte = bytes[take(1)]!;
    if (byte >= 0xa0 && byte <= 0xbf) return text(byte & 0x1f);
    if (byte >= 0xd9 && byte <= 0xdb) return text(length(1 << (byte - 0xd9)));
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
