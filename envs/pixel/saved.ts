import { invalidSnapshot } from '../snapshot.js';

/** Names of a game's numbers, with the least and greatest value of each. */
export type Limits<Name extends string> = Readonly<Record<Name, readonly [low: number, high: number]>>;

/** A game's numbers by name. */
export type Numbers<Name extends string> = Record<Name, number>;

/** `value` as a map. Throws `bad_message` if it is none. */
export function readMap(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw invalidSnapshot('expected a map');
  return value as Readonly<Record<string, unknown>>;
}

/** The numbers that `limits` names out of a map. Throws `bad_message` unless each is an integer within its limits. */
export function readNumbers<Name extends string>(value: unknown, limits: Limits<Name>): Numbers<Name> {
  const map = readMap(value);
  const numbers = {} as Numbers<Name>;
  for (const name of Object.keys(limits) as Name[]) {
    const [low, high] = limits[name];
    const number = map[name];
    if (!(Number.isInteger(number) && (number as number) >= low && (number as number) <= high)) {
      throw invalidSnapshot(`${name}: expected an integer from ${low} to ${high}, got ${JSON.stringify(number)}`);
    }
    numbers[name] = number as number;
  }
  return numbers;
}

/** `value` as `length` bytes. Throws `bad_message` unless it is a byte array of that length with none above `high`. */
export function readBytes(value: unknown, length: number, high = 255): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== length || value.some((byte) => byte > high)) {
    throw invalidSnapshot(`expected ${length} bytes up to ${high}`);
  }
  return value;
}

/** `value` as `length` integers from `low` to `high`. Throws `bad_message` if it is no such array. */
export function readIntegers(value: unknown, length: number, low: number, high: number): readonly number[] {
  const fits = (x: unknown) => Number.isInteger(x) && (x as number) >= low && (x as number) <= high;
  if (!Array.isArray(value) || value.length !== length || !value.every(fits)) {
    throw invalidSnapshot(`expected ${length} integers from ${low} to ${high}`);
  }
  return value;
}
