import t from 'tap';
import type { ActOptions, Agent, Metrics } from '../../../agents/agent.js';
import { type CheckpointReader, type Files, jsonFile, readJson } from '../../../agents/checkpoint.js';
import type { CheckpointStore } from '../../../agents/run/loop.js';
import { type TrainOptions, train } from '../../../agents/run/train.js';
import type { TypedArray } from '../../../protocol/dtypes.js';
import type { StepResult } from '../../../protocol/results.js';
import { memoryCheckpoint } from '../checkpoint-in-memory.js';
import { Corridor } from './corridor.js';

/** Acts at random, and keeps a digest of everything it was told, in order: two of the same lived through the same. */
class Witness implements Agent {
  digest = 0;
  readonly calls: string[] = [];

  act(observations: readonly TypedArray[], { random }: ActOptions): readonly TypedArray[] {
    const n = observations[0]!.length / 5;
    return [Int32Array.from({ length: n }, () => random.integers(0, 2))];
  }

  begin(observations: readonly TypedArray[]): void {
    this.calls.push('begin');
    this.#take(...observations);
  }

  observe(actions: readonly TypedArray[], result: StepResult): void {
    this.calls.push('observe');
    this.#take(
      ...actions,
      ...result.observations,
      result.rewards,
      ...(result.ended?.finalObservations ?? []),
    );
  }

  learn(): Metrics {
    this.calls.push('learn');
    this.digest = (Math.imul(this.digest, 31) + 1) | 0;
    return { loss: 2 };
  }

  savePolicy(): Files {
    return { 'policy.json': jsonFile(this.digest) };
  }

  async loadPolicy(): Promise<void> {}

  save(): Files {
    return { ...this.savePolicy(), 'witness.json': jsonFile(this.digest) };
  }

  async load(from: CheckpointReader): Promise<void> {
    this.digest = await readJson(from, 'witness.json');
  }

  dispose(): void {}

  #take(...slabs: readonly TypedArray[]): void {
    for (const slab of slabs)
      for (const x of slab) this.digest = (Math.imul(this.digest, 31) + Number(x)) | 0;
  }
}

/** Keeps the last checkpoint of each slot, and at which steps there was one. */
class MemoryStore implements CheckpointStore {
  readonly saved: string[] = [];
  readonly slots = new Map<string, CheckpointReader>();

  async save(slot: 'latest' | 'best', step: number, files: Files): Promise<void> {
    this.saved.push(`${slot} ${step}`);
    this.slots.set(slot, memoryCheckpoint(files));
  }
}

const corridor = () => new Corridor({ numEnvs: 3, cells: 5, limit: 9, slip: 0.3 });

/** A run of 150 steps with checkpoints every 30, and the agent it trained. */
async function run(
  options: Partial<TrainOptions> = {},
): Promise<{ digest: number; step: number; status: string }> {
  const agent = new Witness();
  const store = new MemoryStore();
  const outcome = await train({
    agent,
    env: corridor(),
    steps: 150,
    seed: 4,
    checkpoints: { store, every: 30 },
    metricsEvery: 30,
    ...options,
  });
  return { digest: agent.digest, ...outcome };
}

/** A signal that stops the run once it has come to `step`. */
function stopAt(step: number): Pick<TrainOptions, 'signal' | 'onStep'> {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    onStep: (now) => {
      if (now >= step) controller.abort();
    },
  };
}

t.test('learning happens while a step is under way, and does not see its result', async (t) => {
  const agent = new Witness();
  class Noting extends Corridor {
    override step(actions: readonly TypedArray[]): Promise<StepResult> {
      agent.calls.push('step');
      return super.step(actions);
    }
  }
  const env = new Noting({ numEnvs: 3, cells: 5, limit: 9 });
  await train({ agent, env, steps: 6, seed: 0, metricsEvery: 100 });
  t.same(agent.calls, ['begin', 'step', 'learn', 'observe', 'step', 'learn', 'observe']);
});

t.test('the same options give the same run, another seed another', async (t) => {
  const first = await run();
  t.same(await run(), first);
  t.not((await run({ seed: 5 })).digest, first.digest);
});

t.test('a run that was stopped and resumed is the run that was not', async (t) => {
  const whole = await run();
  // At checkpoints, between them, at the very start and at the last step.
  for (const stop of [3, 30, 33, 45, 60, 90, 147, 150]) {
    const store = new MemoryStore();
    const checkpoints = { store, every: 30 };
    const part = await run({ checkpoints, ...stopAt(stop) });
    t.equal(part.step, stop);
    t.equal(part.status, stop === 150 ? 'finished' : 'interrupted');
    const resumed: [number, boolean][] = [];
    const rest = await run({
      checkpoints,
      resume: store.slots.get('latest')!,
      onResume: (step, exact) => resumed.push([step, exact]),
    });
    t.same(resumed, [[stop, true]]);
    t.same(rest, whole, `stopped at ${stop}`);
  }
});

t.test('stopped again and again', async (t) => {
  const whole = await run();
  const checkpoints = { store: new MemoryStore(), every: 30 };
  let part = await run({ checkpoints, ...stopAt(12) });
  for (const stop of [24, 27, 39, 105]) {
    part = await run({ checkpoints, resume: checkpoints.store.slots.get('latest')!, ...stopAt(stop) });
    t.equal(part.step, stop);
  }
  t.same(await run({ checkpoints, resume: checkpoints.store.slots.get('latest')! }), whole);
});

