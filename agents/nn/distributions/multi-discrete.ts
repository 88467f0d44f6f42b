import * as tf from '@tensorflow/tfjs-core';
import { categorical } from './categorical.js';
import { type Distribution, rowsOf } from './distribution.js';

/** Several independent choices, of `counts[i]` actions each; their logits stand one behind the other. */
export function multiDiscrete(counts: readonly number[]): Distribution<Int32Array> {
  const parts = counts.map((count) => categorical(count));
  const parameterSize = counts.reduce((sum, count) => sum + count, 0);
  const starts = counts.map((_, i) => counts.slice(0, i).reduce((sum, count) => sum + count, 0));

  const perRow = (logits: Float32Array, choose: (part: number, own: Float32Array) => number): Int32Array =>
    Int32Array.from(
      rowsOf(logits, parameterSize).flatMap((row) =>
        counts.map((count, i) => choose(i, row.subarray(starts[i]!, starts[i]! + count))),
      ),
    );
  const split = (logits: tf.Tensor2D): tf.Tensor2D[] => tf.split(logits, [...counts], 1);
  const sum = (terms: tf.Tensor1D[]): tf.Tensor1D => tf.addN(terms);

  return {
    parameterSize,
    actionSize: counts.length,
    sample: (logits, random) => perRow(logits, (i, own) => parts[i]!.sample(own, random)[0]!),
    mode: (logits) => perRow(logits, (i, own) => parts[i]!.mode(own)[0]!),
    logProb(logits, actions) {
      const columns = tf.split(actions, counts.length, 1);
      return sum(split(logits).map((own, i) => parts[i]!.logProb(own, columns[i]!)));
    },
    entropy: (logits) => sum(split(logits).map((own, i) => parts[i]!.entropy(own))),
    kl(p, q) {
      const others = split(q);
      return sum(split(p).map((own, i) => parts[i]!.kl(own, others[i]!)));
    },
  };
}
