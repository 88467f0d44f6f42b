import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median } from '../../agents/statistics.js';
import {
  getEnv,
  getWorld,
  HostedWorld,
  listSpecs,
  listWorlds,
  type Options,
  resolveOptions,
  VectorEnv,
} from '../../envs/index.js';
import { arrayType, sizeOf, type TypedArray } from '../../protocol/index.js';
import type { SampleSource, Space } from '../../protocol/spaces/index.js';
import { reply } from '../embedded-server.js';
import { collectGarbage } from '../gc.js';

/** What an env has to reach on one core of the reference machine; and the original's figure, where there is one. */
interface Bar {
  /** Least steps a second. */
  readonly least?: number;
  /** Most bytes of heap a step. */
  readonly mostHeap?: number;
  /** Options it is made with, where not the defaults. */
  readonly options?: Options;
  /** Steps a second of the original in Python on the same machine (random policy). */
  readonly original?: number;
}

/** Nothing is allocated in a step, but V8 puts a float on the heap (16 bytes) where it does not see how it is used. */
const MOST_HEAP = 100;
const TABULAR: Bar = { least: 10e6 };
/** The pipeline of Atari agents: skip 4, maximum of two frames, grey, 84×84. */
const PIXEL: Bar = { least: 15e3, options: { preprocess: true } };
/** The simulator records every contact that begins. */
const TABLE: Bar = { least: 40e3, mostHeap: 500 };

