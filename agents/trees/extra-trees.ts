import { decodeSafetensors, encodeSafetensors } from '../nn/safetensors.js';
import type { Random } from '../random.js';
import { integer, type SettingsOf } from '../settings.js';
import { growTree, type Tree } from './grow.js';

export const EXTRA_TREES_SETTINGS = {
  trees: integer(50, [1, 10_000], 'Trees whose predictions are averaged.'),
  minSplit: integer(5, [2, Infinity], 'Samples that a node needs to be split.'),
  minLeaf: integer(2, [1, Infinity], 'Samples that each side of a split keeps.'),
  splitFeatures: integer(
    0,
    [0, Infinity],
    'Features that a split is the best of; 0 for all, as is usual in regression, 1 for splits wholly at random.',
  ),
};

export type ExtraTreesSettings = SettingsOf<typeof EXTRA_TREES_SETTINGS>;

/**
 * Extremely randomized trees for regression (Geurts, Ernst and Wehenkel 2006): the mean of many trees, each grown from
 * all samples by cuts that are drawn at random. What they predict lies within the targets they have seen.
 */
export class ExtraTrees {
  private constructor(
    /** Numbers in one input. */
    readonly numFeatures: number,
    readonly trees: readonly Tree[],
  ) {}

  /**
   * @param inputs - float32 [n, numFeatures]
   * @param targets - [n]
   * @throws Error where a number is not finite, or there are none
   */
  static fit(
    inputs: Float32Array,
    targets: Float32Array | Float64Array,
    settings: ExtraTreesSettings,
    random: Random,
  ): ExtraTrees {
    const n = targets.length;
    const numFeatures = inputs.length / n;
    if (n === 0 || !Number.isInteger(numFeatures) || numFeatures === 0) {
      throw new Error(`extra trees: ${inputs.length} numbers of input do not make rows for ${n} targets`);
    }
    checkFinite('input', inputs);
    checkFinite('target', targets);
    const columns = Array.from({ length: numFeatures }, (_, f) => {
      const column = new Float32Array(n);
      for (let i = 0; i < n; i++) column[i] = inputs[i * numFeatures + f]!;
      return column;
    });
    const samples = { columns, targets: Float64Array.from(targets) };
    const options = { ...settings, candidates: settings.splitFeatures || numFeatures };
    return new ExtraTrees(
      numFeatures,
      Array.from({ length: settings.trees }, () => growTree(samples, options, random)),
    );
  }

  /**
   * @param inputs - float32 [B, numFeatures]
   * @returns float32 [B]
   */
  predict(inputs: Float32Array): Float32Array {
    const { numFeatures, trees } = this;
    const sums = new Float64Array(inputs.length / numFeatures);
    for (const { feature, left, number } of trees) {
      for (let row = 0, at = 0; row < sums.length; row++, at += numFeatures) {
        let node = 0;
        for (let f = feature[0]!; f >= 0; f = feature[node]!) {
          node = inputs[at + f]! <= number[node]! ? left[node]! : left[node]! + 1;
        }
        sums[row]! += number[node]!;
      }
    }
    return Float32Array.from(sums, (sum) => sum / trees.length);
  }

  /** As a safetensors file: the trees' arrays one after the other, and how many nodes each tree has. */
  encode(): Uint8Array {
    const sizes = Int32Array.from(this.trees, ({ feature }) => feature.length);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const feature = new Int32Array(total);
    const left = new Int32Array(total);
    const number = new Float64Array(total);
    let at = 0;
    for (const tree of this.trees) {
      feature.set(tree.feature, at);
      left.set(tree.left, at);
      number.set(tree.number, at);
      at += tree.feature.length;
    }
    return encodeSafetensors(
      {
        sizes: { dtype: 'I32', shape: [sizes.length], data: sizes },
        feature: { dtype: 'I32', shape: [total], data: feature },
        left: { dtype: 'I32', shape: [total], data: left },
        number: { dtype: 'F64', shape: [total], data: number },
      },
      { features: String(this.numFeatures) },
    );
  }

  /** Takes back what `encode` gave. Throws on any other file. */
  static decode(file: Uint8Array): ExtraTrees {
    const { tensors, metadata } = decodeSafetensors(file);
    const named = <T>(name: string): T => {
      const tensor = tensors[name];
      if (tensor === undefined) throw new Error(`extra trees: the file has no ${name}`);
      return tensor.data as T;
    };
    const feature = named<Int32Array>('feature');
    const left = named<Int32Array>('left');
    const number = named<Float64Array>('number');
    let at = 0;
    const trees = Array.from(named<Int32Array>('sizes'), (size) => {
      const end = at + size;
      const tree = {
        feature: feature.slice(at, end),
        left: left.slice(at, end),
        number: number.slice(at, end),
      };
      at = end;
      return tree;
    });
    return new ExtraTrees(Number(metadata.features), trees);
  }
}

function checkFinite(what: string, numbers: Float32Array | Float64Array): void {
  const at = numbers.findIndex((x) => !Number.isFinite(x));
  if (at >= 0) throw new Error(`extra trees: ${what} ${at} is ${numbers[at]}`);
}
