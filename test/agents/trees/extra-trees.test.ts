import { readFileSync } from 'node:fs';
import t from 'tap';
import { mean } from '../../../agents/mean.js';
import { encodeSafetensors } from '../../../agents/nn/safetensors.js';
import { Random } from '../../../agents/random.js';
import { completeSettings } from '../../../agents/settings.js';
import {
  EXTRA_TREES_SETTINGS,
  ExtraTrees,
  type ExtraTreesSettings,
} from '../../../agents/trees/extra-trees.js';
import { growTree, type Tree } from '../../../agents/trees/grow.js';
import { createRng } from '../../../envs/index.js';

/** A generator that draws these numbers, and then no more. */
function scripted(...numbers: number[]) {
  const next = () => {
    if (numbers.length === 0) throw new Error('nothing more was to be drawn');
    return numbers.shift()!;
  };
  return { random: next, integers: next, numbers };
}

/** Four samples of two features, and what they are worth. */
const SAMPLES = {
  columns: [Float32Array.of(0, 1, 2, 3), Float32Array.of(0, 0, 1, 1)],
  targets: Float64Array.of(1, 1, 5, 7),
};

t.test('a small tree, by hand', async (t) => {
  const random = scripted(
    // The root: feature 0 is cut at 0.9 · 3 = 2.7, which scores 7² / 3 + 7² / 1; feature 1 at 0.5: 2² / 2 + 12² / 2.
    ...[0, 0.9, 0, 0.5],
    // The samples above: feature 1 is constant there; feature 0 is cut at 2 + 0.25. Those below are worth the same.
    ...[0, 0, 0.25],
  );
  t.same(growTree(SAMPLES, { minSplit: 2, minLeaf: 1, candidates: 2 }, random), {
    feature: Int32Array.of(1, -1, 0, -1, -1),
    left: Int32Array.of(1, 0, 3, 0, 0),
    number: Float64Array.of(0.5, 1, 2.25, 5, 7),
  });
  t.same(random.numbers, [], 'everything was drawn');
});

t.test('limits to splitting', async (t) => {
  const leafOf = (...values: number[]): Tree => ({
    feature: Int32Array.of(1, -1, -1),
    left: Int32Array.of(1, 0, 0),
    number: Float64Array.of(0.5, ...values),
  });
  const root = [0, 0.9, 0, 0.5];
  t.same(growTree(SAMPLES, { minSplit: 3, minLeaf: 1, candidates: 2 }, scripted(...root)), leafOf(1, 6));
  // The first cut would leave one sample above, and so would any cut of the two samples that remain.
  const few = scripted(...root, 0, 0, 0.25);
  t.same(growTree(SAMPLES, { minSplit: 2, minLeaf: 2, candidates: 2 }, few), leafOf(1, 6));
  // One candidate: the cut of the first feature that is not constant is made, however bad.
  const { feature, number } = growTree(SAMPLES, { minSplit: 4, minLeaf: 1, candidates: 1 }, scripted(0, 0.9));
  t.same([feature, number], [Int32Array.of(0, -1, -1), Float64Array.of(3 * 0.9, 7 / 3, 7)]);
});

t.test('nothing to split', async (t) => {
  const leaf = (value: number) => ({
    feature: Int32Array.of(-1),
    left: Int32Array.of(0),
    number: Float64Array.of(value),
  });
  const options = { minSplit: 2, minLeaf: 1, candidates: 2 };
  const constant = { columns: [Float32Array.of(4, 4, 4)], targets: Float64Array.of(1, 2, 6) };
  t.same(growTree(constant, options, scripted(0)), leaf(3));
  const equal = { columns: [Float32Array.of(1, 2, 3)], targets: Float64Array.of(0.1, 0.1, 0.1) };
  t.same(growTree(equal, options, scripted()), leaf(0.1));
  const one = { columns: [Float32Array.of(1)], targets: Float64Array.of(8) };
  t.same(growTree(one, { ...options, minLeaf: 2 }, scripted()), leaf(8));
});

t.test('a cut never leaves one side empty, however close two values are', async (t) => {
  const close = { columns: [Float32Array.of(1, 1 + 2 ** -23)], targets: Float64Array.of(0, 1) };
  const { number } = growTree(close, { minSplit: 2, minLeaf: 1, candidates: 1 }, scripted(0, 1 - 2 ** -53));
  t.same(number, [1, 0, 1]);
});

const settings = (given: Partial<ExtraTreesSettings> = {}) => completeSettings(EXTRA_TREES_SETTINGS, given);

