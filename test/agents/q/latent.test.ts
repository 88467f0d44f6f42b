import * as tf from '@tensorflow/tfjs-core';
import t from 'tap';
import type { Agent } from '../../../agents/agent.js';
import type { CheckpointReader, Files } from '../../../agents/checkpoint.js';
import { mean } from '../../../agents/mean.js';
import { useBackend } from '../../../agents/nn/backend.js';
import { getAgent } from '../../../agents/registry.js';
import { evaluate } from '../../../agents/run/evaluate.js';
import { train } from '../../../agents/run/train.js';
import { Box } from '../../../protocol/spaces/index.js';
import { memoryCheckpoint } from '../checkpoint-in-memory.js';
import { Corridor } from '../run/corridor.js';
import { TEST_BACKEND } from '../test-backend.js';

await useBackend(TEST_BACKEND);

/** The corridor as a picture of 3 × 3 pixels, of which one is lit. */
class Pictures extends Corridor {
  override readonly observationSpace = new Box(0, 1, [3, 3, 1]);
}
const pictures = () => new Pictures({ numEnvs: 4, cells: 9, limit: 50 });

const settings = {
  code: 6,
  codeHidden: [32],
  codeFrames: 200,
  codeUpdates: 1500,
  codeLearningRate: 0.003,
  hidden: [32],
  gamma: 0.9,
  learningStarts: 400,
  stepsPerIteration: 40,
  gradientSteps: 60,
  batchSize: 64,
  learningRate: 0.01,
  epsilonEnd: 0.3,
};
const definition = getAgent('latent-fitted-q');
const make = async (given = {}): Promise<Agent> =>
  definition.create(pictures(), { ...settings, ...given }, 0);

t.test('an autoencoder learns from random play, then an agent from its codes', async (t) => {
  const before = tf.memory().numTensors;
  const agent = await make();
  const rows: Record<string, number>[] = [];
  await train({
    agent,
    env: pictures(),
    steps: 3000,
    seed: 0,
    metricsEvery: 100,
    onMetrics: (_, row) => rows.push(row),
  });
  const reconstruction = rows.flatMap(({ reconstruction_loss: loss }) => (loss === undefined ? [] : [loss]));
  t.ok(
    reconstruction.at(-1)! < 0.25 * reconstruction[0]!,
    `reconstruction loss ${reconstruction.join(', ')}`,
  );
  const { returns, lengths } = await evaluate(pictures(), agent, { episodes: 20, seed: 0, maxSteps: 200 });
  t.equal(mean(returns), 1);
  t.equal(mean(lengths), 4, 'the shortest way from the middle');
  agent.dispose();
  t.equal(tf.memory().numTensors, before);
});

t.test('stopped in either phase and resumed: the run that was not', async (t) => {
  const run = async (stopAt?: number): Promise<Files> => {
    let latest: CheckpointReader | undefined;
    for (const stop of stopAt === undefined ? [undefined] : [stopAt, undefined]) {
      const agent = await make({ codeUpdates: 200 });
      const controller = new AbortController();
      await train({
        agent,
        env: pictures(),
        steps: 800,
        seed: 3,
        metricsEvery: 1000,
        checkpoints: {
          every: 300,
          store: {
            save: async (_slot, _step, files) => {
              latest = memoryCheckpoint(files);
            },
          },
        },
        signal: controller.signal,
        ...(latest && { resume: latest }),
        onStep: (step) => {
          if (step === stop) controller.abort();
        },
      });
      const files = agent.save();
      agent.dispose();
      if (stop === undefined)
        return { a: files['autoencoder.safetensors']!, p: files['policy.safetensors']! };
    }
    throw new Error('unreachable');
  };
  const whole = await run();
  for (const stop of [120, 220, 600]) t.same(await run(stop), whole, `stopped at ${stop}`);
});

t.test('a policy alone can be taken elsewhere, before and after the code is there', async (t) => {
  const observations = [Float32Array.from({ length: 9 }, (_, i) => (i === 2 ? 1 : 0))];
  const [young, old] = [
    await make(),
    await make({ codeUpdates: 100, learningStarts: 100, stepsPerIteration: 50 }),
  ];
  await train({ agent: old, env: pictures(), steps: 800, seed: 0, metricsEvery: 1000 });
  for (const agent of [young, old]) {
    const other = await make();
    await other.loadPolicy(memoryCheckpoint(agent.savePolicy()));
    t.same(other.values!(observations), agent.values!(observations));
    other.dispose();
  }
  t.not(old.values!(observations)[0], 0);
  young.dispose();
  old.dispose();
});

t.test('numbers are not squeezed', async (t) => {
  const corridor = new Corridor({ numEnvs: 1, cells: 9, limit: 9 });
  await t.rejects(
    async () => definition.create(corridor, settings, 0),
    /takes a picture, the env observes Box/,
  );
  await t.rejects(
    async () => definition.create(pictures(), { ...settings, coda: 3 }, 0),
    /did you mean "code"/,
  );
});
