import fc from 'fast-check';
import { Packr } from 'msgpackr';
import t from 'tap';
import { arrayType, type DType, type TypedArray } from '../../protocol/dtypes.js';
import { FarstepError } from '../../protocol/errors.js';
import {
  decodeStep,
  decodeStepped,
  encodeStepped,
  type FrameLayout,
  frameLayout,
  isHotFrame,
  StepEncoder,
  type SteppedSource,
  steppedBytes,
  steppedId,
} from '../../protocol/frames.js';
import type { Leaf } from '../../protocol/spaces/index.js';
import { spoiled } from './arbitraries.js';
import { bytes, hex } from './hex.js';

const packr = new Packr({ useRecords: false, int64AsType: 'number' });
const leaf = (dtype: DType, ...shape: number[]): Leaf => ({ path: [], dtype, shape });

const encode = (layout: FrameLayout, id: number, source: SteppedSource): Uint8Array => {
  const target = new Uint8Array(steppedBytes(layout, source.n));
  return target.subarray(0, encodeStepped(target, id, layout, source));
};

t.test('a step as bytes', async (t) => {
  const encoder = new StepEncoder();
  t.equal(
    hex(encoder.encode(7, 1, [Int32Array.of(1, 0)])),
    '94 01 07 01 91 c408 0100000000000000'.replaceAll(' ', ''),
  );
  t.equal(
    hex(encoder.encode(300, 2, [Float32Array.of(1), Int8Array.of(-1)], Uint32Array.of(5))),
    '95 01 cd012c 02 92 c404 0000803f c401 ff c404 05000000'.replaceAll(' ', ''),
  );
  t.ok(isHotFrame(bytes('94 01')));
  t.ok(isHotFrame(bytes('dc 00 04')));
  t.notOk(isHotFrame(bytes('81 a1 61 01')));
  t.notOk(isHotFrame(new Uint8Array(0)));
});

t.test('decodeStep takes a step from any encoder', async (t) => {
  const frame = packr.pack([1, 2 ** 40, 3, [Buffer.of(1, 2), Buffer.of()], Buffer.of(0, 0, 0, 0)]);
  const step = decodeStep(frame);
  t.same([step.id, step.env], [2 ** 40, 3], 'msgpackr writes 2^40 as a float64');
  const slice = ({ offset, length }: { offset: number; length: number }) => [
    ...frame.subarray(offset, offset + length),
  ];
  t.same(step.actions.map(slice), [[1, 2], []]);
  t.same(slice(step.ids!), [0, 0, 0, 0]);
  t.equal(decodeStep(packr.pack([1, 1, 1, [], null])).ids, undefined, 'ids may be nil');
  t.equal(decodeStep(packr.pack([1, 1, 1, []])).ids, undefined, 'or absent');
  t.equal(decodeStep(packr.pack([1, 1, 1, [], null])).ack, undefined);
  t.equal(decodeStep(packr.pack([1, 1, 1, [], null, null])).ack, undefined, 'ack may be nil');
  t.equal(decodeStep(packr.pack([1, 1, 1, [], null, 70000])).ack, 70000);
});

t.test('what is no step is refused, naming the byte', async (t) => {
  const many = Array.from({ length: 4097 }, () => Buffer.of());
  const cases: readonly (readonly [Uint8Array, RegExp])[] = [
    [bytes('93 01 02 03'), /^byte 1: a step has 4 to 6 elements, got 3$/],
    [bytes('97 01 02 03 90 c0 c0 c0'), /4 to 6 elements, got 7/],
    [bytes('94 02 01 01 90'), /begins with 1 \(step\), got 2/],
    [bytes('94 a1 61 01 90'), /expected an integer/],
    [bytes('94 01 ff 01 90'), /expected an integer/],
    [bytes('94 01 01 01 c4 00'), /expected an array, got 0xc4/],
    [bytes('94 01 01 01 91 a1 61'), /expected bin, got 0xa1/],
    [bytes('94 01 01 01 91 c4 04 00'), /ends 3 bytes early/],
    [bytes('94 01 01 01 dd ff ff ff ff'), /4294967295 leaves of actions, more than 4096/],
    [packr.pack([1, 1, 1, many]), /4097 leaves of actions, more than 4096/],
    [bytes('95 01 01 01 90 05'), /expected bin, got 0x5/],
    [bytes('94 01 01 01 90 c0'), /^byte 5: 1 bytes behind the step$/],
  ];
  for (const [frame, message] of cases) {
    t.throws(() => decodeStep(frame), { code: 'bad_frame', message }, hex(frame).slice(0, 40));
  }
});

