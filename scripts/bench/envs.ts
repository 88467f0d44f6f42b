import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { getEnv, listEnvs, type Options, resolveOptions, VectorEnv } from '../../envs/index.js';
import type { SampleSource } from '../../protocol/spaces/index.js';
import { reply } from '../embedded-server.js';
import { collectGarbage } from '../gc.js';

/** Least env-steps a second on one core of the reference machine; and the original's, where there is one. */
interface Bar {
  readonly least?: number;
  /** Options it is made with, where not the defaults. */
  readonly options?: Options;
  /** Steps a second of the original in Python on the same machine (random policy). */
  readonly original?: number;
}

/** The pipeline of Atari agents: skip 4, maximum of two frames, grey, 84×84. */
const PIXEL: Bar = { least: 15e3, options: { preprocess: true } };

const BARS: Readonly<Record<string, Bar>> = {
  'CartPole-v1': { least: 5e6, original: 206e3 },
  'Pendulum-v1': { original: 120e3 },
  'Acrobot-v1': { original: 40e3 },
  'MinAtar/Breakout-v1': { least: 2e6, original: 319e3 },
  'MinAtar/Asterix-v1': { original: 258e3 },
  'MinAtar/Seaquest-v1': { original: 218e3 },
  'MinAtar/Freeway-v1': { original: 148e3 },
  'MinAtar/SpaceInvaders-v1': { original: 54e3 },
  'FrozenLake-v1': { least: 10e6 },
  'Taxi-v4': { least: 10e6 },
  'CliffWalking-v1': { least: 10e6 },
  'Physics/Reach-v1': { least: 500e3, original: 2.2e3 },
  'Physics/Push-v1': { least: 40e3, original: 1.8e3 },
  'Physics/Drawer-v1': { least: 40e3, original: 8.4e3 },
  'Physics/Sumo-v1': { least: 40e3 },
  'Physics/Grasp-v1': { least: 8e3 },
  'Pixel/Breakout-v1': { ...PIXEL, original: 3.9e3 },
  'Pixel/Invaders-v1': PIXEL,
  'Pixel/Pong-v1': PIXEL,
  'Pixel/Rally-v1': PIXEL,
  'Pixel/Tanks-v1': PIXEL,
};

const NUM_ENVS = 64;
/** Batches of random actions, made beforehand. */
const BATCHES = 64;
const ROUNDS = 5;

export interface EnvResult {
  readonly env: string;
  readonly stepsPerSecond: number;
  readonly original: number | undefined;
  readonly least: number | undefined;
  /** Heap allocated for each env-step, bytes; noise aside, 0 where nothing is. */
  readonly heapBytesPerStep: number;
  readonly passed: boolean;
}

const source: SampleSource = {
  random: Math.random,
  integers: (low, high) => low + Math.floor(Math.random() * (high - low)),
};

/** Seconds of processor time that this process has had: on a busy machine too, what a core would have been at work. */
const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** Steps 64 copies of an env in this process with random actions, observations written, for `seconds` in all. */
export function benchEnv(id: string, seconds: number): EnvResult {
  const definition = getEnv(id);
  const options = resolveOptions(definition.spec, BARS[id]?.options ?? {});
  const envs = new VectorEnv(definition, { numEnvs: NUM_ENVS, options, autoreset: 'same_step' });
  envs.reset({ seeds: Array.from({ length: NUM_ENVS }, (_, i) => i) });
  const batches = Array.from({ length: BATCHES }, () => {
    for (let row = 0; row < NUM_ENVS; row++) {
      envs.actionSpace.write(envs.actionSpace.sample(source), envs.actions, row);
    }
    return envs.actions.map((slab) => slab.slice());
  });
  let next = 0;
  const steps = (count: number): void => {
    for (let i = 0; i < count; i++) {
      const batch = batches[next++ % BATCHES]!;
      for (let leaf = 0; leaf < batch.length; leaf++) envs.actions[leaf]!.set(batch[leaf] as never);
      envs.step();
    }
  };

  const rates: number[] = [];
  /** Steps between two looks at the clock, which take some microseconds each. */
  let stretch = 1;
  for (let round = -1; round < ROUNDS; round++) {
    const start = cpuSeconds();
    let count = 0;
    let elapsed = 0;
    while (elapsed < seconds / ROUNDS) {
      steps(stretch);
      count += stretch;
      elapsed = cpuSeconds() - start;
    }
    // The first round warms up.
    if (round >= 0) rates.push((count * NUM_ENVS) / elapsed);
    else stretch = Math.ceil((count / elapsed) * 0.005);
  }

  const counted = Math.max(16, Math.min(2000, Math.round(median(rates) / NUM_ENVS / 10)));
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  steps(counted);
  const heapBytesPerStep = Math.max(0, process.memoryUsage().heapUsed - before) / (counted * NUM_ENVS);
  const stepsPerSecond = median(rates);
  const { least, original } = BARS[id] ?? {};
  return {
    env: id,
    stepsPerSecond,
    original,
    least,
    heapBytesPerStep,
    passed: stepsPerSecond >= (least ?? 0),
  };
}

const PROCESS = fileURLToPath(new URL('./env-process.js', import.meta.url));

/** Every env, or those whose id contains `part`, one after the other, each in a process of its own. */
export async function benchEnvs(
  part: string,
  seconds: number,
  onResult: (result: EnvResult) => void,
): Promise<EnvResult[]> {
  const ids = listEnvs()
    .map(({ spec }) => spec.id)
    .filter((id) => id.toLowerCase().includes(part.toLowerCase()));
  if (ids.length === 0) throw new Error(`no env has ${part} in its id`);
  const results: EnvResult[] = [];
  for (const id of ids) {
    const result = (await reply(
      fork(PROCESS, [id, String(seconds)]),
      `the measurement of ${id}`,
    )) as EnvResult;
    onResult(result);
    results.push(result);
  }
  return results;
}
