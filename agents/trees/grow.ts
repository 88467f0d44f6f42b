import type { SampleSource } from '../../protocol/spaces/index.js';

/** The samples that trees are grown from. */
export interface Samples {
  /** One array a feature. float32 [n] each */
  readonly columns: readonly Float32Array[];
  /** float64 [n] */
  readonly targets: Float64Array;
}

/** How a tree is grown. */
export interface GrowOptions {
  /** Nodes of fewer samples are not split (the paper's n_min). */
  readonly minSplit: number;
  /** A split leaves at least this many samples on either side. */
  readonly minLeaf: number;
  /** How many features a split is the best of (the paper's K). */
  readonly candidates: number;
}

/**
 * A tree in flat arrays, the root first. A sample with x[feature] ≤ number goes on to node `left`, any other to
 * `left + 1`; feature −1 marks a leaf, which predicts `number`.
 */
export interface Tree {
  readonly feature: Int32Array;
  readonly left: Int32Array;
  readonly number: Float64Array;
}

/**
 * Grows one extremely randomized tree (Geurts, Ernst and Wehenkel 2006, table 1): in each node, a cut is drawn
 * uniformly between the smallest and the largest value of each of K features, themselves drawn from those that are not
 * constant there, and the cut that takes away most variance splits the node.
 */
export function growTree(samples: Samples, options: GrowOptions, random: SampleSource): Tree {
  const { columns, targets } = samples;
  const n = targets.length;
  // Every leaf but the root holds minLeaf samples or more.
  const most = Math.max(1, 2 * Math.floor(n / options.minLeaf) - 1);
  const feature = new Int32Array(most).fill(-1);
  const left = new Int32Array(most);
  const number = new Float64Array(most);
  // The samples of a node are order[begin] to order[end - 1].
  const order = Int32Array.from({ length: n }, (_, i) => i);
  const features = Int32Array.from(columns, (_, f) => f);
  const waiting = [0, 0, n];
  let numNodes = 1;

  while (waiting.length > 0) {
    const end = waiting.pop()!;
    const begin = waiting.pop()!;
    const node = waiting.pop()!;
    const first = targets[order[begin]!]!;
    let sum = 0;
    let isConstant = true;
    for (let i = begin; i < end; i++) {
      const y = targets[order[i]!]!;
      sum += y;
      if (y !== first) isConstant = false;
    }
    const split =
      isConstant || end - begin < options.minSplit
        ? undefined
        : bestSplit(samples, order.subarray(begin, end), sum, features, options, random);
    if (split === undefined) {
      number[node] = isConstant ? first : sum / (end - begin);
      continue;
    }
    const column = columns[split.feature]!;
    let middle = begin;
    for (let i = begin; i < end; i++) {
      const row = order[i]!;
      order[i] = order[middle]!;
      order[middle] = row;
      middle += Number(column[row]! <= split.cut);
    }
    feature[node] = split.feature;
    left[node] = numNodes;
    number[node] = split.cut;
    waiting.push(numNodes, begin, middle, numNodes + 1, middle, end);
    numNodes += 2;
  }
  return {
    feature: feature.slice(0, numNodes),
    left: left.slice(0, numNodes),
    number: number.slice(0, numNodes),
  };
}

/**
 * The best of the cuts drawn for the samples `rows`, whose targets sum up to `sum`; undefined where none leaves enough
 * of them on both sides. `features` holds all features, in whatever order, and is left in another.
 *
 * Which side a sample falls on is as good as random, so that the loop adds what is 0 or 1 in place of a branch: half of
 * the time the processor would have guessed it wrong.
 */
function bestSplit(
  { columns, targets }: Samples,
  rows: Int32Array,
  sum: number,
  features: Int32Array,
  { minLeaf, candidates }: GrowOptions,
  random: SampleSource,
): { readonly feature: number; readonly cut: number } | undefined {
  let best: { readonly feature: number; readonly cut: number } | undefined;
  let bestScore = -Infinity;
  let tried = 0;
  for (let remaining = features.length; remaining > 0 && tried < candidates; remaining--) {
    // Those drawn change places with the last ones and are not drawn again.
    const drawn = random.integers(0, remaining);
    const feature = features[drawn]!;
    features[drawn] = features[remaining - 1]!;
    features[remaining - 1] = feature;

    const column = columns[feature]!;
    let low = Infinity;
    let high = -Infinity;
    for (let i = 0; i < rows.length; i++) {
      const x = column[rows[i]!]!;
      if (x < low) low = x;
      if (x > high) high = x;
    }
    if (low === high) continue;
    tried += 1;

    // Rounded up to the largest value, a cut would leave nothing above.
    const drawnCut = low + random.random() * (high - low);
    const cut = drawnCut < high ? drawnCut : low;
    let below = 0;
    let sumBelow = 0;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      const isBelow = Number(column[row]! <= cut);
      below += isBelow;
      sumBelow += isBelow * targets[row]!;
    }
    const above = rows.length - below;
    if (below < minLeaf || above < minLeaf) continue;
    // The variance left is the mean square of all targets, which no cut changes, less this.
    const score = sumBelow ** 2 / below + (sum - sumBelow) ** 2 / above;
    if (score > bestScore) {
      bestScore = score;
      best = { feature, cut };
    }
  }
  return best;
}
