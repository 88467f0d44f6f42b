import t from 'tap';
import { Pcg64 } from '../../../envs/rng/pcg64.js';
import {
  Box,
  Dict,
  Discrete,
  MultiBinary,
  MultiDiscrete,
  type Space,
  spaceFromJSON,
  Text,
  Tuple,
} from '../../../protocol/spaces/index.js';

/** A space with everything in it, its JSON form and its leaves. */
const everything = new Dict({
  z: new Tuple([new Discrete(4, -1), new Text(3, 0, 'ab')]),
  a: new Box([0, -Infinity], [1, Infinity], [2]),
  m: new Dict({ picture: new Box(0, 255, [2, 3, 1], 'uint8'), bits: new MultiBinary([2]) }),
  k: new MultiDiscrete([3, 5], [0, 2]),
});

t.test('the JSON form', async (t) => {
  t.same(everything.toJSON(), {
    type: 'Dict',
    spaces: {
      a: { type: 'Box', dtype: 'float32', shape: [2], low: [0, '-inf'], high: [1, 'inf'] },
      k: { type: 'MultiDiscrete', nvec: [3, 5], start: [0, 2] },
      m: {
        type: 'Dict',
        spaces: {
          bits: { type: 'MultiBinary', shape: [2] },
          picture: { type: 'Box', dtype: 'uint8', shape: [2, 3, 1], low: 0, high: 255 },
        },
      },
      z: {
        type: 'Tuple',
        spaces: [
          { type: 'Discrete', n: 4, start: -1 },
          { type: 'Text', minLength: 0, maxLength: 3, charset: 'ab' },
        ],
      },
    },
  });
  t.ok(spaceFromJSON(everything.toJSON()).equals(everything));
  t.ok(spaceFromJSON({ type: 'Discrete', n: 3 }).equals(new Discrete(3)), 'start may be absent');
  t.ok(spaceFromJSON({ type: 'MultiDiscrete', nvec: [2] }).equals(new MultiDiscrete([2])));
  t.notOk(new Box(0, 1, [2]).equals(new Box(0, 1, [2], 'float64')));
  t.ok(new Box([1, 1], 2, [2]).equals(new Box(1, 2, [2])), 'bounds that are alike are one');
});

t.test('leaves lie depth first, Dict keys sorted', async (t) => {
  t.same(everything.leaves, [
    { path: ['a'], dtype: 'float32', shape: [2] },
    { path: ['k'], dtype: 'int32', shape: [2] },
    { path: ['m', 'bits'], dtype: 'int8', shape: [2] },
    { path: ['m', 'picture'], dtype: 'uint8', shape: [2, 3, 1] },
    { path: ['z', 0], dtype: 'int32', shape: [] },
    { path: ['z', 1], dtype: 'uint32', shape: [3] },
  ]);
});

t.test('write puts a value into the slabs, row-major; read gives it back', async (t) => {
  const slabs = [
    new Float32Array(4),
    new Int32Array(4),
    new Int8Array(4),
    new Uint8Array(12),
    new Int32Array(2),
    new Uint32Array(6),
  ];
  const value = {
    a: Float32Array.of(0.5, -7),
    k: Int32Array.of(2, 6),
    m: { bits: Int8Array.of(1, 0), picture: Uint8Array.of(1, 2, 3, 4, 5, 6) },
    z: [2, 'ba'],
  };
  everything.write(value, slabs, 1);
  t.same(
    slabs.map((slab) => [...slab]),
    [
      [0, 0, 0.5, -7],
      [0, 0, 2, 6],
      [0, 0, 1, 0],
      [0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6],
      [0, 2],
      [0, 0, 0, 98, 97, 0],
    ],
  );
  const read = everything.read(slabs, 1) as typeof value;
  t.same(read, value);
  slabs[0]![2] = 9;
  t.equal(read.a[0], 9, 'arrays that are read are views');
});

