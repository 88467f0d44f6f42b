import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { mean } from '../../../agents/mean.js';
import { useBackend } from '../../../agents/nn/backend.js';
import { getAgent } from '../../../agents/registry.js';
import { evaluate } from '../../../agents/run/evaluate.js';
import { Checkpoints } from '../../../agents/run/output/checkpoints.js';
import { train } from '../../../agents/run/train.js';
import { connect } from '../../../protocol/index.js';
import { startEmbeddedServer } from '../../../scripts/embedded-server.js';
import { TEST_BACKEND } from '../test-backend.js';

/** DQN as a stranger would run it: envs in another process, behind a WebSocket. */
await useBackend(TEST_BACKEND);
const server = await startEmbeddedServer();
const client = await connect(server.url);
t.teardown(async () => {
  client.close();
  await server.close();
});

const dqn = getAgent('dqn');
const make = (id: string, numEnvs: number) => client.make(id, { numEnvs, autoreset: 'same_step' });

t.test('CartPole, the first steps of the way', async (t) => {
  const { numEnvs, settings } = dqn.presets['CartPole-v1']!;
  const env = await make('CartPole-v1', numEnvs);
  const agent = await dqn.create(env, settings, 0);
  await train({ agent, env, steps: 4000, seed: 0, metricsEvery: 1000 });
  const evaluationEnv = await make('CartPole-v1', 10);
  const { returns } = await evaluate(evaluationEnv, agent, { episodes: 20, seed: 1, maxSteps: 10_000 });
  t.ok(mean(returns) > 100, `a random agent gets about 22, this one ${mean(returns)}`);
  agent.dispose();
});

t.test('Breakout, stopped and resumed: bit for bit the run that was not', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'farstep-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const settings = {
    hidden: [16],
    memory: 500,
    learningStarts: 100,
    stepsPerUpdate: 8,
    updatesPerTarget: 20,
  };
  const run = async (store: Checkpoints, stopAt?: number) => {
    const env = await make('MinAtar/Breakout-v1', 3);
    const agent = await dqn.create(env, settings, 5);
    const controller = new AbortController();
    await train({
      agent,
      env,
      steps: 1200,
      seed: 5,
      metricsEvery: 100,
      checkpoints: { store, every: 500 },
      signal: controller.signal,
      resume: store.has('latest') ? await store.load('latest') : undefined,
      onStep: (step) => {
        if (step === stopAt) controller.abort();
      },
    });
    agent.dispose();
    await env.close();
  };
  const parameters = async (store: Checkpoints) => {
    const checkpoint = await store.load('latest');
    const names = [
      'policy.safetensors',
      'target.safetensors',
      'policy.optimizer.safetensors',
      'replay.bin',
      'run.json',
    ];
    return Buffer.concat(await Promise.all(names.map((name) => checkpoint.read(name))));
  };
  const whole = new Checkpoints(join(directory, 'whole'));
  await run(whole);
  const parts = new Checkpoints(join(directory, 'parts'));
  for (const stopAt of [333, 504, 1101, undefined]) await run(parts, stopAt);
  t.ok((await parameters(parts)).equals(await parameters(whole)));
});