/** 1000 samples of ten features, as the recording script draws them, and Friedman's first function of them. */
const ROWS = 1000;
const FEATURES = 10;
const rng = createRng('pcg64', 7);
const inputs = Float32Array.from({ length: ROWS * FEATURES }, () => rng.random());
const targets = Float64Array.from({ length: ROWS }, (_, row) => {
  const [a, b, c, d, e] = inputs.subarray(row * FEATURES, (row + 1) * FEATURES) as unknown as number[];
  return 10 * Math.sin(Math.PI * a! * b!) + 20 * (c! - 0.5) ** 2 + 10 * d! + 5 * e!;
});
const half = ROWS / 2;
const training = [inputs.subarray(0, half * FEATURES), targets.subarray(0, half)] as const;
const others = [inputs.subarray(half * FEATURES), targets.subarray(half)] as const;

t.test('the same seed grows the same forest; a file brings it back', async (t) => {
  const fit = (seed: number) => ExtraTrees.fit(...training, settings({ trees: 3 }), new Random(seed));
  const forest = fit(1);
  t.strictSame(fit(1).trees, forest.trees);
  t.notSame(fit(2).trees, forest.trees);
  const restored = ExtraTrees.decode(forest.encode());
  t.strictSame(restored.trees, forest.trees);
  t.strictSame(restored.predict(others[0]), forest.predict(others[0]));
  t.throws(() => ExtraTrees.decode(encodeSafetensors({})), {
    message: 'extra trees: the file has no feature',
  });
});

t.test('a forest predicts the mean of its trees, within what it has seen', async (t) => {
  const forest = ExtraTrees.fit(...training, settings({ minSplit: 2, minLeaf: 1, trees: 5 }), new Random(0));
  const seen = forest.predict(training[0]);
  t.ok(
    seen.every((y, row) => Math.abs(y - training[1][row]!) < 1e-4),
    'leaves of one sample know it by heart',
  );
  const far = forest.predict(
    Float32Array.from({ length: 3 * FEATURES }, (_, i) => (i < FEATURES ? -100 : 100)),
  );
  t.ok(far.every((y) => y >= Math.min(...training[1]) && y <= Math.max(...training[1])));
});

t.test('samples that are none', async (t) => {
  const fit = (x: number[], y: number[]) => () =>
    ExtraTrees.fit(Float32Array.from(x), Float64Array.from(y), settings(), new Random(0));
  t.throws(fit([], []), { message: 'extra trees: 0 numbers of input do not make rows for 0 targets' });
  t.throws(fit([1, 2, 3], [1, 2]), {
    message: 'extra trees: 3 numbers of input do not make rows for 2 targets',
  });
  t.throws(fit([1, Infinity], [1, 2]), { message: 'extra trees: input 1 is Infinity' });
  t.throws(fit([1, 2], [Number.NaN, 2]), { message: 'extra trees: target 0 is NaN' });
});

interface Recorded {
  readonly seeds: number;
  readonly cases: readonly (Omit<ExtraTreesSettings, 'trees'> &
    Readonly<Record<'r2' | 'leaves' | 'depth', { readonly mean: number; readonly sd: number }>>)[];
}

const recorded = JSON.parse(
  readFileSync(new URL('../../../../test/fixtures/trees/extra-trees.json', import.meta.url), 'utf8'),
) as Recorded;

/** Splits between a node and the deepest leaf below it. */
function depthOf(tree: Tree, node = 0): number {
  if (tree.feature[node]! < 0) return 0;
  const left = tree.left[node]!;
  return 1 + Math.max(depthOf(tree, left), depthOf(tree, left + 1));
}

t.test('forests are as good, as large and as deep as scikit-learn grows them', async (t) => {
  const meanTarget = mean(others[1]);
  const spread = others[1].reduce((sum, y) => sum + (y - meanTarget) ** 2, 0);
  const seeds = 20;
  for (const { r2, leaves, depth, ...given } of recorded.cases) {
    const forests = Array.from({ length: seeds }, (_, seed) =>
      ExtraTrees.fit(...training, settings(given), new Random(seed)),
    );
    const measured = {
      r2: forests.map((forest) => {
        const predicted = forest.predict(others[0]);
        return 1 - others[1].reduce((sum, y, row) => sum + (y - predicted[row]!) ** 2, 0) / spread;
      }),
      leaves: forests.map(({ trees }) => mean(trees.map(({ feature }) => (feature.length + 1) / 2))),
      depth: forests.map(({ trees }) => mean(trees.map((tree) => depthOf(tree)))),
    };
    for (const [name, { mean: expected, sd }] of Object.entries({ r2, leaves, depth })) {
      const got = mean(measured[name as keyof typeof measured]);
      // Means of as many forests of either kind lie this close, but once in some ten thousand times.
      const margin = 4 * sd * Math.sqrt(1 / seeds + 1 / recorded.seeds);
      t.ok(
        Math.abs(got - expected) < margin,
        `${name} ${got}, scikit-learn's ${expected} ± ${margin}: ${JSON.stringify(given)}`,
      );
    }
  }
});
