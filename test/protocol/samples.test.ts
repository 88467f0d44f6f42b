/** The samples of streams as frames. What streams do with them is in test/server/streams.test.ts. */
import fc from 'fast-check';
import t from 'tap';
import { FarstepError } from '../../protocol/errors.js';
import { frameLayout, layOutLeaf } from '../../protocol/frames.js';
import {
  decodeSample,
  encodeResetSample,
  encodeStepSample,
  resetSampleBytes,
  type SampleLayout,
  sampledStream,
  stepSampleBytes,
} from '../../protocol/samples.js';
import { spoiled } from './arbitraries.js';
import { bytes } from './hex.js';

const layout: SampleLayout = {
  ...frameLayout(
    [{ path: [], dtype: 'float32', shape: [2] }],
    [{ name: 'lives', leaves: [{ path: [], dtype: 'int32', shape: [] }] }],
  ),
  actions: [layOutLeaf({ path: [], dtype: 'uint8', shape: [] })],
};
const NUM_ENVS = 3;
const KEY = { stream: 300, sequence: 70_000 };

/** Slabs with room for a row more than there are, as those of a vector env have. */
const observations = [Float32Array.of(1, 2, 3, 4, 9, 9)];
const infos = { lives: [Int32Array.of(5, 6, 9)] };

const ended = {
  n: 1,
  rows: Uint32Array.of(1),
  returns: Float64Array.of(7.5),
  lengths: Uint32Array.of(8),
  seeds: Float64Array.of(2 ** 40),
  finalObservations: [Float32Array.of(10, 11)],
  finalInfos: { lives: [Int32Array.of(12)] },
};

function stepSample(ids: Uint32Array | undefined): Uint8Array {
  const actions = { n: ids?.length ?? NUM_ENVS, slabs: [Uint8Array.of(1, 0, 1)] };
  const target = new Uint8Array(stepSampleBytes(layout, actions.n, 2, ids));
  const batch = {
    n: 2,
    observations,
    rewards: Float64Array.of(0.5, -1),
    terminated: Uint8Array.of(0, 1),
    truncated: new Uint8Array(2),
    infos,
    ended,
  };
  return target.subarray(0, encodeStepSample(target, KEY, layout, ids, actions, batch));
}

function resetSample(ids: Uint32Array | undefined): Uint8Array {
  const target = new Uint8Array(resetSampleBytes(layout, 2, ids));
  const batch = { n: 2, observations, infos, seeds: Float64Array.of(1, 2 ** 33) };
  return target.subarray(0, encodeResetSample(target, KEY, layout, ids, batch));
}

t.test('a step sample', async (t) => {
  for (const ids of [Uint32Array.of(2, 0), undefined]) {
    const frame = stepSample(ids);
    t.equal(sampledStream(frame), 300);
    const { n: _, ...statistics } = ended;
    t.same(decodeSample(frame, layout, NUM_ENVS), {
      type: 'step',
      sequence: 70_000,
      ids,
      actions: [ids ? Uint8Array.of(1, 0) : Uint8Array.of(1, 0, 1)],
      result: {
        n: 2,
        observations: [Float32Array.of(1, 2, 3, 4)],
        rewards: Float64Array.of(0.5, -1),
        terminated: Uint8Array.of(0, 1),
        truncated: Uint8Array.of(0, 0),
        infos: { lives: [Int32Array.of(5, 6)] },
        ended: statistics,
      },
    });
  }
});

t.test('a reset sample', async (t) => {
  for (const ids of [Uint32Array.of(2, 0), undefined]) {
    const frame = resetSample(ids);
    t.equal(sampledStream(frame), 300);
    t.same(decodeSample(frame, layout, NUM_ENVS), {
      type: 'reset',
      sequence: 70_000,
      ids,
      result: {
        n: 2,
        observations: [Float32Array.of(1, 2, 3, 4)],
        infos: { lives: [Int32Array.of(5, 6)] },
        seeds: Float64Array.of(1, 2 ** 33),
      },
    });
  }
});

t.test('what is no sample of this stream', async (t) => {
  const good = stepSample(undefined);
  const cases: readonly (readonly [() => unknown, RegExp])[] = [
    [() => sampledStream(bytes('93 05 01 01')), /begins with 2 \(stepped\), 3 or 4 \(samples\), got 5/],
    [() => decodeSample(bytes('93 03 01 01'), layout, 3), /a sample of kind 3 has no 3 elements/],
    [() => decodeSample(good, layout, 2), /expected 2 bytes, got 3/],
    [() => decodeSample(good, { ...layout, actions: [] }, 3), /expected 0 leaves, got 1/],
    [() => decodeSample(Uint8Array.of(...good, 0), layout, 3), /1 bytes behind/],
  ];
  for (const [read, message] of cases) t.throws(read, { code: 'bad_reply', message });
});

t.test('spoiled samples give coded errors and nothing else', async () => {
  const frames = [stepSample(undefined), stepSample(Uint32Array.of(2, 0)), resetSample(undefined)];
  fc.assert(
    fc.property(fc.constantFrom(...frames).chain(spoiled), (frame) => {
      try {
        sampledStream(frame);
        decodeSample(frame, layout, NUM_ENVS);
        return true;
      } catch (error) {
        return error instanceof FarstepError && ['bad_reply', 'bad_frame'].includes(error.code);
      }
    }),
  );
});
