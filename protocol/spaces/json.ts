import { type DType, isDType } from '../dtypes.js';
import { FarstepError } from '../errors.js';
import { Box, boundFromJSON } from './box.js';
import { Dict, Tuple } from './composite.js';
import { Discrete, MultiDiscrete } from './discrete.js';
import { MultiBinary } from './multi-binary.js';
import type { Space } from './space.js';
import { Text } from './text.js';

type Fields = Readonly<Record<string, unknown>>;

const bad = (path: string, expected: string, got: unknown): FarstepError =>
  new FarstepError('bad_space', `${path}: expected ${expected}, got ${JSON.stringify(got)?.slice(0, 80)}`);

function integers(value: unknown, path: string): number[] {
  if (!Array.isArray(value) || !value.every(Number.isSafeInteger))
    throw bad(path, 'an array of integers', value);
  return value;
}

function integer(value: unknown, path: string): number {
  if (!Number.isSafeInteger(value)) throw bad(path, 'an integer', value);
  return value as number;
}

/**
 * A space from its JSON form (`Space.toJSON`), which may come from a stranger.
 * Throws `bad_space`, naming the place, on anything that is not one.
 */
export function spaceFromJSON(json: unknown, path = 'space', depth = 0): Space {
  if (typeof json !== 'object' || json === null) throw bad(path, 'a map with a type', json);
  if (depth > 16) throw new FarstepError('bad_space', `${path}: more than 16 spaces inside each other`);
  const fields = json as Fields;
  switch (fields.type) {
    case 'Box': {
      const bound = (value: unknown) =>
        Array.isArray(value) ? value.map(boundFromJSON) : boundFromJSON(value);
      if (!isDType(fields.dtype)) throw bad(`${path}.dtype`, 'a dtype', fields.dtype);
      const shape = integers(fields.shape, `${path}.shape`);
      return new Box(bound(fields.low), bound(fields.high), shape, fields.dtype as DType);
    }
    case 'Discrete':
      return new Discrete(integer(fields.n, `${path}.n`), integer(fields.start ?? 0, `${path}.start`));
    case 'MultiDiscrete': {
      const nvec = integers(fields.nvec, `${path}.nvec`);
      return new MultiDiscrete(
        nvec,
        fields.start === undefined ? undefined : integers(fields.start, `${path}.start`),
      );
    }
    case 'MultiBinary':
      return new MultiBinary(integers(fields.shape, `${path}.shape`));
    case 'Text': {
      if (typeof fields.charset !== 'string') throw bad(`${path}.charset`, 'a string', fields.charset);
      const length = (name: string) => integer(fields[name], `${path}.${name}`);
      return new Text(length('maxLength'), length('minLength'), fields.charset);
    }
    case 'Tuple':
      if (!Array.isArray(fields.spaces)) throw bad(`${path}.spaces`, 'an array of spaces', fields.spaces);
      return new Tuple(
        fields.spaces.map((child, i) => spaceFromJSON(child, `${path}.spaces[${i}]`, depth + 1)),
      );
    case 'Dict': {
      const { spaces } = fields;
      if (typeof spaces !== 'object' || spaces === null)
        throw bad(`${path}.spaces`, 'a map of spaces', spaces);
      const children = Object.entries(spaces).map(([name, child]) => [
        name,
        spaceFromJSON(child, `${path}.spaces.${name}`, depth + 1),
      ]);
      return new Dict(Object.fromEntries(children));
    }
    default:
      throw bad(
        `${path}.type`,
        'Box, Discrete, MultiDiscrete, MultiBinary, Text, Tuple or Dict',
        fields.type,
      );
  }
}
