import { FarstepError } from '../protocol/errors.js';

/** One env of a VectorEnv between two steps, as plain values that msgpack carries. */
export interface EnvSnapshot {
  /** The id and options of the env, and the version of this record. */
  readonly env: string;
  /** What the env's own `snapshot` gave. */
  readonly state: unknown;
  readonly rng: unknown;
  readonly seed: number;
  /** Steps since the episode began, and the sum of their rewards. */
  readonly elapsed: number;
  readonly return: number;
  /** Whether the episode is over and a reset is due. */
  readonly ended: boolean;
}

/** The error for what is no snapshot of the env that it is given to. */
export const invalidSnapshot = (message: string): FarstepError =>
  new FarstepError('bad_snapshot', `snapshot: ${message}`);

/** `value` as a snapshot of the env that `env` identifies. Throws `bad_snapshot`; `state` and `rng` are not looked at. */
export function readEnvSnapshot(value: unknown, env: string): EnvSnapshot {
  if (typeof value !== 'object' || value === null) throw invalidSnapshot('expected a map');
  const fields = value as Readonly<Record<string, unknown>>;
  if (fields.env !== env)
    throw invalidSnapshot(`expected one of ${env}, got one of ${JSON.stringify(fields.env)}`);
  const { seed, elapsed, ended } = fields;
  if (!Number.isSafeInteger(seed)) throw invalidSnapshot('seed: expected an integer');
  if (!Number.isSafeInteger(elapsed) || (elapsed as number) < 0)
    throw invalidSnapshot('elapsed: expected a count');
  if (typeof fields.return !== 'number') throw invalidSnapshot('return: expected a number');
  if (typeof ended !== 'boolean') throw invalidSnapshot('ended: expected a boolean');
  return value as EnvSnapshot;
}

/**
 * The numbers of an env's state, `length` of them from `-limit` to `limit`, for an `Env.restore` to take its fields from.
 * Throws `bad_snapshot` otherwise.
 */
export function stateNumbers(state: unknown, length: number, limit = Number.MAX_VALUE): readonly number[] {
  const isAllowed = (x: unknown) => typeof x === 'number' && Math.abs(x) <= limit;
  if (!Array.isArray(state) || state.length !== length || !state.every(isAllowed)) {
    throw invalidSnapshot(`state: expected ${length} numbers up to ${limit}`);
  }
  return state;
}

/** As `stateNumbers`, but integers from `low` to `high`, so that indexes may be made of them. */
export function stateIntegers(state: unknown, length: number, low: number, high: number): readonly number[] {
  const isAllowed = (x: unknown) => Number.isInteger(x) && (x as number) >= low && (x as number) <= high;
  if (!Array.isArray(state) || state.length !== length || !state.every(isAllowed)) {
    throw invalidSnapshot(`state: expected ${length} integers from ${low} to ${high}`);
  }
  return state;
}
