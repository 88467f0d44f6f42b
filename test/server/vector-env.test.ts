/** What a client sees of a vector env, through the TypeScript client and a real socket. */
import { PNG } from 'pngjs';
import t, { type Test } from 'tap';
import { listSpecs } from '../../envs/index.js';
import { resolveOptions } from '../../envs/options.js';
import { getEnv } from '../../envs/registry.js';
import { VectorEnv } from '../../envs/vector-env.js';
import {
  connect,
  type Image,
  type MakeOptions,
  type RemoteVectorEnv,
  type StepResult,
} from '../../protocol/index.js';
import { PROBE } from './probe-env.js';
import { startServer } from './rig.js';

async function make(t: Test, id: string, options?: MakeOptions): Promise<RemoteVectorEnv> {
  const server = await startServer(t);
  const client = await connect(server.url);
  t.teardown(() => client.close());
  return client.make(id, options);
}

/** Actions of the probe: kind and push of each env. */
const push = (...pushes: number[]) =>
  [new Int32Array(pushes.length), Float32Array.from(pushes.flatMap((x) => [x, 0]))] as const;

const counts = ({ observations }: Pick<StepResult, 'observations'>) =>
  [...(observations[1] as BigInt64Array)].map(Number);

t.test('make gives the contract', async (t) => {
  const env = await make(t, PROBE, {
    numEnvs: 2,
    options: { length: 3 },
    autoreset: 'same_step',
    maxEpisodeSteps: 9,
  });
  t.equal(env.spec.id, PROBE);
  t.equal(env.numEnvs, 2);
  t.equal(env.autoreset, 'same_step');
  t.equal(env.maxEpisodeSteps, 9);
  const { contract } = env;
  t.match(contract.options, { length: 3 });
  t.same(contract.observationLeaves, [
    { path: ['bits'], dtype: 'int8', shape: [2] },
    { path: ['count'], dtype: 'int64', shape: [] },
    { path: ['noise'], dtype: 'float32', shape: [3] },
    { path: ['odd'], dtype: 'bool', shape: [1] },
  ]);
  t.same(contract.actionLeaves, [
    { path: [0], dtype: 'int32', shape: [] },
    { path: [1], dtype: 'float32', shape: [2] },
  ]);
  t.same(
    contract.infos.map(({ name, leaves }) => [name, leaves]),
    [
      ['push', [{ path: [], dtype: 'float64', shape: [2] }]],
      ['turn', [{ path: [], dtype: 'int32', shape: [] }]],
    ],
  );
  t.same(contract.batchedActionSpace, env.actionSpace.batch(2).toJSON());
  t.same(contract.batchedObservationSpace, env.observationSpace.batch(2).toJSON());
});

t.test('the hash of a contract changes with it and with nothing else', async (t) => {
  const server = await startServer(t);
  const client = await connect(server.url);
  t.teardown(() => client.close());
  const hash = async (options?: MakeOptions) => (await client.make(PROBE, options)).contractHash;
  const plain = await hash();
  t.match(plain, /^[0-9a-f]{64}$/);
  t.equal(await hash(), plain);
  t.equal(await hash({ seed: 5 }), plain, 'a seed is no part of it');
  const changes: MakeOptions[] = [
    { numEnvs: 2 },
    { options: { length: 6 } },
    { autoreset: 'disabled' },
    { maxEpisodeSteps: 7 },
  ];
  const hashes = await Promise.all(changes.map(hash));
  t.equal(new Set([plain, ...hashes]).size, 5);
});

t.test('reset and step give every leaf, a row an env', async (t) => {
  const env = await make(t, PROBE, { numEnvs: 2 });
  const reset = await env.reset({ seed: 3 });
  t.equal(reset.n, 2);
  t.same([...reset.seeds], [3, 4], 'a seed s gives env i seed s + i');
  t.same(counts(reset), [0, 0]);
  t.same(reset.infos, { push: [new Float64Array(4)], turn: [new Int32Array(2)] });
  const step = await env.step(push(0.5, -1));
  t.same(counts(step), [1, 1]);
  t.same([...step.rewards], [0.5, -1]);
  t.same(step.infos, { push: [Float64Array.of(0.5, 0, -1, 0)], turn: [Int32Array.of(1, 1)] });
  t.same([...step.terminated, ...step.truncated], [0, 0, 0, 0]);
  t.equal(step.ended, undefined);
  t.same(
    step.observations.map((slab) => [slab.constructor.name, slab.length]),
    [
      ['Int8Array', 4],
      ['BigInt64Array', 2],
      ['Float32Array', 6],
      ['Uint8Array', 2],
    ],
  );
  t.ok(env.observationSpace.contains(env.observationSpace.read(step.observations, 1)));
});