t.test(
  'a text of fewer characters overwrites a longer one; a row that is no text reads as U+FFFD',
  async (t) => {
    const text = new Text(4, 0, 'a😀');
    const slab = new Uint32Array(4);
    text.write('aaaa', [slab], 0);
    text.write('😀', [slab], 0);
    t.same([...slab], [0x1f600, 0, 0, 0]);
    t.equal(text.read([slab], 0), '😀');
    slab.set([0x61, 0, 0x110000, 0xd800]);
    t.equal(text.read([slab], 0), 'a\ufffd\ufffd\ufffd');
  },
);

t.test('sample stays inside the bounds that there are, and spreads as Gymnasium says', async (t) => {
  const rng = new Pcg64(1);
  const draw = (space: Space) => Array.from({ length: 4000 }, () => (space.sample(rng) as Float32Array)[0]!);
  const mean = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
  const uniform = draw(new Box(2, 4, [1]));
  t.ok(Math.abs(mean(uniform) - 3) < 0.05, 'uniform between two bounds');
  const above = draw(new Box(2, Infinity, [1]));
  t.ok(above.every((x) => x >= 2) && Math.abs(mean(above) - 3) < 0.1, 'bound below: an exponential above it');
  const below = draw(new Box(-Infinity, 2, [1]));
  t.ok(below.every((x) => x <= 2) && Math.abs(mean(below) - 1) < 0.1, 'bound above: an exponential below it');
  const free = draw(new Box(-Infinity, Infinity, [1]));
  t.ok(Math.abs(mean(free)) < 0.1 && Math.abs(mean(free.map((x) => x * x)) - 1) < 0.1, 'no bound: a normal');
  t.same(new Set(draw(new Box(-1, 1, [1], 'int8'))), new Set([-1, 0, 1]), 'integers include both bounds');
  t.same(new Set(draw(new MultiBinary([1]))), new Set([0, 1]));
  const texts = new Set(Array.from({ length: 200 }, () => new Text(2, 1, 'ab').sample(rng)));
  t.same(texts, new Set(['a', 'aa', 'ab', 'b', 'ba', 'bb']));
});

t.test('a mask of MultiDiscrete holds the masks of its choices one after the other', async (t) => {
  const rng = new Pcg64(1);
  const space = new MultiDiscrete([2, 3], [0, 5]);
  const drawn = new Set(Array.from({ length: 100 }, () => space.sample(rng, [0, 1, 1, 0, 1]).join()));
  t.same(drawn, new Set(['1,5', '1,7']));
});

t.test('a space of any size takes no memory where its bounds are alike', async (t) => {
  const before = process.memoryUsage().arrayBuffers;
  const space = spaceFromJSON({ type: 'Box', dtype: 'uint8', shape: [2 ** 15, 2 ** 15], low: 0, high: 255 });
  const batched = space.batch(2);
  t.equal(
    JSON.stringify(batched),
    '{"type":"Box","dtype":"uint8","shape":[2,32768,32768],"low":0,"high":255}',
  );
  t.match(space.toString(), 'Box(0, 255, (32768, 32768), uint8)');
  t.ok(process.memoryUsage().arrayBuffers - before < 2 ** 20);
});

t.test('as text, as Gymnasium prints them', async (t) => {
  t.equal(new Discrete(3).toString(), 'Discrete(3)');
  t.equal(new Discrete(3, 1).toString(), 'Discrete(3, start=1)');
  t.equal(new Box([0, -1], [1, 5], [2]).toString(), 'Box(-1, 5, (2), float32)');
  t.equal(
    new Tuple([new Discrete(2), new MultiBinary([3])]).toString(),
    'Tuple(Discrete(2), MultiBinary((3)))',
  );
  t.equal(new Dict({ b: new Discrete(2), a: new Text(3) }).toString(), 'Dict(a: Text(1, 3), b: Discrete(2))');
  t.equal(new MultiDiscrete([2, 3]).toString(), 'MultiDiscrete([2, 3])');
});

