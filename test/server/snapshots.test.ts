import t, { type Test } from 'tap';
import { getEnv, resolveOptions } from '../../envs/index.js';
import { type Client, connect, type RemoteVectorEnv } from '../../protocol/index.js';
import { startServer } from './rig.js';

/** Makes vector envs, each in a session of its own on one server. */
async function maker(t: Test) {
  const server = await startServer(t);
  return async (...args: Parameters<Client['make']>): Promise<RemoteVectorEnv> => {
    const client = await connect(server.url);
    t.teardown(() => client.close());
    return client.make(...args);
  };
}

const actions = (...values: number[]) => Int32Array.from(values);

t.test('a restored env takes the same future, in another session too', async (t) => {
  const make = await maker(t);
  const config = { numEnvs: 2, seed: 5, autoreset: 'same_step' } as const;
  const env = await make('MinAtar/Breakout-v1', config);
  await env.reset();
  for (let i = 0; i < 7; i++) await env.step(actions(i % 3, 1));
  const snapshots = await env.snapshot();
  t.equal(snapshots.length, 2);
  const future = [];
  for (let i = 0; i < 60; i++) future.push(await env.step(actions(2, i % 3)));

  const other = await make('MinAtar/Breakout-v1', { ...config, seed: 99 });
  const shown = await other.restore(snapshots);
  t.same([...shown.seeds], [5, 6], 'with the seeds of the episodes');
  for (const expected of future) {
    const result = await other.step(actions(2, future.indexOf(expected) % 3));
    t.same(result, expected);
  }
  await env.restore([snapshots[1]], [0]);
  const [a] = await env.snapshot([0]);
  t.same(a, snapshots[1], 'into another slot');
});

t.test('a snapshot that is none leaves every env as it was', async (t) => {
  const make = await maker(t);
  const env = await make('CartPole-v1', { numEnvs: 2, seed: 1 });
  await t.rejects(env.snapshot(), { code: 'not_reset' });
  await env.reset({ ids: [0] });
  await t.rejects(env.snapshot(), { code: 'not_reset' }, 'and the vector env lives');
  await env.reset();
  await env.step(actions(0, 1));
  const before = await env.snapshot();
  const foreign = await make('MountainCar-v0', { seed: 1 });
  await foreign.reset();
  for (const bad of [await foreign.snapshot(), [7], [null], [{ ...(before[0] as object), state: [1] }]]) {
    await t.rejects(env.restore([before[1], bad[0]]), { code: 'bad_snapshot' });
    t.same(await env.snapshot(), before);
  }
  await t.rejects(env.restore(before, [0]), { code: 'bad_snapshot', message: /2 snapshots for 1 envs/ });
  await t.rejects(env.restore(before, [0, 0]), { code: 'bad_ids' });
  await t.rejects(env.snapshot([2]), { code: 'bad_ids' });
});

t.test('rewards of goals that were never wanted equal the rewards stepped', async (t) => {
  const make = await maker(t);
  const env = await make('PointMaze-v1', {
    numEnvs: 4,
    seed: 3,
    autoreset: 'same_step',
    options: { reward_type: 'dense' },
  });
  t.ok(env.contract.rewardTasks.length > 0);
  await env.reset();
  const [achieved, desired] = ['achieved_goal', 'desired_goal'].map((name) =>
    env.observationSpace.leaves.findIndex(({ path }) => path[0] === name),
  );
  for (let i = 0; i < 10; i++) {
    const moves = new Float32Array(8).map((_, k) => Math.sin(i + k));
    const { observations, rewards } = await env.step(moves);
    const computed = await env.computeReward(observations[achieved!]!, observations[desired!]!);
    t.same(computed, rewards);
    const elsewhere = await env.computeReward(observations[achieved!]!, observations[achieved!]!);
    t.same([...elsewhere], [0, 0, 0, 0], 'the goal of being where it is');
  }
  await t.rejects(env.computeReward(new Float32Array(3), new Float32Array(3)), {
    code: 'bad_message',
    message: /rows of 8 bytes/,
  });
  await t.rejects(env.computeReward(new Float32Array(2), new Float32Array(2), 'fly'), {
    code: 'bad_message',
    message: /fly/,
  });
  const cartPole = await make('CartPole-v1');
  await t.rejects(cartPole.computeReward(new Float32Array(2), new Float32Array(2)), {
    code: 'not_supported',
  });
});

t.test('the table of a tabular env', async (t) => {
  const make = await maker(t);
  const env = await make('FrozenLake-v1');
  const table = await env.transitions();
  const definition = getEnv('FrozenLake-v1');
  t.same(table, definition.create(resolveOptions(definition.spec, {})).transitions!());
  const cartPole = await make('CartPole-v1');
  await t.rejects(cartPole.transitions(), { code: 'not_supported' });
});
