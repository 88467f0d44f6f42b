import { invalidSnapshot } from './snapshot.js';

/** A world between two steps, as plain values that msgpack carries. Lists have an element a seat. */
export interface WorldSnapshot {
  /** The id and options of the world, and the version of this record. */
  readonly world: string;
  /** What the world's own `snapshot` gave. */
  readonly state: unknown;
  readonly rng: unknown;
  readonly seed: number;
  /** Steps since the game began. */
  readonly elapsed: number;
  /** Sums of rewards. */
  readonly returns: readonly number[];
  /** Moves that the default action made. */
  readonly missed: readonly number[];
  /** 1 for seats that the time limit has cut off. */
  readonly truncated: readonly number[];
}

/**
 * `value` as a snapshot of the world that `world` identifies, which has so many seats.
 * Throws `bad_snapshot`; `state` and `rng` are not looked at.
 */
export function readWorldSnapshot(value: unknown, world: string, seats: number): WorldSnapshot {
  if (typeof value !== 'object' || value === null) throw invalidSnapshot('expected a map');
  const fields = value as Readonly<Record<string, unknown>>;
  if (fields.world !== world) {
    throw invalidSnapshot(`expected one of ${world}, got one of ${JSON.stringify(fields.world)}`);
  }
  const isCount = (x: unknown) => Number.isSafeInteger(x) && (x as number) >= 0;
  const checks: readonly (readonly [name: string, isValid: (x: unknown) => boolean])[] = [
    ['returns', (x) => typeof x === 'number'],
    ['missed', isCount],
    ['truncated', (x) => x === 0 || x === 1],
  ];
  for (const name of ['seed', 'elapsed']) {
    if (!isCount(fields[name])) throw invalidSnapshot(`${name}: expected a count`);
  }
  for (const [name, isValid] of checks) {
    const list = fields[name];
    if (!(Array.isArray(list) && list.length === seats && list.every(isValid))) {
      throw invalidSnapshot(`${name}: expected one for each of ${seats} seats`);
    }
  }
  return value as WorldSnapshot;
}
