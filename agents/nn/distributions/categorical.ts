import * as tf from '@tensorflow/tfjs-core';
import { type Distribution, logSoftmax, rowsOf, sumColumns } from './distribution.js';

/** Stands for minus infinity where a sum with it has to stay a number. */
const IMPOSSIBLE = -1e9;

/** One of `count` actions, from their logits. */
export function categorical(count: number): Distribution<Int32Array> {
  return {
    parameterSize: count,
    actionSize: 1,
    sample: (logits, random) => Int32Array.from(rowsOf(logits, count), (row) => drawIndex(row, random)),
    mode: (logits) => Int32Array.from(rowsOf(logits, count), largestIndex),
    logProb: (logits, actions) => sumColumns(tf.mul(logSoftmax(logits), oneHot(actions, count))),
    entropy(logits) {
      const logP = logSoftmax(logits);
      return tf.neg(sumColumns(tf.mul(tf.exp(logP), logP))) as tf.Tensor1D;
    },
    kl(p, q) {
      const logP = logSoftmax(p);
      return sumColumns(tf.mul(tf.exp(logP), tf.sub(logP, logSoftmax(q))));
    },
  };
}

/**
 * Logits of which those that are not allowed become impossible, for any of the discrete distributions.
 * @param allowed 1 where an action may be taken and 0 where not, as many as logits; each row needs a 1
 */
export function maskLogits(logits: tf.Tensor2D, allowed: Uint8Array): tf.Tensor2D;
export function maskLogits(logits: Float32Array, allowed: Uint8Array): Float32Array;
export function maskLogits(
  logits: tf.Tensor2D | Float32Array,
  allowed: Uint8Array,
): tf.Tensor2D | Float32Array {
  const size = logits instanceof Float32Array ? logits.length : logits.size;
  if (allowed.length !== size) throw new Error(`maskLogits: ${allowed.length} numbers allow ${size} logits`);
  if (logits instanceof Float32Array)
    return logits.map((logit, i) => (allowed[i] === 0 ? IMPOSSIBLE : logit));
  const mask = tf.tensor2d(allowed, logits.shape, 'bool');
  return tf.where(mask, logits, tf.fill(logits.shape, IMPOSSIBLE));
}

/** Actions [B] or [B, 1] as rows with a 1 in the action's column. */
export function oneHot(actions: tf.Tensor, count: number): tf.Tensor {
  return tf.cast(tf.oneHot(tf.reshape(tf.cast(actions, 'int32'), [-1]) as tf.Tensor1D, count), 'float32');
}

/** Draws an index with probabilities softmax(logits), by walking their sum. */
export function drawIndex(logits: Float32Array, random: () => number): number {
  const most = logits[largestIndex(logits)]!;
  let total = 0;
  for (const logit of logits) total += Math.exp(logit - most);
  let left = random() * total;
  for (const [i, logit] of logits.entries()) {
    left -= Math.exp(logit - most);
    if (left < 0) return i;
  }
  // Only rounding leads here.
  return largestIndex(logits);
}

/** The first index of the largest number. */
export function largestIndex(x: Float32Array): number {
  let best = 0;
  for (let i = 1; i < x.length; i++) if (x[i]! > x[best]!) best = i;
  return best;
}
