/** What every agent of continuous actions must do, each with few parameters on a task whose values are known. */
import * as tf from '@tensorflow/tfjs-core';
import t from 'tap';
import type { Agent } from '../../../agents/agent.js';
import type { CheckpointReader, Files } from '../../../agents/checkpoint.js';
import { mean } from '../../../agents/mean.js';
import { useBackend } from '../../../agents/nn/backend.js';
import { getAgent } from '../../../agents/registry.js';
import { evaluate } from '../../../agents/run/evaluate.js';
import { train } from '../../../agents/run/train.js';
import type { SettingValue } from '../../../agents/settings.js';
import { Box, Discrete } from '../../../protocol/spaces/index.js';
import { memoryCheckpoint } from '../checkpoint-in-memory.js';
import { Mirror } from '../run/mirror.js';
import { TEST_BACKEND } from '../test-backend.js';

await useBackend(TEST_BACKEND);

const COMMON = {
  hidden: [32, 32],
  gamma: 0.5,
  batchSize: 32,
  memory: 5000,
  learningStarts: 100,
  learningRate: 3e-3,
  tau: 0.05,
  stepsPerUpdate: 2,
};
/** How an agent is called, and how many steps it needs. */
export interface Case {
  readonly settings: Readonly<Record<string, SettingValue>>;
  readonly steps: number;
  /** Its name in the registry, unless the case has it. */
  readonly agent?: string;
}

const NUM_ENVS = 4;

/** Each of the cases in all of it. */
export function testAgents(cases: Readonly<Record<string, Case>>): void {
  for (const [name, { agent: id = name, settings, steps }] of Object.entries(cases))
    testAgent(name, id, settings, steps);
}

function testAgent(name: string, id: string, settings: Case['settings'], steps: number): void {
  const definition = getAgent(id);
  const make = async (env: Mirror, seed: number, given = {}): Promise<Agent> =>
    definition.create(env, { ...COMMON, ...settings, ...given }, seed);

  for (const terminates of [true, false]) {
    t.test(
      `${name} learns what acting well is worth, ${terminates ? 'terminated' : 'cut off'}`,
      async (t) => {
        const env = new Mirror(NUM_ENVS, terminates);
        const agent = await make(env, 0);
        await train({ agent, env, steps, seed: 0, metricsEvery: 1000 });
        const { returns } = await evaluate(new Mirror(10, true), agent, {
          episodes: 100,
          seed: 1,
          maxSteps: 100,
        });
        t.ok(mean(returns) > 0.85, `return ${mean(returns)}; a random agent gets about 0.33`);
        const worth = mean(agent.values!([Float32Array.of(-0.5, 0.5, 0, 0, 0.3, -0.2)]));
        const expected = terminates ? 1 : 2;
        t.ok(Math.abs(worth - expected) < 0.15 * expected, `worth ${worth}, expected ${expected}`);
        agent.dispose();
      },
    );
  }

  t.test(
    `${name}: the same seed gives the same parameters, stopped and resumed or not; no tensor is left`,
    async (t) => {
      const before = tf.memory().numTensors;
      const trained = async (stopAt?: number): Promise<Files> => {
        let latest: CheckpointReader | undefined;
        const store = {
          save: async (_slot: string, _step: number, files: Files) => {
            latest = memoryCheckpoint(files);
          },
        };
        for (const stop of stopAt === undefined ? [undefined] : [stopAt, undefined]) {
          const env = new Mirror(NUM_ENVS, false);
          const agent = await make(env, 7, { priorityExponent: 0.5, nStep: 2 });
          const controller = new AbortController();
          const counts: number[] = [];
          await train({
            agent,
            env,
            steps: 240,
            seed: 7,
            metricsEvery: 100,
            checkpoints: { store, every: 80 },
            signal: controller.signal,
            ...(latest && { resume: latest }),
            onStep: (step) => {
              if (step > 120) counts.push(tf.memory().numTensors);
              if (step === stop) controller.abort();
            },
          });
          if (stop === undefined) {
            t.equal(new Set(counts).size, 1, 'updates leave as many tensors as before');
            const files = agent.save();
            agent.dispose();
            return Object.fromEntries(
              Object.entries(files).map(([file, content]) => [
                file,
                content instanceof Uint8Array ? content : Buffer.concat([...content]),
              ]),
            );
          }
          agent.dispose();
        }
        throw new Error('unreachable');
      };
      const whole = await trained();
      for (const stop of [120, 148]) {
        const parts = await trained(stop);
        t.same(Object.keys(parts), Object.keys(whole));
        for (const [file, content] of Object.entries(whole)) {
          t.ok(
            Buffer.from(content as Uint8Array).equals(parts[file] as Uint8Array),
            `${file}, stopped at ${stop}`,
          );
        }
      }
      t.equal(tf.memory().numTensors, before);
    },
  );

  t.test(`${name} names spaces it cannot act in`, async (t) => {
    const task = { numEnvs: 1, observationSpace: new Box(-1, 1, [2]), actionSpace: new Box(-1, 1, [1]) };
    const create = async (spaces: object) =>
      definition.create({ ...task, ...spaces }, { ...COMMON, ...settings }, 0);
    await t.rejects(
      create({ actionSpace: new Discrete(2) }),
      /takes a Box of actions, the env has Discrete\(2\)/,
    );
    await t.rejects(create({ actionSpace: new Box(-1, Infinity, [1]) }), /action\[0\] has none/);
    await t.rejects(create({ observationSpace: new Box(0, 255, [8, 8, 3], 'uint8') }), /takes numbers/);
  });
}
