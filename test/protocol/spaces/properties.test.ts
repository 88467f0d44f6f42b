import fc from 'fast-check';
import t from 'tap';
import { arrayType, sizeOf, type TypedArray } from '../../../protocol/dtypes.js';
import { FarstepError } from '../../../protocol/errors.js';
import { packMessage, unpackMessage } from '../../../protocol/messages.js';
import { Dict, type Space, spaceFromJSON, Text, Tuple } from '../../../protocol/spaces/index.js';
import { source, space } from '../arbitraries.js';

/** Slabs of a batch, full of ones so that what is not written shows. */
const allocate = (s: Space, rows: number): TypedArray[] =>
  s.leaves.map(({ dtype, shape }) => {
    const slab = new (arrayType(dtype))(rows * sizeOf(shape));
    return slab.fill((slab instanceof BigInt64Array || slab instanceof BigUint64Array ? 1n : 1) as never);
  });

t.test('what a space samples, it contains', async () => {
  fc.assert(fc.property(space, source, (s, rng) => s.contains(s.sample(rng))));
});

t.test('the JSON form gives the same space back, through JSON and through msgpack', async () => {
  fc.assert(
    fc.property(space, (s) => {
      const throughWire = unpackMessage(packMessage({ type: 'x', space: s.toJSON() } as never)).space;
      return spaceFromJSON(JSON.parse(JSON.stringify(s))).equals(s) && spaceFromJSON(throughWire).equals(s);
    }),
  );
});

t.test('a value survives being written into a row and read back, and its neighbours stay', async (t) => {
  fc.assert(
    fc.property(space, source, (s, rng) => {
      const slabs = allocate(s, 3);
      const before = slabs.map((slab) => slab.slice());
      const value = s.sample(rng);
      s.write(value, slabs, 1);
      t.same(s.read(slabs, 1), value);
      for (const [i, slab] of slabs.entries()) {
        const size = slab.length / 3;
        t.same(slab.subarray(0, size), before[i]!.subarray(0, size));
        t.same(slab.subarray(2 * size), before[i]!.subarray(2 * size));
      }
    }),
    { numRuns: 50 },
  );
});

t.test('a batch has the leaves of the space, one dimension more', async () => {
  // A batch of texts is a Tuple of them: they have no common array in Gymnasium.
  const hasText = (s: Space): boolean =>
    s instanceof Text ||
    ((s instanceof Dict || s instanceof Tuple) &&
      Object.values(s.spaces).some((child) => hasText(child as Space)));
  fc.assert(
    fc.property(
      space.filter((s) => !hasText(s)),
      fc.integer({ min: 1, max: 4 }),
      (s, n) => {
        const single = s.leaves.map(({ shape, dtype }) => ({ dtype, shape: [n, ...shape] }));
        const batched = s.batch(n).leaves.map(({ shape, dtype }) => ({ dtype, shape: [...shape] }));
        return JSON.stringify(batched) === JSON.stringify(single);
      },
    ),
  );
});

t.test('anything that is no space gives bad_space', async () => {
  const anything = fc.anything({ withNullPrototype: true, withBigInt: false });
  const almost = fc.record(
    {
      type: fc.constantFrom('Box', 'Discrete', 'MultiDiscrete', 'MultiBinary', 'Text', 'Tuple', 'Dict'),
      dtype: fc.oneof(fc.constantFrom('float32', 'int8', 'uint64'), anything),
      shape: fc.oneof(fc.array(fc.nat()), anything),
      low: anything,
      high: anything,
      n: anything,
      start: anything,
      nvec: fc.oneof(fc.array(fc.integer()), anything),
      minLength: anything,
      maxLength: anything,
      charset: anything,
      spaces: fc.oneof(fc.array(anything), anything),
    },
    { requiredKeys: ['type'] },
  );
  fc.assert(
    fc.property(fc.oneof(anything, almost), (json) => {
      try {
        spaceFromJSON(json);
      } catch (error) {
        if (!(error instanceof FarstepError) || error.code !== 'bad_space') throw error;
      }
    }),
    { numRuns: 1000 },
  );
});
