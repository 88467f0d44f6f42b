import t from 'tap';
import type { EndedBatch } from '../../envs/batch.js';
import type { Env, EnvDefinition } from '../../envs/env.js';
import { type AutoresetMode, expandSeed, VectorEnv, type VectorEnvConfig } from '../../envs/index.js';
import type { Rng } from '../../envs/rng/rng.js';
import { Box, Dict, Discrete } from '../../protocol/spaces/index.js';

/**
 * Counts up from a start below 100: an action adds to the count, which pays what was added; at or above `goal` the
 * episode is over. Observes the count and, as a one-element array, the double of it; the info is the number of steps.
 */
class Counter implements Env {
  readonly observationSpace = new Dict({
    count: new Discrete(1000),
    double: new Box(-Infinity, Infinity, [1], 'float64'),
  });
  readonly actionSpace = new Discrete(5);
  readonly infoSpaces = { steps: new Discrete(1000) };
  reward = 0;
  terminated = false;
  #count = 0;
  #steps = 0;
  constructor(readonly goal: number) {}

  reset(rng: Rng): void {
    this.#count = rng.integers(0, 100);
    this.#steps = 0;
    this.reward = 0;
    this.terminated = false;
  }
  step(action: number): void {
    if (this.#steps >= 500) throw new Error('out of steps');
    this.#count += action;
    this.#steps++;
    this.reward = action;
    this.terminated = this.#count >= this.goal;
  }
  observe(out: { count: Int32Array; double: Float64Array }): void {
    out.count[0] = this.#count;
    out.double[0] = this.#count * 2;
  }
  writeInfo(out: { steps: Int32Array }): void {
    out.steps[0] = this.#steps;
  }
  snapshot(): unknown {
    return [this.#count, this.#steps];
  }
  restore(snapshot: unknown): void {
    [this.#count, this.#steps] = snapshot as [number, number];
  }
}

const definition: EnvDefinition = {
  spec: {
    id: 'Counter-v0',
    description: 'Counts.',
    source: 'this test',
    players: 1,
    rewardRange: [0, 4],
    renderModes: [],
    options: { goal: { type: 'integer', default: 1000, description: 'Where an episode ends.' } },
  },
  rng: 'pcg64',
  resetOptions: { calm: { type: 'boolean', default: false, description: 'Nothing.' } },
  create: (options) => new Counter(options.goal as number),
};

function make(autoreset: AutoresetMode, config: Partial<VectorEnvConfig> = {}): VectorEnv {
  return new VectorEnv(definition, { numEnvs: 3, autoreset, options: { goal: 1000 }, ...config });
}

/** Steps with these actions, and returns plain values. */
function step(venv: VectorEnv, actions: readonly number[], ids?: readonly number[]) {
  venv.actions[0]!.set(actions as never);
  const batch = venv.step(ids && Uint32Array.from(ids));
  const head = (array: ArrayLike<number>, n: number = batch.n) => Array.from(array).slice(0, n);
  return {
    counts: head(batch.observations[0] as Int32Array),
    doubles: head(batch.observations[1] as Float64Array),
    steps: head(batch.infos.steps![0] as Int32Array),
    rewards: head(batch.rewards),
    terminated: head(batch.terminated),
    truncated: head(batch.truncated),
    ended: batch.ended && ended(batch.ended),
  };
}

function ended({ n, rows, returns, lengths, seeds, finalObservations, finalInfos }: EndedBatch) {
  const head = (array: unknown) => Array.from(array as Float64Array).slice(0, n);
  return {
    rows: head(rows),
    returns: head(returns),
    lengths: head(lengths),
    seeds: head(seeds),
    ...(finalObservations && {
      finalCounts: head(finalObservations[0]),
      finalDoubles: head(finalObservations[1]),
    }),
    ...(finalInfos && { finalSteps: head(finalInfos.steps![0]) }),
  };
}

/** `default_rng(seed).integers(100)`, twice: the counts that the first episodes of a seed start from. */
const START_10 = [77, 95] as const;
const START_11 = [13, 12] as const;
const START_12 = [61, 25] as const;

t.test('a reset seeds each env and hands out first observations', async (t) => {
  const venv = make('next_step');
  const { n, observations, infos, seeds } = venv.reset({ seeds: expandSeed(10, 3) });
  t.equal(n, 3);
  t.same(Array.from(observations[0] as Int32Array), [START_10[0], START_11[0], START_12[0]]);
  t.same(
    Array.from(observations[1] as Float64Array),
    [START_10[0], START_11[0], START_12[0]].map((x) => x * 2),
  );
  t.same(Array.from(infos.steps![0] as Int32Array), [0, 0, 0]);
  t.same([...seeds], [10, 11, 12]);
  const again = venv.reset();
  t.same(
    Array.from(again.observations[0] as Int32Array),
    [START_10[1], START_11[1], START_12[1]],
    'the streams go on',
  );
  t.same([...again.seeds], [10, 11, 12]);
});

t.test('a reset of some envs touches no other', async (t) => {
  const venv = make('next_step');
  venv.reset({ seeds: [10, 11, 12] });
  const { n, observations, seeds } = venv.reset({ ids: Uint32Array.of(2, 0), seeds: [null, 11] });
  t.equal(n, 2);
  t.same(Array.from(observations[0] as Int32Array).slice(0, 2), [START_12[1], START_11[0]]);
  t.same([...seeds].slice(0, 2), [12, 11]);
  t.same(step(venv, [1, 1, 1]).counts, [START_11[0] + 1, START_11[0] + 1, START_12[1] + 1]);
});

t.test('an env that is never given a seed takes one from the entropy', async (t) => {
  const entropy = [12, 10, 11];
  const venv = make('next_step', { entropy: () => entropy.shift()! });
  const { observations, seeds } = venv.reset({ seeds: [null, 11, null] });
  t.same(Array.from(observations[0] as Int32Array), [START_12[0], START_11[0], START_10[0]]);
  t.same([...seeds], [12, 11, 10]);
  t.same(entropy, [11], 'and only then');
});

t.test('steps carry rewards and observations of their own env', async (t) => {
  const venv = make('next_step');
  venv.reset({ seeds: [10, 11, 12] });
  t.same(step(venv, [1, 2, 3]), {
    counts: [START_10[0] + 1, START_11[0] + 2, START_12[0] + 3],
    doubles: [START_10[0] + 1, START_11[0] + 2, START_12[0] + 3].map((x) => x * 2),
    steps: [1, 1, 1],
    rewards: [1, 2, 3],
    terminated: [0, 0, 0],
    truncated: [0, 0, 0],
    ended: undefined,
  });
  const subset = step(venv, [4, 1], [2, 0]);
  t.same(subset.counts, [START_12[0] + 7, START_10[0] + 2], 'row k belongs to env ids[k]');
  t.same(subset.steps, [2, 2]);
});

t.test('NEXT_STEP: the step after an end ignores the action and resets', async (t) => {
  const venv = make('next_step', { options: { goal: START_10[0] + 4 } });
  venv.reset({ seeds: [10, 11, 12] });
  step(venv, [1, 0, 0]);
  const end = step(venv, [3, 1, 0]);
  t.equal(end.counts[0], START_10[0] + 4, 'the final observation');
  t.same([end.rewards[0], end.terminated[0], end.truncated[0]], [3, 1, 0]);
  t.same(end.ended, { rows: [0], returns: [4], lengths: [2], seeds: [10] });
  const next = step(venv, [99, 1, 0]);
  t.equal(next.counts[0], START_10[1], 'the ignored action may even be outside its space');
  t.same([next.rewards[0], next.terminated[0], next.truncated[0], next.steps[0]], [0, 0, 0, 0]);
  t.equal(next.counts[1], START_11[0] + 2, 'other envs go on');
  t.equal(next.ended, undefined);
});

t.test(
  'SAME_STEP: the step that ends an episode shows the next, and keeps the final observation',
  async (t) => {
    const venv = make('same_step', { options: { goal: START_10[0] + 4 } });
    venv.reset({ seeds: [10, 11, 12] });
    step(venv, [1, 0, 0]);
    const end = step(venv, [3, 1, 0]);
    t.same(end.counts, [START_10[1], START_11[0] + 1, START_12[0]]);
    t.same(end.steps, [0, 2, 2]);
    t.same(
      [end.rewards[0], end.terminated[0], end.truncated[0]],
      [3, 1, 0],
      'these belong to the old episode',
    );
    t.same(end.ended, {
      rows: [0],
      returns: [4],
      lengths: [2],
      seeds: [10],
      finalCounts: [START_10[0] + 4],
      finalDoubles: [(START_10[0] + 4) * 2],
      finalSteps: [2],
    });
  },
);

t.test(
  'DISABLED: an env that ended is not stepped until it is reset, and neither are the others',
  async (t) => {
    const venv = make('disabled', { options: { goal: START_10[0] + 4 } });
    venv.reset({ seeds: [10, 11, 12] });
    step(venv, [4, 0, 0]);
    t.throws(() => step(venv, [1, 1, 1]), { code: 'episode_over', message: /env 0/ });
    t.same(
      step(venv, [1, 2], [1, 2]).counts,
      [START_11[0] + 1, START_12[0] + 2],
      'nothing was stepped before',
    );
    venv.reset({ ids: Uint32Array.of(0) });
    t.same(step(venv, [0, 0, 0]).counts[0], START_10[1]);
  },
);

t.test('a time limit truncates, also the step that terminates', async (t) => {
  const venv = make('next_step', { maxEpisodeSteps: 2, options: { goal: START_10[0] + 2 } });
  venv.reset({ seeds: [10, 11, 12] });
  step(venv, [1, 4, 0]);
  const end = step(venv, [1, 3, 0]);
  t.same(end.terminated, [1, 0, 0]);
  t.same(end.truncated, [1, 1, 1]);
  t.same(end.ended, { rows: [0, 1, 2], returns: [2, 7, 0], lengths: [2, 2, 2], seeds: [10, 11, 12] });
  t.same(step(venv, [0, 0, 0]).truncated, [0, 0, 0]);
  t.same(step(venv, [0, 0, 0]).truncated, [0, 0, 0], 'the reset does not count as a step');
  t.same(step(venv, [0, 0, 0]).truncated.slice(1), [1, 1]);
});

t.test('what is refused changes nothing', async (t) => {
  const venv = make('disabled');
  const refused = (act: () => unknown, code: string, message: RegExp) => t.throws(act, { code, message });
  refused(() => step(venv, [0, 0, 0]), 'not_reset', /step: env 0 was never reset/);
  refused(() => venv.render(0), 'not_reset', /render: env 0/);
  refused(() => venv.snapshot(0), 'not_reset', /snapshot: env 0/);
  venv.reset({ seeds: [10, 11, 12] });
  refused(() => venv.render(0), 'no_render', /Counter-v0/);
  refused(() => step(venv, [0, 0, 5]), 'bad_action', /^step: env 2: action = 5 is outside Discrete\(5\)$/);
  refused(() => step(venv, [0, -1], [0, 1]), 'bad_action', /env 1: action = -1/);
  refused(() => step(venv, [0, 0], [1, 1]), 'bad_ids', /step: env 1 is named twice/);
  refused(() => step(venv, [0], [3]), 'bad_ids', /no env 3; there are 3/);
  refused(() => step(venv, [0, 0, 0], [0, 1, 2, 0]), 'bad_ids', /4 ids for 3 envs/);
  refused(() => venv.reset({ ids: Uint32Array.of(5) }), 'bad_ids', /reset: no env 5/);
  refused(() => venv.reset({ seeds: [1, 2] }), 'bad_message', /2 seeds for 3 envs/);
  refused(
    () => venv.reset({ seeds: [1, 2, 2 ** 53] }),
    'bad_message',
    /env 2: the seed .* got 9007199254740992/,
  );
  refused(() => venv.reset({ seeds: [1, -1, 2] }), 'bad_message', /env 1: the seed/);
  refused(() => venv.reset({ options: { clam: true } }), 'bad_options', /"clam"; did you mean calm/);
  refused(() => venv.snapshot(1.5), 'bad_ids', /no env 1.5/);
  t.same(step(venv, [0, 0, 0]).counts, [START_10[0], START_11[0], START_12[0]]);
});

t.test('an env that throws is a failure of its own kind', async (t) => {
  const venv = make('next_step', { numEnvs: 2, options: { goal: 10_000 } });
  venv.reset({ seeds: [10, 11] });
  for (let i = 0; i < 499; i++) step(venv, [0, 0]);
  step(venv, [0], [1]);
  t.throws(() => step(venv, [0, 0]), {
    code: 'env_failed',
    message: 'step: env 1: Counter-v0 threw: out of steps',
    cause: { message: 'out of steps' },
  });
});

t.test('a snapshot holds the episode, its statistics and the random stream', async (t) => {
  const venv = make('next_step', { maxEpisodeSteps: 3 });
  venv.reset({ seeds: [10, 11, 12] });
  step(venv, [1, 2, 3]);
  const before = venv.snapshot(1);
  t.match(before, { state: [START_11[0] + 2, 1], seed: 11, elapsed: 1, return: 2, ended: false });
  const run = () => [0, 1, 2, 3].map(() => step(venv, [1], [1]));
  const expected = run();
  t.same(expected[1]!.ended, { rows: [0], returns: [4], lengths: [3], seeds: [11] });
  venv.restore(1, before);
  t.same(run(), expected);
  venv.restore(0, before);
  t.same(
    [0, 1, 2, 3].map(() => step(venv, [1], [0])),
    expected,
    'in another env too',
  );
});

t.test('a snapshot of another env, other options or no snapshot is refused', async (t) => {
  const venv = make('next_step');
  venv.reset({ seeds: [10, 11, 12] });
  const good = venv.snapshot(0);
  const other = make('next_step', { options: { goal: 7 } });
  other.reset({ seeds: [10, 11, 12] });
  for (const bad of [
    other.snapshot(0),
    null,
    'text',
    { ...good, seed: 0.5 },
    { ...good, elapsed: -1 },
    { ...good, return: '1' },
    { ...good, ended: 1 },
    { ...good, rng: [1] },
  ]) {
    t.throws(() => venv.restore(0, bad), { code: 'bad_snapshot' });
  }
  t.same(venv.snapshot(0), good);
});
