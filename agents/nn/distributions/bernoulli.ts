import * as tf from '@tensorflow/tfjs-core';
import { type Distribution, sumColumns } from './distribution.js';

/** `count` independent coins, from the logit of each one's 1. Actions are 0 or 1. */
export function bernoulli(count: number): Distribution<Int32Array> {
  return {
    parameterSize: count,
    actionSize: count,
    sample: (logits, random) =>
      Int32Array.from(logits, (logit) => (random() < 1 / (1 + Math.exp(-logit)) ? 1 : 0)),
    mode: (logits) => Int32Array.from(logits, (logit) => (logit > 0 ? 1 : 0)),
    // ln σ(l) = l − ln(1 + eˡ), and ln(1 − σ(l)) = −ln(1 + eˡ).
    logProb: (logits, actions) =>
      sumColumns(tf.sub(tf.mul(tf.cast(actions, 'float32'), logits), tf.softplus(logits))),
    entropy: (logits) => sumColumns(tf.sub(tf.softplus(logits), tf.mul(logits, tf.sigmoid(logits)))),
    kl: (p, q) =>
      sumColumns(tf.add(tf.mul(tf.sigmoid(p), tf.sub(p, q)), tf.sub(tf.softplus(q), tf.softplus(p)))),
  };
}
