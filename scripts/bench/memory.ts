/** `farstep bench memory`: what experience replay takes at a million entries, in bytes and in time. */

import { Replay } from '../../agents/memory/replay.js';
import { useBackend } from '../../agents/nn/backend.js';
import { DQN_SETTINGS, Dqn } from '../../agents/q/dqn.js';
import { completeSettings } from '../../agents/settings.js';
import type { TypedArray } from '../../protocol/dtypes.js';
import type { StepResult } from '../../protocol/results.js';
import { Box, Discrete } from '../../protocol/spaces/index.js';
import { collectGarbage } from '../gc.js';

const ENTRIES = 1_000_000;
/** The bars: gigabytes of a million frames, and how much longer an update may take with priorities. */
const MOST_GIGABYTES = 8;
const MOST_SHARE = 0.15;

export interface FramesResult {
  readonly frames: number;
  readonly gigabytes: number;
  readonly microsecondsAdding: number;
  /** Of a batch of 32 stacks of four. */
  readonly millisecondsSampling: number;
  readonly passed: boolean;
}

export interface PrioritiesResult {
  readonly entries: number;
  /** Of an update of DQN, 4-64-64-2, batch 64. */
  readonly microsecondsUniform: number;
  readonly microsecondsPrioritized: number;
  /** How much more an update takes. */
  readonly share: number;
  readonly passed: boolean;
}

const stepOf = (n: number, observations: readonly TypedArray[]): StepResult => ({
  n,
  observations,
  rewards: new Float64Array(n).fill(1),
  terminated: new Uint8Array(n),
  truncated: new Uint8Array(n),
  infos: {},
});

const microseconds = (since: number, count: number): number => ((performance.now() - since) * 1000) / count;

/** A million frames of 84 × 84 that observations are stacks of four of. */
export function benchFrames(random: () => number = Math.random): FramesResult {
  const [numEnvs, stack] = [8, 4];
  const space = new Box(0, 255, [84, 84, stack], 'uint8');
  collectGarbage();
  const before = process.memoryUsage.rss();
  const replay = new Replay({
    ...{ capacity: ENTRIES, numEnvs, nStep: 1, gamma: 0.99, stacks: [stack] },
    observations: space.leaves,
    actions: new Discrete(6).leaves,
  });
  const observations = new Uint8Array(numEnvs * space.size).map(() => 256 * random());
  const [actions, result] = [[new Int32Array(numEnvs)], stepOf(numEnvs, [observations])];
  replay.begin([observations]);
  let since = performance.now();
  for (let step = 0; step < ENTRIES / numEnvs; step++) replay.add(actions, result);
  const microsecondsAdding = microseconds(since, ENTRIES);
  const batch = replay.batch(32);
  const source = {
    random,
    integers: (low: number, high: number) => low + Math.floor(random() * (high - low)),
  };
  since = performance.now();
  for (let i = 0; i < 200; i++) replay.sample(source, batch);
  const millisecondsSampling = microseconds(since, 200) / 1000;
  collectGarbage();
  const gigabytes = (process.memoryUsage.rss() - before) / 1e9;
  return {
    ...{ frames: ENTRIES, gigabytes, microsecondsAdding, millisecondsSampling },
    passed: gigabytes < MOST_GIGABYTES,
  };
}

/** Updates of DQN with a million transitions in memory, uniform and prioritized in turns; the best turn of each counts. */
export async function benchPriorities(turns = 10, updates = 300): Promise<PrioritiesResult> {
  await useBackend('wasm');
  const numEnvs = 100;
  const task = { numEnvs, observationSpace: new Box(-1, 1, [4]), actionSpace: new Discrete(2) };
  const observations = Float32Array.from({ length: 4 * numEnvs }, () => 2 * Math.random() - 1);
  const agents = [0, 0.6].map((priorityExponent) => {
    const settings = { hidden: [64, 64], batchSize: 64, memory: ENTRIES + numEnvs, priorityExponent };
    // An update for each step that `elapse` tells of.
    const rates = { learningStarts: ENTRIES, stepsPerUpdate: 1 };
    const agent = new Dqn(task, completeSettings(DQN_SETTINGS, { ...settings, ...rates }), 0);
    const [actions, result] = [[new Int32Array(numEnvs)], stepOf(numEnvs, [observations])];
    agent.begin([observations]);
    for (let step = 0; step < ENTRIES / numEnvs; step++) agent.observe(actions, result);
    return { agent, best: Infinity };
  });
  for (let turn = 0; turn < turns; turn++) {
    for (const side of agents) {
      side.agent.elapse(updates);
      const since = performance.now();
      side.agent.learn();
      side.best = Math.min(side.best, microseconds(since, updates));
    }
  }
  for (const { agent } of agents) agent.dispose();
  const [uniform, prioritized] = agents.map(({ best }) => best);
  const share = prioritized! / uniform! - 1;
  return {
    entries: ENTRIES,
    microsecondsUniform: uniform!,
    microsecondsPrioritized: prioritized!,
    share,
    passed: share < MOST_SHARE,
  };
}
