/** What property tests draw: spaces and their values, msgpack values, and ways to spoil a frame. */
import fc from 'fast-check';
import { Pcg64 } from '../../envs/rng/pcg64.js';
import type { DType } from '../../protocol/dtypes.js';
import {
  Box,
  Dict,
  Discrete,
  MultiBinary,
  MultiDiscrete,
  type SampleSource,
  type Space,
  Text,
  Tuple,
} from '../../protocol/spaces/index.js';

const shape = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 });
const start = fc.integer({ min: -(2 ** 20), max: 2 ** 20 });
const choices = fc.integer({ min: 1, max: 2 ** 20 });

/** Low and high: small for integers, any two floats for floats, and no bound where the dtype allows that. */
const bounds = (dtype: DType): fc.Arbitrary<readonly [number, number]> => {
  if (dtype === 'bool') return fc.constantFrom([0, 0], [0, 1], [1, 1]);
  const unsigned = dtype.startsWith('u');
  const bound = dtype.startsWith('float')
    ? fc.float({ noNaN: true })
    : fc.integer({ min: unsigned ? 0 : -100, max: 100 });
  const pair = fc.tuple(bound, bound).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  if (unsigned) return pair;
  return fc
    .tuple(pair, fc.boolean(), fc.boolean())
    .map(([[low, high], below, above]) => [below ? low : -Infinity, above ? high : Infinity] as const);
};

const DTYPES: readonly DType[] = [
  'bool',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'float32',
  'float64',
];

const box = fc.tuple(shape, fc.constantFrom(...DTYPES)).chain(([dimensions, dtype]) => {
  const size = dimensions.reduce((product, n) => product * n, 1);
  const pair = bounds(dtype);
  return fc.oneof(
    pair.map(([low, high]) => new Box(low, high, dimensions, dtype)),
    fc.array(pair, { minLength: size, maxLength: size }).map(
      (pairs) =>
        new Box(
          pairs.map(([low]) => low),
          pairs.map(([, high]) => high),
          dimensions,
          dtype,
        ),
    ),
  );
});

const text = fc
  .tuple(
    fc.nat(6),
    fc.nat(6),
    fc.uniqueArray(fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), { minLength: 1 }),
  )
  .map(([a, b, characters]) => {
    const charset = characters.join('').replaceAll('\0', '') || 'a';
    return new Text(Math.max(a, b), Math.min(a, b), charset);
  });

/** Any space: leaves of every kind, and Tuples and Dicts of them. */
export const space: fc.Arbitrary<Space> = fc.letrec<{ space: Space }>((tie) => ({
  space: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    box,
    fc.tuple(choices, start).map(([n, first]) => new Discrete(n, first)),
    fc.array(fc.tuple(choices, start), { minLength: 1, maxLength: 4 }).map(
      (pairs) =>
        new MultiDiscrete(
          pairs.map(([n]) => n),
          pairs.map(([, first]) => first),
        ),
    ),
    shape.map((dimensions) => new MultiBinary(dimensions)),
    text,
    fc.array(tie('space'), { maxLength: 3 }).map((spaces) => new Tuple(spaces)),
    fc
      .dictionary(
        fc.string({ maxLength: 4 }).filter((name) => name !== '__proto__' && !/^\d+$/.test(name)),
        tie('space'),
        { maxKeys: 3 },
      )
      .map((spaces) => new Dict(spaces)),
  ),
})).space;

/** A stream of randomness to sample from. */
export const source: fc.Arbitrary<SampleSource> = fc.nat().map((seed) => new Pcg64(seed));

/** A frame with some bytes changed, cut out or put in. */
export const spoiled = (frame: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc
    .array(fc.tuple(fc.nat(frame.length), fc.nat(3), fc.uint8Array({ maxLength: 4 })), {
      minLength: 1,
      maxLength: 4,
    })
    .map((edits) =>
      edits.reduce(
        (bytes, [at, cut, put]) =>
          Uint8Array.from([...bytes.subarray(0, at), ...put, ...bytes.subarray(at + cut)]),
        frame,
      ),
    );
