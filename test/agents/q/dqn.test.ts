import * as tf from '@tensorflow/tfjs-core';
import t from 'tap';
import { mean } from '../../../agents/mean.js';
import { useBackend } from '../../../agents/nn/backend.js';
import { DQN_SETTINGS, Dqn, type DqnSettings, dqn } from '../../../agents/q/dqn.js';
import { Random } from '../../../agents/random.js';
import { evaluate } from '../../../agents/run/evaluate.js';
import { train } from '../../../agents/run/train.js';
import { completeSettings } from '../../../agents/settings.js';
import type { StepResult } from '../../../protocol/results.js';
import { Box, Dict, Discrete } from '../../../protocol/spaces/index.js';
import { memoryCheckpoint } from '../checkpoint-in-memory.js';
import { Corridor } from '../run/corridor.js';
import { TEST_BACKEND } from '../test-backend.js';

await useBackend(TEST_BACKEND);

const SMALL = {
  hidden: [32],
  learningRate: 0.003,
  batchSize: 16,
  memory: 1000,
  learningStarts: 8,
  stepsPerUpdate: 1,
  updatesPerTarget: 10,
  epsilonSteps: 2000,
};

const settings = (given: Partial<DqnSettings> = {}): DqnSettings =>
  completeSettings(DQN_SETTINGS, { ...SMALL, ...given });

/** Two envs; an observation is one number. */
const task = { observationSpace: new Box(-1, 1, [1]), actionSpace: new Discrete(2, 5), numEnvs: 2 };

t.test('auto chooses a backend by the batch and the network', async (t) => {
  // 1 × 32 weights and 32 × 2, for each of 16 observations.
  t.same(dqn.workload!(task, settings()), { multiplyAdds: 16 * (32 + 64) });
  t.throws(() => dqn.workload!({ ...task, actionSpace: new Box(-1, 1, [1]) }, settings()), {
    message: /Discrete action space/,
  });
});

/** A step that ended the episodes of both envs, whose observations are ever the same: −1 in env 0, 1 in env 1. */
function lastStep(rewards: readonly number[], terminated: boolean): StepResult {
  const flags = (on: boolean) => new Uint8Array(2).fill(on ? 1 : 0);
  return {
    n: 2,
    observations: [Float32Array.of(-1, 1)],
    rewards: Float64Array.from(rewards),
    terminated: flags(terminated),
    truncated: flags(!terminated),
    infos: {},
    ended: {
      rows: Uint32Array.of(0, 1),
      returns: Float64Array.from(rewards),
      lengths: Uint32Array.of(1, 1),
      seeds: new Float64Array(2),
      finalObservations: [Float32Array.of(-1, 1)],
    },
  };
}

/** Learns from a stream of such steps; the mean value of the actions it was trained on, in the end. */
function learnedValue(
  rewards: readonly number[],
  terminated: boolean,
  given: Partial<DqnSettings> = {},
): number {
  const agent = new Dqn(task, settings({ gamma: 0.5, ...given }), 0);
  agent.begin([Float32Array.of(-1, 1)]);
  let q = Number.NaN;
  for (let i = 0; i < 400; i++) {
    for (const action of [5, 6])
      agent.observe([Int32Array.of(action, action)], lastStep(rewards, terminated));
    q = agent.learn()?.q ?? q;
  }
  agent.dispose();
  return q;
}

t.test('a terminal state is worth nothing, a state at a cut-off what follows it', async (t) => {
  // v = r in the one case; v = r + γ v = 2 r in the other, since each final observation is the state itself.
  for (const double of [false, true]) {
    t.ok(Math.abs(learnedValue([3, 3], true, { double }) - 3) < 0.05, `terminated, double ${double}`);
    t.ok(Math.abs(learnedValue([3, 3], false, { double }) - 6) < 0.1, `truncated, double ${double}`);
  }
});

t.test('a slowly moving average serves as target just as well', async (t) => {
  t.ok(Math.abs(learnedValue([3, 3], false, { updatesPerTarget: 1, tau: 0.05 }) - 6) < 0.1);
});

