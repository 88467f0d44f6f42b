import type { TypedArray } from '../dtypes.js';
import { FarstepError } from '../errors.js';
import { Tuple } from './composite.js';
import { type Leaf, rowOf, type SampleSource, Space, type SpaceJSON, type Value } from './space.js';

export const ALPHANUMERIC = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

const isCharacter = (code: number): boolean =>
  code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);

/** A string over `charset` of `minLength` to `maxLength` characters. Crosses the wire as code points, padded with 0. */
export class Text extends Space {
  override readonly leaves: readonly Leaf[];
  readonly #characters: readonly string[];

  constructor(
    readonly maxLength: number,
    readonly minLength = 1,
    readonly charset = ALPHANUMERIC,
  ) {
    super();
    if (
      !Number.isSafeInteger(maxLength) ||
      !(minLength >= 0 && minLength <= maxLength && maxLength <= 2 ** 20)
    ) {
      throw new FarstepError('bad_space', `Text: length must be 0 <= ${minLength} <= ${maxLength} <= 2^20`);
    }
    this.#characters = [...new Set(charset)];
    if (this.#characters.length === 0 || this.#characters.includes('\0')) {
      throw new FarstepError('bad_space', 'Text: the charset must have a character, and not U+0000');
    }
    this.leaves = [{ path: [], dtype: 'uint32', shape: [maxLength] }];
  }

  contains(value: unknown): value is string {
    if (typeof value !== 'string') return false;
    const characters = [...value];
    if (characters.length < this.minLength || characters.length > this.maxLength) return false;
    return characters.every((c) => this.#characters.includes(c));
  }

  sample(source: SampleSource): string {
    const length = source.integers(this.minLength, this.maxLength + 1);
    return Array.from({ length }, () => this.#characters[source.integers(0, this.#characters.length)]).join(
      '',
    );
  }

  batch(n: number): Tuple {
    return new Tuple(new Array(n).fill(this));
  }

  toJSON(): SpaceJSON {
    return { type: 'Text', minLength: this.minLength, maxLength: this.maxLength, charset: this.charset };
  }

  override toString(): string {
    return `Text(${this.minLength}, ${this.maxLength})`;
  }

  write(value: Value, slabs: readonly TypedArray[], row: number): void {
    const out = rowOf(slabs[0]!, row, this.maxLength) as Uint32Array;
    out.fill(0);
    [...(value as string)].forEach((c, i) => {
      out[i] = c.codePointAt(0)!;
    });
  }

  /** What is no character (beyond Unicode, half of a pair, padding before the end) reads as U+FFFD. */
  read(slabs: readonly TypedArray[], row: number): string {
    const codes = Array.from(rowOf(slabs[0]!, row, this.maxLength) as Uint32Array);
    const length = codes.findLastIndex((code) => code !== 0) + 1;
    return codes
      .slice(0, length)
      .map((code) => String.fromCodePoint(isCharacter(code) ? code : 0xfffd))
      .join('');
  }
}