const layout = frameLayout(
  [leaf('float32', 2), leaf('uint8')],
  [
    { name: 'lives', leaves: [leaf('int32')] },
    { name: 'pos', leaves: [leaf('float64', 1), leaf('bool')] },
  ],
);
const source: SteppedSource = {
  n: 2,
  observations: [Float32Array.of(1, 2, 3, 4, 99, 99), Uint8Array.of(7, 8, 99)],
  rewards: Float64Array.of(0.5, -1, 99),
  terminated: Uint8Array.of(0, 1, 9),
  truncated: Uint8Array.of(0, 0, 9),
  infos: { lives: [Int32Array.of(3, 2, 99)], pos: [Float64Array.of(0, 1, 99), Uint8Array.of(1, 0, 9)] },
};

t.test('a stepped frame as bytes', async (t) => {
  const observations = '92 c410 0000803f000000400000404000008040 c402 0708';
  const outcome = 'c410 000000000000e03f000000000000f0bf c402 0001 c402 0000';
  const infos = '92 91 c408 0300000002000000 92 c410 0000000000000000000000000000f03f c402 0100';
  const plain = `99 02 07 02 ${observations} ${outcome} ${infos} c0`;
  t.equal(hex(encode(layout, 7, source)), plain.replaceAll(' ', ''), 'no more than n rows of every slab');

  const ended = {
    n: 1,
    rows: Uint32Array.of(1, 99),
    returns: Float64Array.of(2, 99),
    lengths: Uint32Array.of(9, 99),
    seeds: Float64Array.of(5, 99),
  };
  const statistics = 'c404 01000000 c408 0000000000000040 c404 09000000 c408 0000000000001440';
  t.equal(
    hex(encode(layout, 7, { ...source, ended })),
    `99 02 07 02 ${observations} ${outcome} ${infos} 96 ${statistics} c0 c0`.replaceAll(' ', ''),
  );
  const final = {
    ...ended,
    finalObservations: [Float32Array.of(5, 6, 99, 99), Uint8Array.of(4, 99)],
    finalInfos: { lives: [Int32Array.of(1, 99)], pos: [Float64Array.of(1, 99), Uint8Array.of(1, 9)] },
  };
  const finals = '92 c408 0000a0400000c040 c401 04 92 91 c404 01000000 92 c408 000000000000f03f c401 01';
  t.equal(
    hex(encode(layout, 7, { ...source, ended: final })),
    `99 02 07 02 ${observations} ${outcome} ${infos} 96 ${statistics} ${finals}`.replaceAll(' ', ''),
  );
});

const DTYPES: readonly DType[] = ['bool', 'uint8', 'int16', 'int64', 'uint64', 'float32', 'float64'];

/** A layout, and what a step over it might give, with room for more rows than count. */
const step = fc
  .record({
    observations: fc.array(fc.tuple(fc.constantFrom(...DTYPES), fc.nat(40)), { minLength: 1, maxLength: 20 }),
    infos: fc.array(
      fc.array(fc.tuple(fc.constantFrom(...DTYPES), fc.nat(3)), { minLength: 1, maxLength: 3 }),
      { maxLength: 3 },
    ),
    n: fc.integer({ min: 1, max: 40 }),
    ended: fc.nat(40),
    final: fc.boolean(),
    noise: fc.infiniteStream(fc.nat(255)),
  })
  .map(({ n, ended, final, noise, ...drawn }) => {
    const leaves = drawn.observations.map(([dtype, size]) => leaf(dtype, size));
    const infoLeaves = drawn.infos.map((info, i) => ({
      name: `info${i}`,
      leaves: info.map(([dtype, size]) => leaf(dtype, size)),
    }));
    const slab = <T extends TypedArray>({ dtype, shape }: Leaf, rows: number): T => {
      const array = new (arrayType(dtype))((rows + 3) * (shape[0] ?? 1));
      // Floats are numbers: the bits of a NaN need not survive.
      const out = dtype.startsWith('float') ? array : new Uint8Array(array.buffer);
      for (let i = 0; i < out.length; i++) out[i] = ((noise.next().value! - 100) / 7) as never;
      return array as T;
    };
    const slabs = (some: readonly Leaf[], rows: number) => some.map((one) => slab(one, rows));
    const infos = (rows: number) =>
      Object.fromEntries(infoLeaves.map((info) => [info.name, slabs(info.leaves, rows)]));
    const m = Math.min(ended, n);
    const source: SteppedSource = {
      n,
      observations: slabs(leaves, n),
      rewards: slab(leaf('float64'), n),
      terminated: slab(leaf('bool'), n),
      truncated: slab(leaf('bool'), n),
      infos: infos(n),
      ended:
        m === 0
          ? undefined
          : {
              n: m,
              rows: slab(leaf('uint32'), m),
              returns: slab(leaf('float64'), m),
              lengths: slab(leaf('uint32'), m),
              seeds: slab(leaf('float64'), m),
              ...(final && { finalObservations: slabs(leaves, m), finalInfos: infos(m) }),
            },
    };
    const layout = frameLayout(leaves, infoLeaves);
    return { layout, source, [fc.toStringMethod]: () => `${n} rows, ${m} ended, ${JSON.stringify(layout)}` };
  });

