import { join } from 'node:path';
import t from 'tap';
import type { Agent, Metrics } from '../../../agents/agent.js';
import { type CheckpointReader, type Files, jsonFile, readJson } from '../../../agents/checkpoint.js';
import type { DataSet } from '../../../agents/memory/data-set.js';
import { type OfflineOptions, trainOffline } from '../../../agents/run/offline.js';
import { DataSetWriter, readDataSet } from '../../../agents/run/output/data-set-file.js';
import { train } from '../../../agents/run/train.js';
import { RecordedEnv } from '../../../agents/views/recorded-env.js';
import { memoryCheckpoint } from '../checkpoint-in-memory.js';
import { Corridor } from './corridor.js';

/** Learns nothing, acts to the right, and counts what it is told. */
class Counter implements Agent {
  counts = { remembered: 0, elapsed: 0, learned: 0 };

  act() {
    return [Int32Array.of(1, 1, 1)];
  }
  begin(): void {}
  observe(): void {}
  remember({ rewards }: DataSet): void {
    this.counts.remembered += rewards.length;
  }
  elapse(steps: number): void {
    this.counts.elapsed += steps;
  }
  learn(): Metrics {
    this.counts.learned += 1;
    return { loss: this.counts.elapsed };
  }
  savePolicy(): Files {
    return {};
  }
  async loadPolicy(): Promise<void> {}
  save(): Files {
    return { 'counts.json': jsonFile(this.counts) };
  }
  async load(from: CheckpointReader): Promise<void> {
    this.counts = await readJson(from, 'counts.json');
  }
  dispose(): void {}
}

const corridor = () => new Corridor({ numEnvs: 3, cells: 5, limit: 9, slip: 0.3 });

async function recording(dir: string, steps = 90): Promise<DataSet> {
  const env = corridor();
  const writer = await DataSetWriter.open({ ...env, id: 'Corridor', options: {} }, join(dir, 'columns'));
  const seen = new RecordedEnv(env, writer);
  await train({ agent: new Counter(), env: seen, steps, seed: 1, metricsEvery: 100 });
  await writer.finish(join(dir, 'set'));
  return readDataSet(join(dir, 'set'));
}

async function run(data: DataSet, options: Partial<OfflineOptions> = {}) {
  const agent = (options.agent as Counter | undefined) ?? new Counter();
  let saved: Files = {};
  const outcome = await trainOffline({
    agent,
    data,
    stepsAtOnce: 3,
    steps: 60,
    seed: 0,
    metricsEvery: 30,
    checkpoints: {
      every: 1000,
      store: {
        save: async (_, __, files) => {
          saved = files;
        },
      },
    },
    ...options,
  });
  return { outcome, counts: agent.counts, saved };
}

t.test('what a run collects is recorded, episode by episode', async (t) => {
  const { lengths, rewards, observations, env } = await recording(t.testdir());
  t.equal(env.contractHash, 'corridor');
  t.ok(lengths.length > 5);
  t.equal(
    rewards.length,
    lengths.reduce((sum, length) => sum + length),
  );
  const cells = (row: number) => observations[0]!.subarray(5 * row, 5 * row + 5).indexOf(1 as never);
  let row = 0;
  let at = 0;
  for (const length of lengths) {
    t.equal(cells(row), 2, 'episodes begin in the middle');
    const last = cells(row + length);
    t.equal(rewards[at + length - 1], last === 4 ? 1 : 0, 'and pay at the right end');
    row += length + 1;
    at += length;
  }
});

t.test('memory is filled once, and steps pass in which nothing is collected', async (t) => {
  const data = await recording(t.testdir());
  const rows: [number, Metrics][] = [];
  const env = corridor();
  const { outcome, counts } = await run(data, {
    evaluation: { env, every: 30, episodes: 3, maxSteps: 50 },
    onMetrics: (step, values) => rows.push([step, values]),
  });
  t.match(outcome, { status: 'finished', step: 60 });
  t.same(counts, { remembered: data.rewards.length, elapsed: 60, learned: 20 });
  t.same(
    rows.map(([step, values]) => [step, Object.keys(values)[0]]),
    [
      [30, 'loss'],
      [30, 'evaluation_return'],
      [60, 'loss'],
      [60, 'evaluation_return'],
    ],
  );
});

t.test('stopped and resumed', async (t) => {
  const data = await recording(t.testdir());
  const controller = new AbortController();
  const onStep = (step: number) => {
    if (step === 21) controller.abort();
  };
  const part = await run(data, { signal: controller.signal, onStep });
  t.match(part.outcome, { status: 'interrupted', step: 21 });
  const resume = memoryCheckpoint(part.saved);
  const rest = await run(data, { resume });
  t.same(rest.counts, { remembered: data.rewards.length, elapsed: 60, learned: 20 }, 'nothing twice');
  const another = await recording(t.testdir({ other: {} }), 300);
  await t.rejects(run(another, { resume }), { message: /the checkpoint is of a run with dataEpisodes/ });
});

t.test('an agent that learns from its own actions alone is refused', async (t) => {
  const data = await recording(t.testdir());
  const agent = new Counter();
  Object.assign(agent, { elapse: undefined });
  await t.rejects(run(data, { agent }), { message: 'this agent cannot learn from a data set' });
});
