/** How the maps that cross the wire are checked, field by field, on either side. */
import { type ErrorCode, FarstepError } from './errors.js';
import { isMap } from './messages.js';
import type { Options } from './spec.js';

export type Fields = Readonly<Record<string, unknown>>;
export type Check<T> = (value: unknown) => value is T;

/** A value as messages show it. */
export const show = (value: unknown): string => {
  if (typeof value === 'number') return String(value); // JSON knows neither NaN nor the infinities
  const text = ArrayBuffer.isView(value) ? `${value.byteLength} bytes` : JSON.stringify(value);
  return text === undefined ? 'nothing' : text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

export const isString: Check<string> = (value): value is string =>
  typeof value === 'string' && value.length <= 4096;
export const isCount: Check<number> = (value): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;
export const isPositive: Check<number> = (value): value is number => isCount(value) && value > 0;
/** The longest time that timers count everywhere, milliseconds: a little under 25 days. */
const MAX_MS = 2 ** 31 - 1;
export const isDuration: Check<number> = (value): value is number => isPositive(value) && value <= MAX_MS;
export const isBoolean: Check<boolean> = (value): value is boolean => typeof value === 'boolean';
export const isSeed: Check<number | null> = (value): value is number | null =>
  value === null || isCount(value);
export const isBytes: Check<Uint8Array> = (value): value is Uint8Array => value instanceof Uint8Array;
export const isOptions: Check<Options> = (value): value is Options =>
  isMap(value) &&
  Object.values(value).every((x) => x === null || ['boolean', 'number', 'string'].includes(typeof x));
export const arrayOf =
  <T>(check: Check<T>): Check<readonly T[]> =>
  (value): value is readonly T[] =>
    Array.isArray(value) && value.every(check);
export const oneOf =
  <T extends string>(values: readonly T[]): Check<T> =>
  (value): value is T =>
    values.includes(value as T);

/** Takes the fields of one message one by one, and complains of what is left over. */
export class FieldReader {
  readonly #left: Set<string>;

  constructor(
    readonly fields: Fields,
    readonly code: ErrorCode,
  ) {
    this.#left = new Set(Object.keys(fields));
    this.#left.delete('type');
  }

  optional<T>(name: string, expected: string, check: Check<T>): T | undefined {
    this.#left.delete(name);
    const value = this.fields[name];
    if (value === undefined || value === null) return undefined;
    if (!check(value)) throw this.#wrong(name, expected, value);
    return value;
  }

  required<T>(name: string, expected: string, check: Check<T>): T {
    const value = this.optional(name, expected, check);
    if (value === undefined) throw this.#wrong(name, expected, this.fields[name]);
    return value;
  }

  count(name: string): number {
    return this.required(name, 'a non-negative integer', isCount);
  }

  #wrong(name: string, expected: string, value: unknown): FarstepError {
    return new FarstepError(
      this.code,
      `${String(this.fields.type)}.${name}: expected ${expected}, got ${show(value)}`,
    );
  }

  /** The message made of the fields that were given. */
  finish<T extends object>(message: T): T {
    if (this.#left.size > 0) {
      const names = [...this.#left].map((name) => JSON.stringify(name)).join(', ');
      throw new FarstepError(this.code, `${String(this.fields.type)}: unknown field ${names}`);
    }
    return Object.fromEntries(Object.entries(message).filter(([, value]) => value !== undefined)) as T;
  }
}