t.test('each transition has a target of its own', async (t) => {
  // Were [B] targets set against [B, 1] values, each of both states would learn the mean of the rewards, 0.
  const agent = new Dqn(task, settings(), 0);
  agent.begin([Float32Array.of(-1, 1)]);
  let loss = Number.NaN;
  for (let i = 0; i < 400; i++) {
    for (const action of [5, 6]) agent.observe([Int32Array.of(action, action)], lastStep([-4, 4], true));
    loss = agent.learn()?.loss ?? loss;
  }
  t.ok(loss < 1e-3, `loss ${loss}`);
  agent.dispose();
});

t.test('actions are those of the space', async (t) => {
  const agent = new Dqn(task, settings({ epsilonEnd: 1 }), 0);
  const random = new Random(0);
  const explored = Array.from(
    { length: 100 },
    () => agent.act([Float32Array.of(-1, 1)], { explore: true, random })[0],
  );
  t.same(new Set(explored.flatMap((actions) => [...actions])), new Set([5, 6]));
  const greedy = Array.from(
    { length: 100 },
    () => agent.act([Float32Array.of(0.5)], { explore: false, random })[0][0],
  );
  t.ok(new Set(greedy).size === 1 || greedy.filter((action) => action !== greedy[0]).length < 3);
  agent.dispose();
});

t.test('processes run at their rates', async (t) => {
  const agent = new Dqn(task, settings({ learningStarts: 10, stepsPerUpdate: 4 }), 0);
  agent.begin([Float32Array.of(-1, 1)]);
  const learned: number[] = [];
  for (let step = 2; step <= 30; step += 2) {
    agent.observe([Int32Array.of(5, 5)], lastStep([0, 0], true));
    if (agent.learn()) learned.push(step);
  }
  t.same(learned, [14, 18, 22, 26, 30]);
  agent.dispose();
});

t.test('spaces it cannot act in are named', async (t) => {
  const make = (spaces: object) => () => new Dqn({ ...task, ...spaces }, settings(), 0);
  t.throws(make({ actionSpace: new Box(-1, 1, [2]) }), {
    message: 'this agent takes a Discrete action space, the env has Box(-1, 1, (2), float32)',
  });
  t.throws(
    make({
      observationSpace: new Dict({ goal: new Box(0, 1, [1]), view: new Box(0, 255, [8, 8, 3], 'uint8') }),
    }),
    /takes numbers, or one picture/,
  );
});

const corridor = () => new Corridor({ numEnvs: 4, cells: 9, limit: 50, slip: 0.1 });

t.test('learns the way to the right end', async (t) => {
  const env = corridor();
  const agent = new Dqn(env, settings(), 0);
  await train({ agent, env, steps: 3000, seed: 0, metricsEvery: 1000 });
  const { returns, lengths } = await evaluate(corridor(), agent, { episodes: 40, seed: 0, maxSteps: 1000 });
  t.ok(mean(returns) > 0.9, `return ${mean(returns)}`);
  t.ok(mean(lengths) < 8, `length ${mean(lengths)}`);
  agent.dispose();
});

t.test('learns from pictures', async (t) => {
  class Pictures extends Corridor {
    override readonly observationSpace = new Box(0, 1, [3, 3, 1]);
  }
  const env = new Pictures({ numEnvs: 4, cells: 9, limit: 50, slip: 0.1 });
  const agent = new Dqn(env, settings(), 0);
  await train({ agent, env, steps: 3000, seed: 0, metricsEvery: 1000 });
  const { returns } = await evaluate(env, agent, { episodes: 40, seed: 0, maxSteps: 1000 });
  t.ok(mean(returns) > 0.9, `return ${mean(returns)}`);
  agent.dispose();
});

t.test('updates leave no tensors behind', async (t) => {
  const before = tf.memory().numTensors;
  const agent = new Dqn(task, settings(), 0);
  agent.begin([Float32Array.of(-1, 1)]);
  const counts: number[] = [];
  for (let i = 0; i < 40; i++) {
    agent.observe([Int32Array.of(5, 6)], lastStep([0, 1], false));
    if (agent.learn()) counts.push(tf.memory().numTensors);
  }
  t.ok(counts.length > 10);
  t.equal(new Set(counts).size, 1);
  agent.dispose();
  t.equal(tf.memory().numTensors, before);
});

