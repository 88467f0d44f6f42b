import t from 'tap';
import type { Agent, Worker } from '../../../agents/agent.js';
import { type CheckpointReader, jsonFile } from '../../../agents/checkpoint.js';
import type { RunEnv } from '../../../agents/run/env.js';
import type { CheckpointStore } from '../../../agents/run/index.js';
import { type TrainAsyncOptions, trainAsync } from '../../../agents/run/train-async.js';
import type { ResetResult, StepResult } from '../../../protocol/client/results.js';
import { Discrete } from '../../../protocol/spaces/index.js';
import { memoryCheckpoint } from '../checkpoint-in-memory.js';
import { step } from '../tabular/steps.js';
import { Corridor } from './corridor.js';

/** Two envs whose replies come when the test lets them; an observation is how many steps were taken, from `first` on. */
class SlowEnv implements RunEnv {
  readonly observationSpace = new Discrete(1000);
  readonly actionSpace = new Discrete(2);
  readonly numEnvs = 2;
  readonly autoreset = 'same_step';
  readonly contractHash = 'slow';
  readonly seeds: number[] = [];
  steps = 0;
  #resolve: (result: StepResult) => void = () => {};
  #reject: (error: Error) => void = () => {};

  constructor(readonly first: number) {}

  async reset({ seed }: { readonly seed: number }): Promise<ResetResult> {
    this.seeds.push(seed);
    return { n: 2, observations: [this.#observe()], infos: {}, seeds: new Float64Array(2) };
  }

  step(): Promise<StepResult> {
    this.steps += 1;
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Answers the step under way, and lets whoever waits for that go on. */
  async reply(error?: Error): Promise<void> {
    if (error) this.#reject(error);
    else this.#resolve(step([...this.#observe()], [0, 0]));
    await new Promise(setImmediate);
  }

  #observe(): Int32Array {
    return new Int32Array(2).fill(this.first + this.steps);
  }
}

/** An agent of two workers that notes what happens to them. */
function noting(log: string[]): Agent {
  const worker = (name: string): Worker => ({
    begin: ([observed]) => void log.push(`${name} begins at ${observed![0]}`),
    act: ([observed]) => {
      log.push(`${name} acts at ${observed![0]}`);
      return [new Int32Array(2)];
    },
    observe: (_actions, { observations }) => void log.push(`${name} sees ${observations[0]![0]}`),
    learn: () => ({ learned: 1 }),
  });
  const files = () => ({ 'agent.json': jsonFile(log) });
  const unused = async () => {};
  return {
    ...worker('A'),
    worker: () => worker('B'),
    ...{ save: files, savePolicy: files, load: unused, loadPolicy: unused, dispose: () => {} },
  };
}

/** A run on two such envs, once everything has begun. */
async function begun(options: Partial<TrainAsyncOptions> = {}) {
  const log: string[] = [];
  const [a, b] = [new SlowEnv(0), new SlowEnv(100)];
  const run = trainAsync({
    agent: noting(log),
    envs: [a, b],
    steps: 12,
    seed: 7,
    metricsEvery: 1000,
    ...options,
  });
  run.catch(() => {}); // looked at later
  await new Promise(setImmediate);
  return { log, a, b, run };
}

t.test('nobody waits for another', async (t) => {
  const metrics: unknown[] = [];
  const { log, a, b, run } = await begun({ onMetrics: (step, values) => metrics.push([step, values]) });
  t.same(log.splice(0).sort(), ['A acts at 0', 'A begins at 0', 'B acts at 100', 'B begins at 100']);
  t.not(a.seeds[0], b.seeds[0], 'each has episodes of its own');
  for (let i = 0; i < 3; i++) await b.reply();
  t.same(log.splice(0), [
    ...['B sees 101', 'B acts at 101'],
    ...['B sees 102', 'B acts at 102'],
    ...['B sees 103', 'B acts at 103'],
  ]);
  await a.reply();
  t.same(log.splice(0), ['A sees 1', 'A acts at 1']);
  for (const env of [b, a]) await env.reply();
  t.match(await run, { status: 'finished', step: 12 });
  t.same(metrics, [[12, { episodes: 0, learned: 1 }]]);
});

t.test('while it is evaluated, nothing is learned', async (t) => {
  const evaluation = new SlowEnv(500);
  const { log, a, b, run } = await begun({
    evaluation: { env: evaluation, every: 4, episodes: 2, maxSteps: 1 },
    steps: 8,
  });
  for (const env of [a, b]) await env.reply();
  log.splice(0);
  for (const env of [a, b]) await env.reply();
  t.same(log.splice(0), [], 'the replies lie there');
  await evaluation.reply();
  t.same(log, ['A sees 2', 'A acts at 2', 'B sees 102', 'B acts at 102', 'A acts at 501']);
  await evaluation.reply();
  t.match(await run, { status: 'finished', step: 8 });
});

t.test('it stops with the signal, and goes on with new episodes', async (t) => {
  const controller = new AbortController();
  let latest: CheckpointReader | undefined;
  const store: CheckpointStore = {
    save: async (_slot, _step, files) => {
      latest = memoryCheckpoint(files);
    },
  };
  const checkpoints = { store, every: 1000 };
  const first = await begun({ signal: controller.signal, checkpoints });
  controller.abort();
  await first.b.reply();
  t.match(await first.run, { status: 'interrupted', step: 2 });

  const resumed: unknown[] = [];
  const second = await begun({
    resume: latest,
    checkpoints,
    steps: 4,
    onResume: (...args) => resumed.push(args),
  });
  t.same(resumed, [[2, false]]);
  t.notSame(second.a.seeds, first.a.seeds);
  await second.a.reply();
  t.match(await second.run, { status: 'finished', step: 4 });
});

t.test('a checkpoint on the way begins new episodes, once all replies have come', async (t) => {
  const store: CheckpointStore = { save: async () => {} };
  const { log, a, b, run } = await begun({ checkpoints: { store, every: 2 }, steps: 4 });
  await a.reply();
  log.splice(0);
  t.equal(b.seeds.length, 1);
  for (const env of [a, b]) await env.reply();
  t.same([a.seeds.length, b.seeds.length], [2, 2]);
  t.same(log.splice(0).sort(), ['A acts at 2', 'A begins at 2', 'B acts at 101', 'B begins at 101']);
  await b.reply();
  for (const env of [a, b]) await env.reply();
  t.match(await run, { step: 4 });
});

t.test('an env that fails ends it', async (t) => {
  const { a, b, run } = await begun();
  await b.reply();
  await a.reply(new Error('gone'));
  await t.rejects(run, { message: 'gone' });
});

t.test('an agent without workers', async (t) => {
  const { run } = await begun({ agent: { ...noting([]), worker: undefined } as unknown as Agent });
  await t.rejects(run, { message: 'this agent collects from one vector env alone: it has no workers' });
});

t.test('episodes are told of', async (t) => {
  const envs = [1, 2].map(() => new Corridor({ numEnvs: 2, cells: 3, limit: 9 }));
  const returns: number[] = [];
  await trainAsync({
    agent: noting([]),
    envs,
    steps: 12,
    seed: 0,
    metricsEvery: 12,
    onEpisode: (earned) => returns.push(earned),
    onMetrics: (_step, values) => t.match(values, { episodes: 12, episode_length: 1 }),
  });
  t.equal(returns.length, 12, 'each step ends at one side or the other');
});
