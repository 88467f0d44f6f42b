import { FarstepError } from '../protocol/errors.js';

/** The seeds of `count` envs given one: env i gets `seed + i`, as in Gymnasium. */
export const expandSeed = (seed: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => seed + i);

/** Throws `bad_message` unless there is, for each of `ids`, a seed from 0 to `max` or null. */
export function checkSeeds(
  env: string,
  max: number,
  seeds: ArrayLike<number | null>,
  ids: Uint32Array,
): void {
  if (seeds.length !== ids.length) {
    throw new FarstepError('bad_message', `reset: ${seeds.length} seeds for ${ids.length} envs`);
  }
  for (let row = 0; row < seeds.length; row++) {
    const seed = seeds[row]!;
    if (seed !== null && !(Number.isInteger(seed) && seed >= 0 && seed <= max)) {
      throw new FarstepError(
        'bad_message',
        `reset: env ${ids[row]}: the seed of ${env} must be an integer from 0 to ${max}, got ${seed}`,
      );
    }
  }
}
