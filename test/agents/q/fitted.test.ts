/** Fitted Q-iteration of every kind on the corridor, whose values are known. */
import * as tf from '@tensorflow/tfjs-core';
import t from 'tap';
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

const CASES = {
  'fitted-q': { gradientSteps: 100, batchSize: 64, learningRate: 0.01 },
  nfq: { hidden: [10], epochs: 60 },
  'fqi-trees': { trees: 10, minLeaf: 1, minSplit: 2 },
};
const COMMON = { gamma: 0.9, learningStarts: 400, stepsPerIteration: 40, epsilonEnd: 0.3 };

const corridor = () => new Corridor({ numEnvs: 4, cells: 7, limit: 30 });
/** The cell `i`, one-hot. */
const cell = (i: number) => Float32Array.from({ length: 7 }, (_, k) => (k === i ? 1 : 0));

for (const [name, settings] of Object.entries(CASES)) {
  const definition = getAgent(name);
  const make = async () => definition.create(corridor(), { ...COMMON, ...settings }, 0);

  t.test(`${name} learns values γ^(steps to go) from data collected at random`, async (t) => {
    const before = tf.memory().numTensors;
    const agent = await make();
    await train({ agent, env: corridor(), steps: 1000, seed: 0, metricsEvery: 100 });
    const { lengths } = await evaluate(corridor(), agent, { episodes: 8, seed: 0, maxSteps: 100 });
    t.equal(mean(lengths), 3, 'the shortest way from the middle');
    for (const [i, expected] of [
      [5, 1],
      [4, 0.9],
      [3, 0.81],
      [1, 0.9 ** 4],
    ] as const) {
      const [value] = agent.values!([cell(i)]);
      t.ok(Math.abs(value! - expected) < 0.1, `cell ${i}: ${value}, expected ${expected}`);
    }
    const other = await make();
    await other.load(memoryCheckpoint(agent.save()));
    t.same(other.values!([cell(2)]), agent.values!([cell(2)]));
    agent.dispose();
    other.dispose();
    t.equal(tf.memory().numTensors, before);
  });

  t.test(`${name}: all data, then iterations one after the other`, async (t) => {
    const agent = await make();
    const env = corridor();
    const { observations } = await env.reset({ seed: 0 });
    agent.begin(observations);
    const learned: number[] = [];
    for (let step = 4; step <= 480; step += 4) {
      const actions = [Int32Array.of(0, 1, 0, 1)];
      agent.observe(actions, await env.step(actions));
      if (agent.learn()) learned.push(step);
    }
    t.same(learned, [440, 480]);
    t.equal(agent.learn(), undefined, 'nothing is due until more was collected');
    agent.elapse!(40);
    t.ok(agent.learn(), 'or until as many steps passed');
    agent.dispose();
  });

  t.test(`${name} names spaces it cannot act in`, async (t) => {
    const env = {
      ...corridor(),
      observationSpace: new Box(0, 1, [7]),
      actionSpace: new Box(-1, 1, [1]),
      numEnvs: 1,
    };
    await t.rejects(async () => definition.create(env, {}, 0), /takes a Discrete action space/);
  });
}
