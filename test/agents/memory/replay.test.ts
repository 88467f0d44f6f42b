import fc from 'fast-check';
import t from 'tap';
import { Replay } from '../../../agents/memory/replay.js';
import { Random } from '../../../agents/random.js';
import type { TypedArray } from '../../../protocol/dtypes.js';
import type { Leaf } from '../../../protocol/spaces/index.js';
import { memoryCheckpoint } from '../checkpoint-in-memory.js';
import { type Outcome, stepResult } from './helpers.js';

const observations: readonly Leaf[] = [{ path: [], dtype: 'float32', shape: [] }];
const actions: readonly Leaf[] = [{ path: [], dtype: 'int32', shape: [] }];
/** What is common to the memories below. γ is a power of two, so that every sum is exact. */
const common = { observations, actions, nStep: 1, gamma: 0.5 };

/** A transition as text: s, a, the return and, after what it is discounted by, the state that is reached. */
const show = (s: number, a: number, sum: number, discount: number, reached: number): string =>
  `${s} a${a} r${sum} ${discount}*${reached}`;

/** Every transition in memory, as text, sorted: so many draws that none is missed. */
function contents(replay: Replay): string[] {
  const batch = replay.batch(64);
  const random = new Random(1);
  const seen = new Set<string>();
  for (let i = 0; i < 40; i++) {
    replay.sample(random, batch);
    for (let row = 0; row < batch.n; row++) {
      const [s, a, next] = [
        batch.observations[0]![row],
        batch.actions[0]![row],
        batch.nextObservations[0]![row],
      ];
      seen.add(show(Number(s), Number(a), batch.returns[row]!, batch.discounts[row]!, Number(next)));
    }
  }
  return [...seen].sort();
}

t.test('one env, by hand', async (t) => {
  const replay = new Replay({ capacity: 6, numEnvs: 1, ...common });
  const add = (action: number, reward: number, outcome: Outcome) =>
    replay.add([Int32Array.of(action)], stepResult([outcome], [reward]));

  replay.begin([Float32Array.of(10)]);
  t.equal(replay.size, 0);
  add(1, 0.5, { next: 11 });
  t.same(contents(replay), ['10 a1 r0.5 0.5*11'], 'the newest transition is there at once');
  add(2, 1, { next: 20, end: { terminated: true, final: 12 } });
  t.same(
    contents(replay),
    ['10 a1 r0.5 0.5*11', '11 a2 r1 0*12'],
    'the terminal state is not the first of the next',
  );
  add(3, 2, { next: 21 });
  t.equal(replay.size, 3); // 10 11 (12) 20 | 21 and one slot free
  add(4, 3, { next: 30, end: { terminated: false, final: 22 } });
  t.same(
    contents(replay),
    ['11 a2 r1 0*12', '20 a3 r2 0.5*21', '21 a4 r3 0.5*22'],
    'a truncated episode goes on from its final observation; the oldest made room',
  );
  add(5, 4, { next: 31 });
  t.same(contents(replay), ['20 a3 r2 0.5*21', '21 a4 r3 0.5*22', '30 a5 r4 0.5*31']);
  t.equal(replay.size, 3);
});

t.test('returns of three steps, by hand', async (t) => {
  const replay = new Replay({ capacity: 12, numEnvs: 1, ...common, nStep: 3 });
  const add = (reward: number, outcome: Outcome) =>
    replay.add([Int32Array.of(0)], stepResult([outcome], [reward]));
  replay.begin([Float32Array.of(1)]);
  add(8, { next: 2 });
  t.same(contents(replay), ['1 a0 r8 0.5*2'], 'as far as the episode has come');
  add(16, { next: 3 });
  add(32, { next: 4 });
  add(64, { next: 10, end: { terminated: true, final: 5 } });
  t.same(contents(replay), [
    '1 a0 r24 0.125*4', // 8 + 16/2 + 32/4
    '2 a0 r48 0*5', // 16 + 32/2 + 64/4
    '3 a0 r64 0*5',
    '4 a0 r64 0*5',
  ]);
  add(2, { next: 20, end: { terminated: false, final: 11 } });
  t.ok(contents(replay).includes('10 a0 r2 0.5*11'), 'a cut-off ends the sum, not the value');
});

