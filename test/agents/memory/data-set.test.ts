import t from 'tap';
import { DataSetWriter, readDataSet } from '../../../agents/memory/data-set.js';
import { decodeSafetensors, encodeSafetensors } from '../../../agents/nn/safetensors.js';
import type { StepResult } from '../../../protocol/client/results.js';
import { Box, Dict, Discrete, Text } from '../../../protocol/index.js';

const env = {
  id: 'Tiny-v0',
  contractHash: 'abc',
  observationSpace: new Dict({ place: new Box(-9, 9, [2]), word: new Text(2) }),
  actionSpace: new Discrete(5),
};
const words = (...codes: number[]) => Uint32Array.from(codes.flatMap((code) => [code, 0]));
const step = (
  places: number[],
  codes: number[],
  rewards: number[],
  ended?: Partial<StepResult['ended']>,
  terminated = [0, 0],
): StepResult => ({
  n: 2,
  observations: [Float32Array.from(places), words(...codes)],
  rewards: Float64Array.from(rewards),
  terminated: Uint8Array.from(terminated),
  truncated: new Uint8Array(2),
  infos: {},
  ...(ended && { ended: ended as NonNullable<StepResult['ended']> }),
});

/** Two envs: env 0 ends after one step (terminated) and after another (cut off), env 1 never. */
function recorded(): DataSetWriter {
  const data = new DataSetWriter(env);
  data.begin([Float32Array.of(0, 0, 1, 1), words(65, 66)], 2);
  const rows = Uint32Array.of(0);
  const final = (x: number, code: number) => ({
    rows,
    finalObservations: [Float32Array.of(x, x), words(code)],
  });
  data.add([Int32Array.of(3, 4)], step([2, 2, 1.5, 1.5], [67, 68], [10, 20], final(7, 90), [1, 0]));
  data.add([Int32Array.of(1, 2)], step([3, 3, 1.75, 1.75], [69, 70], [30, 40]));
  data.add([Int32Array.of(0, 0)], step([4, 4, 2, 2], [71, 72], [50, 60], final(8, 91)));
  return data;
}

t.test('whole episodes, each with its final observation', async (t) => {
  const data = recorded();
  t.equal(data.episodes, 2);
  const set = readDataSet(data.encode());
  t.same(set.lengths, Int32Array.of(1, 2));
  t.same(set.terminated, Uint8Array.of(1, 0));
  t.same(set.rewards, Float64Array.of(10, 30, 50));
  t.same(set.actions, [Int32Array.of(3, 1, 0)]);
  t.same(
    set.observations[0],
    Float32Array.of(0, 0, 7, 7, 2, 2, 3, 3, 8, 8),
    'not the first of the episode after',
  );
  t.same(set.observations[1], words(65, 90, 67, 69, 91));
  t.ok(set.env.observationSpace.equals(env.observationSpace));
  t.equal(set.env.id, 'Tiny-v0');
  t.same(readDataSet(data.encode(1)).rewards, Float64Array.of(10), 'the first one alone');
});

t.test('a file that does not hold together', async (t) => {
  const { tensors, metadata } = decodeSafetensors(recorded().encode());
  const reads = (change: Partial<typeof tensors>, meta = metadata) =>
    readDataSet(encodeSafetensors({ ...tensors, ...change } as typeof tensors, meta));
  t.throws(() => reads({}, {}), /expected format 1, got a file without one/);
  t.throws(() => reads({}, { ...metadata, farstep_data_set: '9' }), /expected format 1, got 9/);
  t.throws(() => reads({}, { ...metadata, action_space: '{"type":"Cube"}' }), /action_space/);
  t.throws(
    () => reads({ rewards: { dtype: 'F64', shape: [1], data: Float64Array.of(1) } }),
    /rewards: expected F64 \[3\], got F64 \[1\]/,
  );
  t.throws(
    () => reads({ actions: { dtype: 'F32', shape: [3], data: new Float32Array(3) } }),
    /actions: expected I32 \[3\], got F32/,
  );
});
