/** Work through a network that breaks again and again, at any byte: it comes to the same, bit for bit. */
import { isDeepStrictEqual } from 'node:util';
import t, { type Test } from 'tap';
import { useBackend } from '../../agents/nn/backend.js';
import { Random } from '../../agents/random.js';
import { getAgent } from '../../agents/registry.js';
import { train } from '../../agents/run/train.js';
import { systemClock } from '../../protocol/client/clock.js';
import { type Client, type ConnectOptions, connect } from '../../protocol/index.js';
import { CuttingProxy } from '../../scripts/cutting-proxy.js';
import { TEST_BACKEND } from '../agents/test-backend.js';
import { PROBE } from './probe-env.js';
import { startServer } from './rig.js';

/** Comes back at once. */
const IMPATIENT: ConnectOptions = {
  clock: { ...systemClock, random: () => 0 },
};

/** Runs `work` undisturbed, and over connections that let through a number of bytes up to `longest` each. */
async function twice<T>(t: Test, longest: number, work: (client: Client) => Promise<T>) {
  const server = await startServer(t);
  const random = new Random(1, 'disconnects');
  // The first bytes are the upgrade and the welcome: some connections break in those too.
  const proxy = await CuttingProxy.start(
    () => server.url,
    () => random.integers(400, longest),
  );
  t.teardown(() => proxy.close());
  const through = async (url: string): Promise<T> => {
    const client = await connect(url, IMPATIENT);
    t.teardown(() => client.close());
    return work(client);
  };
  const undisturbed = await through(server.url);
  const disturbed = await through(proxy.url);
  t.equal(server.sessions, 2, 'one session each');
  return { undisturbed, disturbed, cuts: proxy.cuts };
}

t.test('a training run', async (t) => {
  await useBackend(TEST_BACKEND);
  const { undisturbed, disturbed, cuts } = await twice(t, 8000, async (client) => {
    const env = await client.make('MinAtar/Breakout-v1', { numEnvs: 3, autoreset: 'same_step' });
    const settings = {
      hidden: [16],
      memory: 500,
      learningStarts: 100,
      stepsPerUpdate: 8,
      updatesPerTarget: 20,
    };
    const agent = await getAgent('dqn').create(env, settings, 5);
    const returns: number[] = [];
    await train({ agent, env, steps: 900, seed: 5, metricsEvery: 1e9, onEpisode: (x) => returns.push(x) });
    const files = agent.save();
    agent.dispose();
    return { returns, files };
  });
  t.ok(cuts >= 100, `${cuts} disconnects`);
  t.ok(undisturbed.returns.length > 20);
  t.same(disturbed.returns, undisturbed.returns);
  for (const [name, content] of Object.entries(undisturbed.files)) {
    t.ok(isDeepStrictEqual(disturbed.files[name], content), name);
  }
});

t.test('everything at once: many requests under way, of several envs, subsets, errors', async (t) => {
  const { undisturbed, disturbed, cuts } = await twice(t, 9000, async (client) => {
    const random = new Random(2, 'work');
    const envs = await Promise.all([
      client.make(PROBE, { numEnvs: 3, seed: 1, options: { length: 4 } }),
      client.make('CartPole-v1', { numEnvs: 2, seed: 2, autoreset: 'same_step' }),
      client.make('FrozenLake-v1', { seed: 3, autoreset: 'disabled' }),
    ]);
    const [probe, pole, lake] = envs;
    await Promise.all(envs.map((env) => env.reset()));
    const asked: Promise<unknown>[] = [];
    const told: unknown[] = [];
    const tasks: readonly (() => Promise<unknown>)[] = [
      () => probe.step([new Int32Array(3), new Float32Array(6).map(() => random.random())]),
      () => probe.step([Int32Array.of(1), new Float32Array(2)], { ids: [random.integers(0, 3)] }),
      () => pole.step(Int32Array.of(random.integers(0, 2), 1)),
      () => lake.step(Int32Array.of(random.integers(0, 4))),
      () => lake.reset(),
      () => probe.reset({ ids: [1] }),
      () => pole.snapshot(),
      () => pole.renderPng(0),
    ];
    for (let i = 0; i < 2500; i++) {
      const task = tasks[random.integers(0, tasks.length - (i % 50 === 0 ? 0 : 1))]!;
      asked.push(task().catch((error: { readonly code: string }) => error.code));
      // Up to a dozen at a time.
      if (asked.length >= random.integers(1, 13)) told.push(...(await Promise.all(asked.splice(0))));
    }
    return told;
  });
  t.ok(cuts >= 100, `${cuts} disconnects`);
  t.equal(disturbed.length, undisturbed.length);
  t.ok(undisturbed.includes('episode_over'), 'errors among the answers');
  t.notOk(disturbed.includes('reply_not_kept'));
  const different = undisturbed.findIndex((answer, i) => !isDeepStrictEqual(answer, disturbed[i]));
  t.equal(different, -1);
});
