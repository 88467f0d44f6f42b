import { isOptions, oneOf, show } from '../../protocol/fields.js';
import { meant } from '../../protocol/nearest.js';

type Check<T> = (value: unknown) => value is T;
type Fields = Readonly<Record<string, unknown>>;

const number = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const check =
  (accepts: (value: number) => boolean): Check<number> =>
  (value): value is number =>
    number(value) && accepts(value);

/** What fields of a claims file may be. */
export const is = {
  number,
  text: (value: unknown): value is string => typeof value === 'string' && value !== '',
  words: (value: unknown): value is readonly string[] =>
    Array.isArray(value) && value.length > 0 && value.every((word) => typeof word === 'string'),
  map: (value: unknown): value is Fields =>
    typeof value === 'object' && value !== null && !Array.isArray(value),
  list: (value: unknown): value is readonly unknown[] => Array.isArray(value),
  range: (value: unknown): value is readonly [number, number] =>
    Array.isArray(value) && value.length === 2 && value.every(number) && value[0] !== value[1],
  count: check((x) => Number.isSafeInteger(x) && x >= 0),
  positive: check((x) => Number.isSafeInteger(x) && x > 0),
  notNegative: check((x) => x >= 0),
  aboveZero: check((x) => x > 0),
  share: check((x) => x > 0 && x < 1),
  fraction: check((x) => x >= 0 && x <= 1),
  options: isOptions,
  oneOf,
};

/** The fields of one map of a claims file. Whatever is wrong is thrown with its place. */
export class FieldReader {
  readonly #fields: Fields;
  readonly #place: string;

  /**
   * @param place - where the map is, for errors.
   * @param known - the fields that there are; any other is refused.
   */
  constructor(fields: unknown, place: string, known: readonly string[]) {
    this.#place = place;
    if (!is.map(fields)) throw new Error(`${place || 'the file'}: expected a map, got ${show(fields)}`);
    this.#fields = fields;
    for (const name of Object.keys(fields)) {
      if (known.includes(name)) continue;
      const nearest = meant(name, known);
      const hint = nearest ? `did you mean "${nearest}"?` : `there are ${known.join(', ')}`;
      this.fail(`unknown field "${name}"; ${hint}`);
    }
  }

  /** @param expected - in words, or the words it may be. */
  optional<T>(name: string, expected: string | readonly string[], accepts: Check<T>): T | undefined {
    const value = this.#fields[name];
    if (value === undefined) return undefined;
    if (!accepts(value)) this.#wrong(name, expected);
    return value;
  }

  required<T>(name: string, expected: string, accepts: Check<T>): T {
    return this.optional(name, expected, accepts) ?? this.#wrong(name, expected);
  }

  /** A field written as the command line has it. */
  parsed<T>(name: string, parse: (text: string) => T): T | undefined {
    const text = this.optional(name, 'a text such as "0..4"', is.text);
    try {
      return text === undefined ? undefined : parse(text);
    } catch (error) {
      this.fail(`${name}: ${(error as Error).message} Got ${show(text)}`);
    }
  }

  fail(problem: string): never {
    throw new Error(this.#place === '' ? problem : `${this.#place}: ${problem}`);
  }

  #wrong(name: string, expected: string | readonly string[]): never {
    const words = typeof expected === 'string' ? expected : `one of ${expected.join(', ')}`;
    this.fail(`${name}: expected ${words}, got ${show(this.#fields[name])}`);
  }
}