/** The bytes of the first rows of every array, in the order of the frame. */
function content(layout: FrameLayout, { n, ended, ...rest }: SteppedSource, m = ended?.n ?? 0): string {
  const raw = (array: TypedArray, length: number) =>
    hex(new Uint8Array(array.buffer, array.byteOffset, length * array.BYTES_PER_ELEMENT));
  const all = (observations: readonly TypedArray[], infos: SteppedSource['infos'], rows: number) => [
    ...layout.observations.map(({ size }, i) => raw(observations[i]!, rows * size)),
    ...layout.infos.flatMap(({ name, leaves }) =>
      leaves.map(({ size }, i) => raw(infos[name]![i]!, rows * size)),
    ),
  ];
  const statistics =
    ended && [ended.rows, ended.returns, ended.lengths, ended.seeds].map((column) => raw(column, m));
  return JSON.stringify([
    n,
    all(rest.observations, rest.infos, n),
    [rest.rewards, rest.terminated, rest.truncated].map((column) => raw(column, n)),
    statistics,
    ended?.finalObservations && all(ended.finalObservations, ended.finalInfos!, m),
  ]);
}

t.test('a stepped frame survives the way there, wherever it lies in memory', async () => {
  fc.assert(
    fc.property(step, fc.nat(7), ({ layout, source }, shift) => {
      const frame = encode(layout, 5, source);
      const moved = new Uint8Array(frame.length + shift).subarray(shift);
      moved.set(frame);
      const { ended, ...result } = decodeStepped(moved, layout);
      const m = ended?.rows.length ?? 0;
      const back = { ...result, ended: ended && { ...ended, n: m } };
      return steppedId(moved) === 5 && content(layout, back) === content(layout, source);
    }),
  );
});

t.test('decodeStepped refuses what the contract does not say', async (t) => {
  const good = encode(layout, 7, source);
  const other = frameLayout([leaf('float32', 2), leaf('uint16')], []);
  t.throws(() => decodeStepped(good, other), { code: 'bad_reply', message: /expected 4 bytes, got 2/ });
  const fewer = frameLayout([leaf('float32', 2)], []);
  t.throws(() => decodeStepped(good, fewer), { code: 'bad_reply', message: /expected 1 leaves, got 2/ });
  t.throws(() => decodeStepped(Uint8Array.of(...good, 0), layout), {
    code: 'bad_reply',
    message: /1 bytes behind/,
  });
  t.equal(steppedId(bytes('94 01 01 01 90')), undefined, 'another hot message');
  t.throws(() => steppedId(bytes('93 02 01 01')), { code: 'bad_reply', message: /9 elements .* got 3/ });
});

t.test('spoiled frames give coded errors and nothing else', async () => {
  const coded = (read: () => unknown): boolean => {
    try {
      read();
      return true;
    } catch (error) {
      return error instanceof FarstepError && ['bad_frame', 'bad_reply'].includes(error.code);
    }
  };
  const goodStep = new StepEncoder()
    .encode(7, 1, [Int32Array.of(1, 0), Int8Array.of(3)], Uint32Array.of(0, 1))
    .slice();
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), spoiled(goodStep)), (frame) =>
      coded(() => decodeStep(frame)),
    ),
    { numRuns: 2000 },
  );
  const ended = {
    n: 1,
    rows: Uint32Array.of(1),
    returns: Float64Array.of(2),
    lengths: Uint32Array.of(9),
    seeds: Float64Array.of(5),
    finalObservations: source.observations,
    finalInfos: source.infos,
  };
  const goodStepped = encode(layout, 7, { ...source, ended });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), spoiled(goodStepped)), (frame) =>
      coded(() => {
        steppedId(frame);
        decodeStepped(frame, layout);
      }),
    ),
    { numRuns: 2000 },
  );
});