t.test('a finished run can be made longer', async (t) => {
  const checkpoints = { store: new MemoryStore(), every: 40 };
  await run({ checkpoints, steps: 75 });
  t.same(
    await run({ checkpoints, resume: checkpoints.store.slots.get('latest')! }),
    await run({ checkpoints: { store: new MemoryStore(), every: 40 } }),
  );
});

t.test('an env that does not retrace its steps begins anew, and the run goes on', async (t) => {
  class Fickle extends Corridor {
    override reset(): ReturnType<Corridor['reset']> {
      return super.reset({ seed: Math.random() * 2 ** 31 });
    }
  }
  const env = () => new Fickle({ numEnvs: 3, cells: 15, limit: 100, slip: 0.5 });
  const store = new MemoryStore();
  await run({ env: env(), checkpoints: { store, every: 1000 }, steps: 60 });
  const resumed: [number, boolean][] = [];
  const onResume = (step: number, exact: boolean) => resumed.push([step, exact]);
  const { status } = await run({ env: env(), resume: store.slots.get('latest')!, onResume });
  t.same(resumed, [[60, false]]);
  t.equal(status, 'finished');
});

t.test('a checkpoint of another run is refused', async (t) => {
  const store = new MemoryStore();
  await run({ checkpoints: { store, every: 30 }, ...stopAt(33) });
  const resume = store.slots.get('latest')!;
  await t.rejects(run({ resume, seed: 5 }), {
    message: 'the checkpoint is of a run with seed 4, this one has 5',
  });
  await t.rejects(run({ resume, env: new Corridor({ numEnvs: 4, cells: 5, limit: 9 }) }), {
    message: 'the checkpoint is of a run with numEnvs 3, this one has 4',
  });
});

t.test('evaluation: at its times, in its own envs, without a trace in training', async (t) => {
  const store = new MemoryStore();
  const rows: [number, Metrics][] = [];
  const evaluation = { env: corridor(), every: 50, episodes: 6, maxSteps: 100 };
  const checkpoints = { store, every: 60 };
  const onMetrics = (step: number, values: Metrics) => {
    if ('evaluation_return' in values) rows.push([step, values]);
  };
  const evaluated = await run({ evaluation, checkpoints, onMetrics });
  t.same(
    rows.map(([step]) => step),
    [51, 102, 150],
  );
  const returns = rows.map(([, values]) => values.evaluation_return!);
  t.equal(Math.max(...returns), (evaluated as { best?: number }).best);
  t.equal(
    store.saved.filter((entry) => entry.startsWith('latest')).join(),
    'latest 60,latest 120,latest 150',
  );
  t.ok(store.saved.includes('best 51'));
  t.equal(evaluated.digest, (await run({ checkpoints: { store: new MemoryStore(), every: 60 } })).digest);
});

t.test('an evaluation that is interrupted is made when the run goes on', async (t) => {
  const options = (store: MemoryStore, rows: string[], abort?: AbortController): Partial<TrainOptions> => {
    class Interrupted extends Corridor {
      override step(actions: readonly TypedArray[]): Promise<StepResult> {
        abort?.abort();
        return super.step(actions);
      }
    }
    return {
      evaluation: {
        env: new Interrupted({ numEnvs: 2, cells: 5, limit: 9 }),
        every: 50,
        episodes: 6,
        maxSteps: 100,
      },
      checkpoints: { store, every: 1000 },
      onMetrics: (step, values) => {
        if ('evaluation_return' in values) rows.push(`${step} ${values.evaluation_return}`);
      },
      ...(abort && { signal: abort.signal }),
    };
  };
  const whole: string[] = [];
  await run(options(new MemoryStore(), whole));
  const store = new MemoryStore();
  const rows: string[] = [];
  const part = await run(options(store, rows, new AbortController()));
  t.same([part.status, part.step, rows], ['interrupted', 51, []]);
  await run({ ...options(store, rows), resume: store.slots.get('latest')! });
  t.same(rows, whole);
});

t.test('metrics are means over the steps since the last', async (t) => {
  const rows: [number, Metrics][] = [];
  await run({ onMetrics: (step, values) => rows.push([step, values]) });
  t.same(
    rows.map(([step]) => step),
    [30, 60, 90, 120, 150],
  );
  let episodes = 0;
  for (const [, values] of rows) {
    t.equal(values.loss, 2);
    t.ok(values.episode_return! >= 0 && values.episode_return! <= 1);
    t.ok(values.episode_length! >= 2 && values.episode_length! <= 9);
    t.ok(values.episodes! > episodes);
    episodes = values.episodes!;
  }
});

t.test('an error while learning or stepping ends the run with that error', async (t) => {
  class Failing extends Witness {
    override learn(): never {
      throw new Error('diverged');
    }
  }
  await t.rejects(run({ agent: new Failing() }), { message: 'diverged' });
  class Broken extends Corridor {
    override step(): Promise<StepResult> {
      return Promise.reject(new Error('connection lost'));
    }
  }
  await t.rejects(run({ env: new Broken({ numEnvs: 3, cells: 5, limit: 9 }) }), {
    message: 'connection lost',
  });
});