t.test('what is no space is refused, naming the place', async (t) => {
  const box = { type: 'Box', dtype: 'float32', shape: [2], low: 0, high: 1 };
  const nested = (json: unknown, depth: number): unknown =>
    depth === 0 ? json : nested({ type: 'Tuple', spaces: [json] }, depth - 1);
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [null, /^space: expected a map with a type, got null/],
    ['Box', /^space: expected a map/],
    [{}, /^space.type: expected Box, Discrete, .* got undefined/],
    [{ ...box, type: 'Graph' }, /got "Graph"/],
    [{ ...box, dtype: 'float16' }, /^space.dtype: expected a dtype, got "float16"/],
    [{ ...box, dtype: 'toString' }, /^space.dtype/],
    [{ ...box, shape: [2.5] }, /^space.shape: expected an array of integers/],
    [{ ...box, shape: [-1] }, /shape must be non-negative integers, got \[-1\]/],
    [{ ...box, shape: [2 ** 20, 2 ** 20] }, /more than 2\^31 elements/],
    [{ ...box, low: 'x' }, /a bound must be a number, "inf" or "-inf", got "x"/],
    [{ ...box, low: [0] }, /low has 1 elements, the shape has 2/],
    [{ ...box, low: [0, 2] }, /low\[1\] = 2 exceeds high\[1\] = 1/],
    [{ ...box, low: Number.NaN }, /low = NaN is not a value of float32/],
    [{ ...box, dtype: 'int8', high: 0.5 }, /high = 0.5 is not a value of int8/],
    [{ ...box, dtype: 'int8', low: 'inf', high: 'inf' }, /low = Infinity is not a value of int8/],
    [{ type: 'Discrete', n: 0 }, /n must be positive, got 0/],
    [{ type: 'Discrete', n: 2 ** 31, start: 1 }, /does not fit int32/],
    [{ type: 'Discrete' }, /^space.n: expected an integer, got undefined/],
    [{ type: 'MultiDiscrete', nvec: [2, 0] }, /n must be positive, got 0/],
    [{ type: 'MultiDiscrete', nvec: [2], start: [0, 0] }, /1 choices, but 2 starts/],
    [{ type: 'MultiBinary', shape: 'x' }, /^space.shape/],
    [{ type: 'Text', minLength: 2, maxLength: 1, charset: 'a' }, /length must be/],
    [{ type: 'Text', minLength: 0, maxLength: 2 ** 21, charset: 'a' }, /length must be/],
    [{ type: 'Text', minLength: 0, maxLength: 1, charset: '' }, /the charset must have a character/],
    [{ type: 'Text', minLength: 0, maxLength: 1 }, /^space.charset: expected a string/],
    [{ type: 'Tuple', spaces: {} }, /^space.spaces: expected an array/],
    [{ type: 'Tuple', spaces: [box, 7] }, /^space.spaces\[1\]: expected a map/],
    [
      { type: 'Dict', spaces: { a: { type: 'Dict', spaces: { b: 7 } } } },
      /^space.spaces.a.spaces.b: expected a map/,
    ],
    [{ type: 'Dict', spaces: { 10: box } }, /a name must not be an integer, got "10"/],
    [{ type: 'Dict', spaces: 7 }, /^space.spaces: expected a map of spaces/],
    [nested(box, 17), /more than 16 spaces inside each other/],
  ];
  for (const [json, message] of cases) {
    t.throws(() => spaceFromJSON(json), { code: 'bad_space', message }, JSON.stringify(json)?.slice(0, 80));
  }
  t.doesNotThrow(() => spaceFromJSON(nested(box, 16)));
});

t.test('bounds that repeat are told once, however many envs there are', async (t) => {
  const low = Float64Array.from({ length: 64 }, (_, i) => -i - 1);
  const batch = new Box(low, 1, [64]).batch(8192);
  t.same(batch.toJSON(), { type: 'Box', dtype: 'float32', shape: [8192, 64], low: [...low], high: 1 });
  t.same(spaceFromJSON(batch.toJSON()).batch(2).toJSON(), { ...batch.toJSON(), shape: [2, 8192, 64] });
  t.equal((batch as Box).low[64 * 8191 + 3], -4);
  const inFull = new Box([-1, -2, -1, -2], [1, 1, 1, 1], [2, 2]);
  t.ok(inFull.equals(new Box([-1, -2], 1, [2, 2])), 'it is the same however it is written');
  t.throws(() => new Box([-1, -2, -3], 1, [2, 2]), { code: 'bad_space' });
});
