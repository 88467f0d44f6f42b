import { FarstepError } from '../../protocol/errors.js';

/** `value` if it is an array of `length` 32-bit words, as a generator's state is. Throws `bad_snapshot` otherwise. */
export function words(value: unknown, length: number): number[] {
  const isWord = (x: unknown) => typeof x === 'number' && x >>> 0 === x;
  if (!Array.isArray(value) || value.length !== length || !value.every(isWord)) {
    throw new FarstepError('bad_snapshot', `generator state: expected ${length} integers below 2^32`);
  }
  return value;
}