t.test('an action space of one leaf takes its array alone', async (t) => {
  const env = await make(t, 'CartPole-v1', { numEnvs: 2, seed: 1 });
  await env.reset();
  const { rewards } = await env.step(Int32Array.of(0, 1));
  t.same([...rewards], [1, 1]);
});

t.test('several steps may be under way; each promise gets its own result', async (t) => {
  const env = await make(t, PROBE, { options: { length: 1000 } });
  await env.reset({ seed: 0 });
  const steps = Array.from({ length: 60 }, (_, i) => env.step(push(i / 100)));
  const results = await Promise.all(steps);
  t.same(
    results.map((step) => counts(step)[0]),
    Array.from({ length: 60 }, (_, i) => i + 1),
  );
  t.ok(results.every(({ rewards }, i) => rewards[0] === Math.fround(i / 100)));
});

t.test('stepAsync and stepWait', async (t) => {
  const env = await make(t, PROBE, { numEnvs: 2 });
  await env.reset({ seed: 0 });
  env.stepAsync(push(0, 1));
  env.stepAsync(push(1), { ids: [1] });
  t.same(counts(await env.stepWait()), [1, 1]);
  t.same(counts(await env.stepWait()), [2]);
});

t.test('a subset step steps the envs it names, in the order it names them', async (t) => {
  const env = await make(t, PROBE, { numEnvs: 4, options: { length: 100 } });
  await env.reset({ seed: 0 });
  await env.step(push(0, 0), { ids: [3, 1] });
  const step = await env.step(push(0.25, 0.5, 0.75), { ids: Uint32Array.of(1, 0, 3) });
  t.equal(step.n, 3);
  t.same(counts(step), [2, 1, 2]);
  t.same([...step.rewards], [0.25, 0.5, 0.75]);
  t.same(counts(await env.step(push(0, 0, 0, 0))), [2, 3, 1, 3]);
});

t.test('a partial reset resets the envs it names', async (t) => {
  const env = await make(t, PROBE, { numEnvs: 3, options: { length: 100 } });
  await env.reset({ seed: 10 });
  await env.step(push(0, 0, 0));
  const reset = await env.reset({ ids: [2, 0], seed: [7, null] });
  t.equal(reset.n, 2);
  t.same([...reset.seeds], [7, 10], 'null goes on with the stream of seed 10');
  t.same(counts(await env.step(push(0, 0, 0))), [1, 2, 1]);
  t.same([...(await env.reset({ ids: [1, 2], seed: 20 })).seeds], [21, 22], 'seed + i is by env, not by row');
});

t.test('the seed of make is for the first reset of each env that brings none', async (t) => {
  const env = await make(t, PROBE, { numEnvs: 3, seed: 50 });
  t.same([...(await env.reset({ ids: [1] })).seeds], [51]);
  t.same([...(await env.reset({ ids: [2], seed: [9] })).seeds], [9]);
  t.same([...(await env.reset({ ids: [0, 1, 2], seed: [null, null, null] })).seeds], [50, 51, 9]);
  const other = await make(t, PROBE, { numEnvs: 1, seed: 50 });
  const first = await other.reset();
  const again = await other.reset();
  t.notSame(again.observations, first.observations, 'the second reset goes on with the stream');
});

t.test('NEXT_STEP: the step after the end resets and ignores its action', async (t) => {
  const env = await make(t, PROBE, { numEnvs: 2, options: { length: 2 }, autoreset: 'next_step', seed: 0 });
  await env.reset();
  await env.step(push(1), { ids: [0] });
  const end = await env.step(push(1, 1));
  t.same(
    [counts(end), [...end.terminated], [...end.rewards]],
    [
      [2, 1],
      [1, 0],
      [1, 1],
    ],
  );
  t.same(end.ended, {
    rows: Uint32Array.of(0),
    returns: Float64Array.of(2),
    lengths: Uint32Array.of(2),
    seeds: Float64Array.of(0),
  });
  const after = await env.step(push(1, 1));
  t.same(
    [counts(after), [...after.terminated], [...after.rewards]],
    [
      [0, 2],
      [0, 1],
      [0, 1],
    ],
  );
});