t.test('beginning anew cuts off what was under way', async (t) => {
  const replay = new Replay({ capacity: 8, numEnvs: 1, ...common });
  replay.begin([Float32Array.of(1)]);
  replay.add([Int32Array.of(0)], stepResult([{ next: 2 }], [0]));
  replay.begin([Float32Array.of(7)]);
  replay.begin([Float32Array.of(8)]);
  replay.add([Int32Array.of(0)], stepResult([{ next: 9 }], [0]));
  t.same(contents(replay), ['1 a0 r0 0.5*2', '8 a0 r0 0.5*9']);
});

t.test('sampling is uniform over transitions, whatever the rings hold', async (t) => {
  const replay = new Replay({ capacity: 40, numEnvs: 2, ...common });
  replay.begin([Float32Array.of(0, 100)]);
  for (let i = 0; i < 10; i++) {
    // Env 0 ends every second episode at once, so that half of its slots are final observations.
    const first: Outcome =
      i % 2 ? { next: i + 1 } : { next: i + 1, end: { terminated: true, final: 50 + i } };
    replay.add([Int32Array.of(0, 0)], stepResult([first, { next: 101 + i }], [i, 100 + i]));
  }
  t.equal(replay.size, 20);
  const batch = replay.batch(1000);
  const random = new Random(2);
  const counts = new Map<number, number>();
  for (let i = 0; i < 20; i++) {
    replay.sample(random, batch);
    for (const reward of batch.returns) counts.set(reward, (counts.get(reward) ?? 0) + 1);
  }
  t.equal(counts.size, 20);
  for (const count of counts.values())
    t.ok(Math.abs(count / 20_000 - 1 / 20) < 5 * Math.sqrt((0.05 * 0.95) / 20_000));
});

t.test('too small a capacity is refused', async (t) => {
  t.throws(() => new Replay({ capacity: 5, numEnvs: 2, ...common }), {
    message: 'replay: capacity 5 is too small for 2 envs, which need 3 each',
  });
});

t.test('several leaves, each of its own dtype', async (t) => {
  const replay = new Replay({
    capacity: 8,
    numEnvs: 2,
    observations: [
      { path: ['image'], dtype: 'uint8', shape: [6, 6] },
      { path: ['speed'], dtype: 'float64', shape: [2] },
    ],
    actions: [{ path: [], dtype: 'float32', shape: [3] }],
    nStep: 1,
    gamma: 0.5,
  });
  const at = (time: number) => [
    Uint8Array.from({ length: 72 }, (_, i) => 100 * Math.floor(i / 36) + time),
    Float64Array.of(time, 0.1, time, 0.2),
  ];
  replay.begin(at(0));
  replay.add([Float32Array.of(1, 2, 3, 4, 5, 6)], {
    n: 2,
    observations: at(1),
    rewards: Float64Array.of(7, 8),
    terminated: new Uint8Array(2),
    truncated: new Uint8Array(2),
    infos: {},
  });
  const batch = replay.batch(16);
  replay.sample(new Random(0), batch);
  for (let row = 0; row < batch.n; row++) {
    const env = batch.returns[row] === 7 ? 0 : 1;
    const here = (slab: TypedArray, size: number) => slab.slice(size * row, size * (row + 1));
    t.strictSame(here(batch.observations[0]!, 36), new Uint8Array(36).fill(100 * env));
    t.strictSame(here(batch.nextObservations[0]!, 36), new Uint8Array(36).fill(100 * env + 1));
    t.strictSame(here(batch.nextObservations[1]!, 2), Float64Array.of(1, env ? 0.2 : 0.1));
    t.strictSame(here(batch.actions[0]!, 3), env ? Float32Array.of(4, 5, 6) : Float32Array.of(1, 2, 3));
  }
});

const numEnvs = 2;
/** A stream of steps: for each env how it goes, now and then a new beginning. */
const streams = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 })) },
    { weight: 1, arbitrary: fc.constant('begin' as const) },
  ),
  { maxLength: 60 },
);

/** One thing that happened: a transition, or null where an episode ended after the one before. */
type Entry = { from: number; action: number; reward: number; next: number; terminated: boolean } | null;

/** The memory as lists: for each env what its slots hold, oldest first, the newest observation apart. */
class NaiveReplay {
  readonly #slots: number;
  readonly #nStep: number;
  readonly #kept: Entry[][] = Array.from({ length: numEnvs }, () => []);
  readonly #newest = new Array<number>(numEnvs).fill(0);

  constructor(capacity: number, nStep: number) {
    this.#slots = capacity / numEnvs;
    this.#nStep = nStep;
  }

  begin(env: number, observation: number): void {
    const kept = this.#kept[env]!;
    if (kept.length > 0 && kept.at(-1) !== null) this.#keep(env, null);
    this.#newest[env] = observation;
  }

