import fc from 'fast-check';
import t, { type Test } from 'tap';
import { PrioritizedReplay } from '../../../agents/memory/prioritized.js';
import { SumTree } from '../../../agents/memory/sum-tree.js';
import { Random } from '../../../agents/random.js';
import { Box, Discrete } from '../../../protocol/spaces/index.js';
import { memoryCheckpoint } from '../checkpoint-in-memory.js';
import { stepResult } from './helpers.js';

/** Where each of some masses is found. */
const find = (tree: SumTree, ...masses: number[]): number[] => {
  const indices = new Int32Array(masses.length);
  tree.find(Float64Array.from(masses), indices);
  return [...indices];
};

t.test('property: a sum tree finds what adding up would', async (t) => {
  const weights = fc.array(fc.nat(20), { minLength: 1, maxLength: 600 });
  const shares = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(weights, shares, (all, shares) => {
      fc.pre(all.some((weight) => weight > 0));
      const tree = new SumTree(all.length);
      for (const [i, weight] of all.entries()) tree.set(i, 2 * weight);
      tree.setEach(Int32Array.from(all.keys()), all);
      const total = all.reduce((sum, weight) => sum + weight, 0);
      t.equal(tree.total, total);
      const masses = shares.map((share) => Math.floor(share * total)); // exact in float32 as in float64
      const expected = masses.map((mass) => {
        let rest = mass;
        return all.findIndex((weight) => {
          rest -= weight;
          return rest < 0;
        });
      });
      t.same(find(tree, ...masses), expected);
    }),
    { numRuns: 300 },
  );
});

t.test('a mass that rounding pushed over the end is still found', async (t) => {
  const tree = new SumTree(5);
  for (const [i, weight] of [0.1, 0.2, 0.7, 0, 0].entries()) tree.set(i, weight);
  t.same(find(tree, tree.total, 0), [2, 0]);
});

const scalar = new Box(-Infinity, Infinity, []).leaves;
const memoryOf = (capacity: number, exponent = 0.5) =>
  new PrioritizedReplay(
    { numEnvs: 1, capacity, observations: scalar, actions: new Discrete(9).leaves, nStep: 1, gamma: 0.5 },
    { exponent, correction: 0, correctionSteps: 1 },
  );

/** Adds transitions whose rewards are these. */
function fill(memory: PrioritizedReplay, rewards: readonly number[]): void {
  for (const reward of rewards) memory.add([Int32Array.of(0)], stepResult([{ next: 0 }], [reward]));
}

/** How often each reward is drawn, as a share. */
function shares(memory: PrioritizedReplay, draws = 20_000): Record<number, number> {
  const batch = memory.batch(4);
  const random = new Random(0);
  const counts: Record<number, number> = {};
  for (let i = 0; i < draws / 4; i++) {
    memory.sample(random, batch);
    for (const reward of batch.returns) counts[reward] = (counts[reward] ?? 0) + 4 / (4 * draws);
  }
  return counts;
}

const near = (t: Test, found: Record<number, number>, expected: Record<number, number>) => {
  t.same(Object.keys(found).sort(), Object.keys(expected).sort());
  for (const [reward, share] of Object.entries(expected)) {
    const error = Math.abs((found[Number(reward)] ?? 0) - share);
    t.ok(error < 5 * Math.sqrt((share * (1 - share)) / 20_000) + 1e-9, `${reward}: ${found[Number(reward)]}`);
  }
};

/** A memory of rewards 1, 2 and 3, whose TD errors are 1, 4 and 9. */
function judged(): PrioritizedReplay {
  const memory = memoryOf(8);
  memory.begin([Float32Array.of(0)]);
  fill(memory, [1, 2, 3]);
  memory.update({ slots: Int32Array.of(0, 1, 2) }, Float32Array.of(1, -4, 9));
  return memory;
}

t.test('draws are proportional to |error|^α', async (t) => {
  near(t, shares(judged()), { 1: 1 / 6, 2: 2 / 6, 3: 3 / 6 });
});

t.test('what is new has the largest priority so far', async (t) => {
  const memory = judged();
  fill(memory, [4]);
  near(t, shares(memory), { 1: 1 / 9, 2: 2 / 9, 3: 3 / 9, 4: 3 / 9 });
});

t.test('what made room is drawn no more, nor are ends of episodes', async (t) => {
  const memory = judged();
  const end = { terminated: true, final: 5 };
  memory.add([Int32Array.of(0)], stepResult([{ next: 0, end }], [4]));
  near(t, shares(memory), { 1: 1 / 9, 2: 2 / 9, 3: 3 / 9, 4: 3 / 9 });
  fill(memory, [5, 6, 7]); // Eight slots: 3 4 (final) 5 6 7, the newest observation, and 2.
  near(t, shares(memory), { 2: 2 / 17, 3: 3 / 17, 4: 3 / 17, 5: 3 / 17, 6: 3 / 17, 7: 3 / 17 });
});

t.test('weights, by hand', async (t) => {
  const memory = judged();
  const samples = { slots: Int32Array.of(0, 1, 2), weights: new Float32Array(3) };
  memory.weigh(samples, 1);
  // (3 · 1/6)^−1 = 2, (3 · 2/6)^−1 = 1, (3 · 3/6)^−1 = 2/3; divided by the largest.
  const expected = [1, 1 / 2, 1 / 3];
  for (const [i, weight] of samples.weights.entries()) t.ok(Math.abs(weight - expected[i]!) < 1e-3);
  memory.weigh(samples, 0); // corrects nothing yet
  t.same(samples.weights, Float32Array.of(1, 1, 1));
});

t.test('with exponent 0 all count alike', async (t) => {
  const memory = memoryOf(8, 0);
  memory.begin([Float32Array.of(0)]);
  fill(memory, [1, 2]);
  memory.update({ slots: Int32Array.of(0, 1) }, Float32Array.of(1, 100));
  near(t, shares(memory), { 1: 1 / 2, 2: 1 / 2 });
});

t.test('a saved memory goes on as if it had never been saved', async (t) => {
  const memory = judged();
  const other = memoryOf(8);
  await other.load(memoryCheckpoint(memory.save()));
  for (const each of [memory, other]) fill(each, [4]);
  t.same(shares(other, 400), shares(memory, 400));
});
