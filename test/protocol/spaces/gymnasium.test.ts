/** Our spaces against what Gymnasium 1.4's did when record-gymnasium.py recorded them. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { Pcg64 } from '../../../envs/rng/pcg64.js';
import { arrayType, type DType, type TypedArray } from '../../../protocol/dtypes.js';
import { Box, type SpaceJSON, spaceFromJSON } from '../../../protocol/spaces/index.js';

type Scalar = number | 'inf' | '-inf' | 'nan';
interface RecordedArray {
  readonly dtype: DType;
  readonly data: readonly Scalar[];
}

interface Recording {
  readonly batches: readonly { space: SpaceJSON; n: number; batched: SpaceJSON }[];
  readonly contains: readonly {
    space: SpaceJSON;
    values: readonly { value: unknown; contains: boolean }[];
  }[];
  readonly samples: readonly { space: SpaceJSON; seed: number; mask?: number[]; samples: unknown[] }[];
  readonly boxes: readonly { low: Scalar; high: Scalar; dtype: DType; accepts: boolean }[];
}

const FIXTURE = new URL('../../../../test/fixtures/spaces/gymnasium.json', import.meta.url);
const recording = JSON.parse(readFileSync(FIXTURE, 'utf8')) as Recording;

const number = (x: Scalar): number =>
  x === 'nan' ? Number.NaN : x === 'inf' ? Infinity : x === '-inf' ? -Infinity : x;

const isArray = (value: unknown): value is RecordedArray =>
  typeof value === 'object' && value !== null && 'dtype' in value;

function typed({ dtype, data }: RecordedArray): TypedArray {
  const ArrayType = arrayType(dtype);
  const array = new ArrayType(data.length);
  const big = array instanceof BigInt64Array || array instanceof BigUint64Array;
  for (const [i, x] of data.entries()) array[i] = (big ? BigInt(x) : number(x)) as never;
  return array;
}

/** Gymnasium's discrete values are int64; on the wire they are int32. */
const discreteAsInt32 = (json: SpaceJSON): SpaceJSON =>
  json.type === 'Box' && json.dtype === 'int64' ? { ...json, dtype: 'int32' } : json;

t.test('batch is batch_space', async (t) => {
  for (const { space: json, n, batched } of recording.batches) {
    const space = spaceFromJSON(json);
    const expected = json.type === 'MultiDiscrete' ? discreteAsInt32(batched) : batched;
    t.ok(space.batch(n).equals(spaceFromJSON(expected)), `${space.toString()} × ${n}`);
  }
});

t.test('contains', async (t) => {
  for (const { space: json, values } of recording.contains) {
    const space = spaceFromJSON(json);
    for (const { value, contains } of values) {
      const given = isArray(value) ? typed(value) : value;
      t.equal(space.contains(given), contains, `${JSON.stringify(value)} in ${space.toString()}`);
    }
  }
});

t.test('sample draws what Gymnasium draws from the same stream', async (t) => {
  for (const { space: json, seed, mask, samples } of recording.samples) {
    const space = spaceFromJSON(json);
    const rng = new Pcg64(seed);
    for (const [i, recorded] of samples.entries()) {
      const expected = isArray(recorded) ? [...typed(recorded)].map(Number) : [recorded];
      const sample = space.sample(rng, mask);
      const got = typeof sample === 'number' ? [sample] : Array.from(sample as Float64Array, Number);
      t.same(got, expected, `${space.toString()}, seed ${seed}, sample ${i}`);
    }
  }
});

t.test('Box takes the bounds that Gymnasium takes', async (t) => {
  for (const { low, high, dtype, accepts } of recording.boxes) {
    const make = () => new Box(number(low), number(high), [2], dtype);
    const name = `Box(${low}, ${high}, ${dtype})`;
    if (accepts) t.doesNotThrow(make, name);
    else t.throws(make, { code: 'bad_space' }, name);
  }
});
