import { readFileSync } from 'node:fs';
import t from 'tap';
import loadWabt from 'wabt';
import { createRng, MAX_SEED } from '../../envs/index.js';
import { Pcg64 } from '../../envs/rng/pcg64.js';
import { PCG64_WASM } from '../../envs/rng/pcg64-wasm.js';
import { randomSeed } from '../../envs/rng/random-seed.js';
import type { Rng } from '../../envs/rng/rng.js';
import { loadJSON } from './recording.js';

/** What NumPy drew; see `record_generators` in scripts/record-originals.py. */
interface Draws {
  readonly seed: number;
  readonly random: readonly number[];
  readonly integers: readonly number[];
  readonly uniform: readonly number[];
  readonly ranges: readonly number[];
  /** `choice(['F', 'H'], p=[0.8, 0.2])` */
  readonly choice?: readonly string[];
  /** Of 1000 integers and 1000 doubles in turn: more than one block of either generator. */
  readonly sum: number;
  readonly last: number;
}
const recorded = loadJSON('generators') as {
  readonly ranges: readonly number[];
  readonly pcg64: readonly Draws[];
  readonly mt19937: readonly Draws[];
};

function drawLike(rng: Rng, draws: Draws): Draws {
  return {
    seed: draws.seed,
    random: draws.random.map(() => rng.random()),
    integers: draws.integers.map(() => rng.integers(0, 7)),
    uniform: draws.uniform.map(() => rng.uniform(-3, 5)),
    ranges: recorded.ranges.map((n) => rng.integers(-5, n - 5)),
    ...(draws.choice && { choice: draws.choice.map(() => (rng.random() < 0.8 ? 'F' : 'H')) }),
    sum: Array.from({ length: 1000 }, () => rng.integers(0, 1000) + rng.random()).reduce(
      (sum, x) => sum + x,
      0,
    ),
    last: rng.random(),
  };
}

for (const kind of ['pcg64', 'mt19937'] as const) {
  for (const draws of recorded[kind]) {
    t.test(`${kind} seeded ${draws.seed} draws what NumPy draws`, async (t) => {
      t.same(drawLike(createRng(kind, draws.seed), draws), draws);
    });
  }

  t.test(`${kind} goes on from a saved state`, async (t) => {
    const rng = createRng(kind, 5);
    for (let i = 0; i < 100; i++) rng.random();
    rng.integers(0, 10); // PCG64 keeps half an output back now
    const state = JSON.parse(JSON.stringify(rng.getState()));
    const draws = () => Array.from({ length: 700 }, () => [rng.integers(0, 10), rng.random()]).flat();
    const expected = draws();
    t.notSame(draws(), expected);
    const later = rng.getState();
    rng.setState(state);
    t.same(rng.getState(), state);
    t.same(draws(), expected);
    draws();
    t.same(rng.getState(), later, 'and comes to the same state');
  });

  t.test(`${kind} refuses what is no state and what is no range`, async (t) => {
    const rng = createRng(kind, 5);
    const state = rng.getState() as number[];
    for (const bad of [null, [], state.slice(1), [...state.slice(1), -1], [...state.slice(1), 0.5]]) {
      t.throws(() => rng.setState(bad), { code: 'bad_snapshot' });
    }
    t.same(rng.getState(), state, 'and stays as it was');
    t.throws(() => rng.integers(3, 3), RangeError);
    t.throws(() => rng.integers(0, 2 ** 33), RangeError);
  });

  t.test(`${kind} takes a random seed`, async (t) => {
    const seed = randomSeed();
    t.ok(Number.isInteger(seed) && seed >= 0 && seed <= MAX_SEED[kind]);
  });
}

t.test('pcg64 seeded again draws what a new generator does', async (t) => {
  const rng = new Pcg64(5);
  rng.integers(0, 10);
  rng.seed(6);
  const draws = (rng: Rng) => Array.from({ length: 200 }, () => [rng.integers(0, 10), rng.random()]).flat();
  t.same(draws(rng), draws(new Pcg64(6)));
});

t.test('pcg64.wat is what is run', async (t) => {
  const wabt = await loadWabt();
  const source = readFileSync(new URL('../../../envs/rng/pcg64.wat', import.meta.url), 'utf8');
  const { buffer } = wabt.parseWat('pcg64.wat', source).toBinary({});
  t.equal(PCG64_WASM, Buffer.from(buffer).toString('base64'), 'else: node dist/scripts/assemble-pcg64.js');
});
