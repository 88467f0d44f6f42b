import { invalidSnapshot } from '../snapshot.js';

/** Names of a game's numbers, with the least and greatest value of each. */
export type Limits<Name extends string> = Readonly<Record<Name, readonly [low: number, high: number]>>;

/** A game's numbers by name. */
export type Numbers<Name extends string> = Record<Name, number>;

/** `value` as a map. Throws `bad_snapshot` if it is none. */
export function readMap(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw invalidSnapshot('expected a map');
  return value as Readonly<Record<string, unknown>>;
}

/** The numbers that `limits` names out of a map. Throws `bad_snapshot` unless each is an integer within its limits. */
export function readNumbers<Name extends string>(value: unknown, limits: Limits<Name>): Numbers<Name> {
  const map = readMap(value);
  const numbers = {} as Numbers<Name>;
  for (const name of Object.keys(limits) as Name[]) {
    const [low, high] = limits[name];
    const number = map[name];
    if (!(Number.isInteger(number) && (number as number) >= low && (number as number) <= high)) {
      throw invalidSnapshot(
        `${name}: expected an integer from ${low} to ${high}, got ${JSON.stringify(number)}`,
      );
    }
    numbers[name] = number as number;
  }
  return numbers;
}

/** Zeros and ones as a text of such digits. */
export const saveBits = (bits: Uint8Array): string => bits.join('');

/** What `saveBits` made of `length` zeros and ones. Throws `bad_snapshot` if it is no such text. */
export function readBits(value: unknown, length: number): Uint8Array {
  if (typeof value !== 'string' || value.length !== length || !/^[01]*$/.test(value)) {
    throw invalidSnapshot(`expected ${length} digits 0 or 1`);
  }
  return Uint8Array.from(value, Number);
}

/** The longest run of a byte. */
const MAX_RUN = 255;

/** Bytes as pairs of a byte and how often it comes. */
export function saveRuns(bytes: Uint8Array): Uint8Array {
  const runs: number[] = [];
  for (let i = 0; i < bytes.length; ) {
    const start = i;
    while (i < bytes.length && bytes[i] === bytes[start] && i - start < MAX_RUN) i++;
    runs.push(bytes[start]!, i - start);
  }
  return Uint8Array.from(runs);
}

/** What `saveRuns` made of `length` bytes below `limit`. Throws `bad_snapshot` if it is nothing of the kind. */
export function readRuns(value: unknown, length: number, limit: number): Uint8Array {
  const runs = value instanceof Uint8Array ? value : new Uint8Array();
  const bytes = new Uint8Array(length);
  let at = 0;
  for (let i = 0; i + 1 < runs.length; i += 2) {
    bytes.fill(runs[i]!, at, at + runs[i + 1]!);
    at += runs[i + 1]!;
  }
  if (at !== length || bytes.some((byte) => byte >= limit)) {
    throw invalidSnapshot(`expected runs of ${length} bytes below ${limit}`);
  }
  return bytes;
}