t.test(
  'SAME_STEP: the step of the end gives the next episode, and the final observation aside',
  async (t) => {
    const env = await make(t, PROBE, { numEnvs: 3, options: { length: 2 }, autoreset: 'same_step', seed: 0 });
    await env.reset();
    await env.step(push(0, 1), { ids: [0, 2] });
    const end = await env.step(push(0, 1, 0.5));
    t.same(
      [counts(end), [...end.terminated], [...end.rewards]],
      [
        [0, 1, 0],
        [1, 0, 1],
        [0, 1, 0.5],
      ],
    );
    const { ended } = end;
    t.same([...ended!.rows], [0, 2]);
    t.same([...ended!.returns], [0, 1.5]);
    t.same([...ended!.lengths], [2, 2]);
    t.same([...ended!.seeds], [0, 2]);
    t.same(counts({ observations: ended!.finalObservations! }), [2, 2], 'of exactly the envs that ended');
    t.same(ended!.finalInfos!.push, [Float64Array.of(0, 0, 0.5, 0)]);
    t.same(end.infos.push, [Float64Array.of(0, 0, 1, 0, 0, 0)], 'the infos are those of the reset');
  },
);

t.test('DISABLED: a time limit truncates, and nothing goes on by itself', async (t) => {
  const env = await make(t, PROBE, { numEnvs: 2, autoreset: 'disabled', maxEpisodeSteps: 1, seed: 0 });
  await env.reset();
  const end = await env.step(push(1), { ids: [1] });
  t.same([[...end.terminated], [...end.truncated], counts(end)], [[0], [1], [1]]);
  t.same([...end.ended!.rows], [0], 'rows of the step, not ids');
  t.equal(end.ended!.finalObservations, undefined);
  await t.rejects(env.step(push(1, 1)), { code: 'episode_over', message: /env 1/ });
  await env.reset({ ids: [1] });
  t.same(counts(await env.step(push(1, 1))), [1, 1]);
});

t.test('render gives the picture of the env asked for, raw and as PNG', async (t) => {
  const env = await make(t, 'CartPole-v1', { numEnvs: 2, seed: 0 });
  await env.reset();
  for (let i = 0; i < 5; i++) await env.step(Int32Array.of(1), { ids: [1] });
  const definition = getEnv('CartPole-v1');
  const here = new VectorEnv(definition, {
    numEnvs: 2,
    options: resolveOptions(definition.spec, {}),
    autoreset: 'next_step',
  });
  here.reset({ seeds: [0, 1] });
  here.actions[0]![0] = 1;
  for (let i = 0; i < 5; i++) here.step(Uint32Array.of(1));
  const pixels = ({ data }: Image) => Buffer.from(data);
  const picture = here.render(1);
  const raw = await env.render(1);
  t.same([raw.width, raw.height], [picture.width, picture.height]);
  t.ok(pixels(raw).equals(pixels(picture)));
  t.ok(pixels(await env.render()).equals(pixels(here.render(0))), 'env 0 where none is named');
  t.notOk(pixels(here.render(0)).equals(pixels(picture)));
  const { width, height, data } = PNG.sync.read(Buffer.from(await env.renderPng(1)));
  t.same([width, height], [picture.width, picture.height]);
  t.ok(picture.data.every((x, i) => data[Math.floor(i / 3) * 4 + (i % 3)] === x));
});

t.test('list tells of every env and every world', async (t) => {
  const server = await startServer(t);
  const client = await connect(server.url);
  t.teardown(() => client.close());
  const listed = await client.list();
  t.same(listed, listSpecs());
});

t.test('close frees the handle, and other envs of the session go on', async (t) => {
  const server = await startServer(t);
  const client = await connect(server.url);
  t.teardown(() => client.close());
  const one = await client.make(PROBE, { numEnvs: 3 });
  const two = await client.make(PROBE, { numEnvs: 2 });
  t.equal(server.numEnvs, 5);
  await two.reset();
  await one.close();
  t.equal(server.numEnvs, 2);
  t.same(counts(await two.step(push(0, 0))), [1, 1]);
});