/** The parameters after 600 steps, as bytes; the run may be stopped once. */
async function trained(stop?: number): Promise<Uint8Array> {
  const slots = new Map<string, ReturnType<typeof memoryCheckpoint>>();
  const store = {
    save: async (slot: string, _step: number, files: Parameters<typeof memoryCheckpoint>[0]) => {
      slots.set(slot, memoryCheckpoint(files));
    },
  };
  const run = async (stopAt?: number) => {
    const env = corridor();
    const agent = new Dqn(env, settings(), 7);
    const controller = new AbortController();
    await train({
      agent,
      env,
      steps: 600,
      seed: 7,
      metricsEvery: 100,
      checkpoints: { store, every: 200 },
      evaluation: { env: corridor(), every: 150, episodes: 5, maxSteps: 200 },
      signal: controller.signal,
      resume: slots.get('latest'),
      onStep: (step) => {
        if (step === stopAt) controller.abort();
      },
    });
    const files = agent.save();
    agent.dispose();
    const names = ['policy.safetensors', 'target.safetensors', 'policy.optimizer.safetensors', 'agent.json'];
    return new Uint8Array(Buffer.concat(names.map((name) => files[name] as Uint8Array)));
  };
  if (stop !== undefined) await run(stop);
  return run();
}

t.test('the same seed gives the same parameters, bit for bit, stopped and resumed or not', async (t) => {
  const whole = await trained();
  t.ok(Buffer.from(whole).equals(await trained()), 'twice the same run');
  for (const stop of [4, 200, 332, 596]) {
    t.ok(Buffer.from(whole).equals(await trained(stop)), `stopped at ${stop}`);
  }
});

t.test('a policy alone can be taken elsewhere, and another network is refused', async (t) => {
  const agent = new Dqn(task, settings(), 1);
  const saved = memoryCheckpoint(agent.savePolicy());
  const other = new Dqn(task, settings(), 2);
  await other.loadPolicy(saved);
  t.strictSame(other.savePolicy(), agent.savePolicy());
  const wider = new Dqn(task, settings({ hidden: [33] }), 1);
  await t.rejects(wider.loadPolicy(saved), /the parameters are of .* the settings make /);
  for (const each of [agent, other, wider]) each.dispose();
});

t.test('shift moves pictures before they are learned from, and refuses anything else', async (t) => {
  const refused = (most: number) => ({
    name: 'SettingError',
    message: new RegExp(
      `^shift: expected at most ${most}, since it moves pictures of bytes and the env observes Box\\(.*; got 5$`,
    ),
  });
  t.throws(() => new Dqn(task, settings({ shift: 5 }), 1), refused(0));

  const pictures = {
    observationSpace: new Box(0, 255, [5, 5, 1], 'uint8'),
    actionSpace: new Discrete(2),
    numEnvs: 2,
  };
  t.throws(() => new Dqn(pictures, settings({ shift: 5 }), 1), refused(4));

  /** Parameters after some updates on two pictures, each with a bright pixel. */
  const learned = async (shift: number, traces: DqnSettings['traces']) => {
    const agent = new Dqn(pictures, settings({ shift, traces, nStep: 2 }), 1);
    const shown = new Uint8Array(50);
    shown[12] = shown[25 + 6] = 255;
    const end = lastStep([1, -1], true);
    agent.begin([shown]);
    for (let i = 0; i < 20; i++) {
      agent.observe([Int32Array.of(0, 1)], {
        ...end,
        observations: [shown],
        ended: { ...end.ended!, finalObservations: [shown] },
      });
      agent.learn();
    }
    const parameters = await memoryCheckpoint(agent.savePolicy()).read('policy.safetensors');
    agent.dispose();
    return Buffer.from(parameters);
  };
  for (const traces of ['ignore', 'retrace'] as const) {
    const moved = await learned(1, traces);
    t.ok(moved.equals(await learned(1, traces)), `${traces}: by the seed alone`);
    t.notOk(moved.equals(await learned(0, traces)), `${traces}: not what the memory has`);
  }
});
