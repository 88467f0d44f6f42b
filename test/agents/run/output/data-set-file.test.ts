import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { decodeSafetensors, encodeSafetensors } from '../../../../agents/nn/safetensors.js';
import { DataSetWriter, readDataSet, readDataSetEnv } from '../../../../agents/run/output/data-set-file.js';
import { Box, Dict, Discrete, Text } from '../../../../protocol/index.js';
import type { StepResult } from '../../../../protocol/results.js';

const env = {
  id: 'Tiny-v0',
  options: { hard: true },
  numEnvs: 2,
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

const first = [Float32Array.of(0, 0, 1, 1), words(65, 66)];
const final = (x: number, code: number) => ({
  rows: Uint32Array.of(0),
  finalObservations: [Float32Array.of(x, x), words(code)],
});

/** Two envs: env 0 ends after one step (terminated) and after another (cut off), env 1 never. */
function play(data: DataSetWriter): void {
  data.add([Int32Array.of(3, 4)], step([2, 2, 1.5, 1.5], [67, 68], [10, 20], final(7, 90), [1, 0]));
  data.add([Int32Array.of(1, 2)], step([3, 3, 1.75, 1.75], [69, 70], [30, 40]));
  data.add([Int32Array.of(0, 0)], step([4, 4, 2, 2], [71, 72], [50, 60], final(8, 91)));
}

async function recorded(dir: string): Promise<DataSetWriter> {
  const data = await DataSetWriter.open(env, join(dir, 'columns'));
  await data.begin(first, 'start');
  play(data);
  return data;
}

t.test('whole episodes, each with its final observation', async (t) => {
  const dir = t.testdir();
  const path = join(dir, 'set.safetensors');
  const data = await recorded(dir);
  t.equal(data.episodes, 2);
  await data.finish(path);
  const set = await readDataSet(path);
  t.same(set.lengths, Int32Array.of(1, 2));
  t.same(set.terminated, Uint8Array.of(1, 0));
  t.same(set.rewards, Float64Array.of(10, 30, 50));
  t.same(set.actions, [Int32Array.of(3, 1, 0)]);
  const places = Float32Array.of(0, 0, 7, 7, 2, 2, 3, 3, 8, 8);
  t.same(set.observations[0], places, 'not the first of the episode after');
  t.same(set.observations[1], words(65, 90, 67, 69, 91));
  t.ok(set.env.observationSpace.equals(env.observationSpace));
  t.match(await readDataSetEnv(path), {
    id: 'Tiny-v0',
    options: { hard: true },
    numEnvs: 2,
    contractHash: 'abc',
  });
  t.notOk(existsSync(join(dir, 'columns', 'rewards')), 'columns are gone');
  const { tensors } = decodeSafetensors(readFileSync(path));
  t.same(tensors['observations.word']!.shape, [5, 2, 4], 'bytes in a dimension of their own');
});

t.test('the first episodes alone', async (t) => {
  const dir = t.testdir();
  const data = await recorded(dir);
  await data.finish(join(dir, 'one'), 1);
  t.same((await readDataSet(join(dir, 'one'))).rewards, Float64Array.of(10));
});

t.test('what is recorded again after a mark is recorded once', async (t) => {
  const dir = t.testdir();
  const columns = join(dir, 'columns');
  const straight = await recorded(join(dir, 'straight'));
  await straight.begin(first, 'second');
  play(straight);
  await straight.finish(join(dir, 'straight.st'));

  // The run is stopped in the middle of its second stretch, and takes that again.
  const stopped = await recorded(dir);
  await stopped.begin(first, 'second');
  play(stopped);
  t.equal(stopped.episodes, 4);
  const resumed = await DataSetWriter.open(env, columns);
  await resumed.begin(first, 'second');
  t.equal(resumed.episodes, 2);
  play(resumed);
  await resumed.finish(join(dir, 'set'));
  t.same(readFileSync(join(dir, 'set')), readFileSync(join(dir, 'straight.st')));

  // A finished recording goes on too.
  const longer = await DataSetWriter.open(env, columns, join(dir, 'set'));
  await longer.begin(first, 'second');
  play(longer);
  await longer.begin(first, 'third');
  play(longer);
  await longer.finish(join(dir, 'set'));
  t.same((await readDataSet(join(dir, 'set'))).lengths, Int32Array.of(1, 2, 1, 2, 1, 2));
});

t.test('a file that does not hold together', async (t) => {
  const dir = t.testdir();
  const path = join(dir, 'set');
  await (await recorded(dir)).finish(path);
  const { tensors, metadata } = decodeSafetensors(readFileSync(path));
  const refused = async (change: Partial<typeof tensors>, message: RegExp, meta = metadata) => {
    writeFileSync(path, encodeSafetensors({ ...tensors, ...change } as typeof tensors, meta));
    await t.rejects(readDataSet(path), { message });
  };
  await refused({}, /set: data set: expected format 1, got a file without one/, {});
  await refused({}, /expected format 1, got 9/, { ...metadata, farstep_data_set: '9' });
  await refused({}, /action_space/, { ...metadata, action_space: '{"type":"Cube"}' });
  const rewards = { dtype: 'F64' as const, shape: [1], data: Float64Array.of(1) };
  await refused({ rewards }, /rewards: expected F64 \[3\], got F64 \[1\]/);
  const actions = { dtype: 'F32' as const, shape: [3], data: new Float32Array(3) };
  await refused({ actions }, /actions: expected I32 \[3\], got F32/);
  writeFileSync(path, 'short');
  await t.rejects(readDataSet(path), { message: /set: safetensors: byte 0: 5 bytes/ });
  await t.rejects(readDataSet(join(dir, 'none')), { message: /none cannot be read: it does not exist/ });
});