const BARS: Readonly<Record<string, Bar>> = {
  'CartPole-v1': { least: 5e6, original: 206e3 },
  'Pendulum-v1': { original: 120e3 },
  'Acrobot-v1': { original: 40e3 },
  'MinAtar/Breakout-v1': { least: 2e6, original: 319e3 },
  'MinAtar/Asterix-v1': { original: 258e3 },
  'MinAtar/Seaquest-v1': { original: 218e3 },
  'MinAtar/Freeway-v1': { original: 148e3 },
  'MinAtar/SpaceInvaders-v1': { original: 54e3 },
  'Blackjack-v1': TABULAR,
  'CliffWalking-v1': TABULAR,
  'CliffWalkingSlippery-v1': TABULAR,
  'FrozenLake-v1': TABULAR,
  'FrozenLake8x8-v1': TABULAR,
  'Taxi-v3': TABULAR,
  'Taxi-v4': TABULAR,
  'Physics/Reach-v1': { least: 500e3, original: 2.2e3 },
  'Physics/Push-v1': { ...TABLE, original: 1.8e3 },
  'Physics/Drawer-v1': { ...TABLE, original: 8.4e3 },
  'Physics/Soccer-v1': TABLE,
  'Physics/Sumo-v1': TABLE,
  'Physics/SumoDuel-v1': TABLE,
  // At random, every fourth step ends an episode, and new objects come into the bin.
  'Physics/Grasp-v1': { least: 8e3, mostHeap: 5000 },
  'Pixel/Breakout-v1': { ...PIXEL, original: 3.9e3 },
  'Pixel/Invaders-v1': PIXEL,
  'Pixel/Pong-v1': PIXEL,
  'Pixel/PongDuel-v1': PIXEL,
  'Pixel/Rally-v1': PIXEL,
  'Pixel/Tanks-v1': PIXEL,
  'Pixel/TanksDuel-v1': PIXEL,
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
  /** Heap allocated for each step, bytes; noise aside, 0 where nothing is. */
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

/** What is measured: steps, taken many at once with the actions of a batch. */
interface Course {
  readonly actionSpace: Space;
  /** Rows of a batch of actions, and steps that it makes. */
  readonly rows: number;
  readonly steps: number;
  readonly run: (actions: readonly TypedArray[]) => void;
}

const copy = (from: readonly TypedArray[], to: readonly TypedArray[]): void => {
  for (let leaf = 0; leaf < from.length; leaf++) to[leaf]!.set(from[leaf] as never);
};

/** Copies of an env, stepped together; what has ended begins anew. */
function envCourse(id: string): Course {
  const definition = getEnv(id);
  const options = resolveOptions(definition.spec, BARS[id]?.options);
  const envs = new VectorEnv(definition, { numEnvs: NUM_ENVS, options, autoreset: 'same_step' });
  envs.reset({ seeds: Array.from({ length: NUM_ENVS }, (_, i) => i) });
  return {
    actionSpace: envs.actionSpace,
    rows: NUM_ENVS,
    steps: NUM_ENVS,
    run(actions) {
      copy(actions, envs.actions);
      envs.step();
    },
  };
}

/** Worlds of several players, stepped in turn. */
function worldCourse(id: string): Course {
  const definition = getWorld(id);
  const options = resolveOptions(definition.spec, BARS[id]?.options);
  const worlds = Array.from({ length: NUM_ENVS }, () => new HostedWorld(definition, { options }));
  for (const [seed, world] of worlds.entries()) world.reset(seed);
  let next = 0;
  return {
    actionSpace: worlds[0]!.actionSpace,
    rows: definition.seats.length,
    steps: 1,
    run(actions) {
      const world = worlds[next++ % NUM_ENVS]!;
      copy(actions, world.actions);
      if (world.step().ended?.n === definition.seats.length) world.reset();
    },
  };
}

/** Steps an env or a world in this process with random actions, observations written, for `seconds` in all. */
export function benchEnv(id: string, seconds: number): EnvResult {
  const isWorld = listWorlds().some(({ spec }) => spec.id === id);
  const { actionSpace, rows, steps, run } = isWorld ? worldCourse(id) : envCourse(id);
  const batches = Array.from({ length: BATCHES }, () => {
    const slabs = actionSpace.leaves.map(({ dtype, shape }) => new (arrayType(dtype))(rows * sizeOf(shape)));
    for (let row = 0; row < rows; row++) actionSpace.write(actionSpace.sample(source), slabs, row);
    return slabs;
  });
  let next = 0;
  const runs = (count: number): void => {
    for (let i = 0; i < count; i++) run(batches[next++ % BATCHES]!);
  };

  const rates: number[] = [];
  /** Runs between two looks at the clock, which take some microseconds each. */
  let stretch = 1;
  for (let round = -1; round < ROUNDS; round++) {
    const start = cpuSeconds();
    let count = 0;
    let elapsed = 0;
    while (elapsed < seconds / ROUNDS) {
      runs(stretch);
      count += stretch;
      elapsed = cpuSeconds() - start;
    }
    // The first round warms up.
    if (round >= 0) rates.push((count * steps) / elapsed);
    else stretch = Math.ceil((count / elapsed) * 0.005);
  }

  // What else a machine does only ever takes time, so the best round is the nearest to what the env takes.
  const stepsPerSecond = Math.max(...rates);
  // V8 counts new objects by the page of 256 kB, so it takes many steps for a page more or less to be little a step.
  const count = Math.ceil((0.5 * stepsPerSecond) / steps);
  const allocated = Array.from({ length: ROUNDS }, () => {
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    runs(count);
    return Math.max(0, process.memoryUsage().heapUsed - before) / (count * steps);
  });
  const heapBytesPerStep = median(allocated);
  const { least, mostHeap = MOST_HEAP, original } = BARS[id] ?? {};
  return {
    env: id,
    stepsPerSecond,
    original,
    least,
    heapBytesPerStep,
    passed: stepsPerSecond >= (least ?? 0) && heapBytesPerStep <= mostHeap,
  };
}

const PROCESS = fileURLToPath(new URL('./env-process.js', import.meta.url));
/** New objects get so many megabytes that no garbage is collected while memory is measured. */
const PROCESS_FLAGS = ['--min-semi-space-size=128', '--max-semi-space-size=128'];

/** Every env, or those whose id contains `part`, one after the other, each in a process of its own. */
export async function benchEnvs(
  part: string,
  seconds: number,
  onResult: (result: EnvResult) => void,
): Promise<EnvResult[]> {
  const ids = listSpecs()
    .map(({ id }) => id)
    .filter((id) => id.toLowerCase().includes(part.toLowerCase()));
  if (ids.length === 0) throw new Error(`no env has ${part} in its id`);
  const results: EnvResult[] = [];
  for (const id of ids) {
    const result = (await reply(
      fork(PROCESS, [id, String(seconds)], { execArgv: PROCESS_FLAGS }),
      `the measurement of ${id}`,
    )) as EnvResult;
    onResult(result);
    results.push(result);
  }
  return results;
}