  add(env: number, action: number, reward: number, { next, end }: Outcome): void {
    const from = this.#newest[env]!;
    this.#keep(env, {
      from,
      action,
      reward,
      next: end ? end.final : next,
      terminated: end?.terminated ?? false,
    });
    if (end) this.#keep(env, null);
    this.#newest[env] = next;
  }

  /** One slot is for the newest observation. */
  #keep(env: number, entry: Entry): void {
    const kept = this.#kept[env]!;
    kept.push(entry);
    if (kept.length > this.#slots - 1) kept.shift();
  }

  get contents(): string[] {
    return this.#kept
      .flatMap((kept) =>
        kept.flatMap((entry, i) => {
          if (entry === null) return [];
          const end = kept.indexOf(null, i);
          const steps = kept.slice(
            i,
            Math.min(i + this.#nStep, end < 0 ? kept.length : end),
          ) as NonNullable<Entry>[];
          const sum = steps.reduce((total, { reward }, k) => total + 0.5 ** k * reward, 0);
          const { next, terminated } = steps.at(-1)!;
          return [show(entry.from, entry.action, sum, terminated ? 0 : 0.5 ** steps.length, next)];
        }),
      )
      .sort();
  }
}

/** Plays a stream into both memories. Observations are numbered, so that no two are alike. */
function play(
  stream: typeof streams extends fc.Arbitrary<infer S> ? S : never,
  replay: Replay,
  naive: NaiveReplay,
): void {
  let serial = 0;
  const begin = () => {
    const first = Array.from({ length: numEnvs }, () => serial++);
    replay.begin([Float32Array.from(first)]);
    for (const [env, observation] of first.entries()) naive.begin(env, observation);
  };
  begin();
  for (const event of stream) {
    if (event === 'begin') {
      begin();
      continue;
    }
    const outcomes = event.map((kind): Outcome => {
      if (kind > 1) return { next: serial++ };
      return { next: serial++, end: { terminated: kind === 0, final: serial++ } };
    });
    const rewards = outcomes.map(() => serial++);
    const chosen = outcomes.map(() => serial++);
    replay.add([Int32Array.from(chosen)], stepResult(outcomes, rewards));
    for (const [env, outcome] of outcomes.entries()) naive.add(env, chosen[env]!, rewards[env]!, outcome);
  }
}

t.test('property: holds what a list of the last entries would', async (t) => {
  const [slots, steps] = [fc.integer({ min: 3, max: 12 }), fc.integer({ min: 1, max: 5 })];
  fc.assert(
    fc.property(streams, slots, steps, (stream, slots, nStep) => {
      const replay = new Replay({ capacity: slots * numEnvs, numEnvs, ...common, nStep });
      const naive = new NaiveReplay(slots * numEnvs, nStep);
      play(stream, replay, naive);
      t.equal(replay.size, naive.contents.length);
      if (replay.size > 0) t.same(contents(replay), naive.contents);
    }),
    { numRuns: 200 },
  );
});

t.test('property: a saved memory goes on as if it had never been saved', async (t) => {
  await fc.assert(
    fc.asyncProperty(streams, streams, async (before, after) => {
      const options = { capacity: 14, numEnvs, ...common };
      const [one, other] = [new Replay(options), new Replay(options)];
      play(before, one, new NaiveReplay(14, 1));
      await other.load(memoryCheckpoint(one.save()));
      t.equal(other.size, one.size);
      for (const replay of [one, other]) play(after, replay, new NaiveReplay(14, 1));
      if (one.size > 0) t.same(contents(other), contents(one));
    }),
    { numRuns: 50 },
  );
});

t.test('a memory of other settings is refused', async (t) => {
  const saved = new Replay({ capacity: 14, numEnvs, ...common }).save();
  const other = new Replay({ capacity: 20, numEnvs, ...common });
  await t.rejects(other.load(memoryCheckpoint(saved)), {
    message: 'replay.json: expected 2 envs of 10 slots, got 2 of 7',
  });
  const wider = new Replay({
    capacity: 14,
    numEnvs,
    ...common,
    observations: [{ path: [], dtype: 'float32', shape: [2] }],
  });
  const filled = new Replay({ capacity: 14, numEnvs, ...common });
  filled.begin([Float32Array.of(1, 2)]);
  await t.rejects(wider.load(memoryCheckpoint(filled.save())), /replay.bin has fewer bytes/);
});
