import * as tf from '@tensorflow/tfjs-core';

/**
 * A family of distributions over actions, one for each row of a network's outputs. While acting it works on plain
 * numbers; in a loss on tensors, where each result is differentiable in the parameters, to any order.
 */
export interface Distribution<Actions extends Float32Array | Int32Array> {
  /** Numbers a network gives for one action. */
  readonly parameterSize: number;
  /** Numbers of one action. */
  readonly actionSize: number;
  /**
   * Draws an action from each row of parameters [batch · parameterSize].
   * @param random gives uniform numbers in [0, 1)
   * @returns [batch · actionSize]
   */
  sample(parameters: Float32Array, random: () => number): Actions;
  /** The action that each row holds for the likeliest. */
  mode(parameters: Float32Array): Actions;
  /** ln p(action) [B] of actions [B, actionSize] under parameters [B, parameterSize]. */
  logProb(parameters: tf.Tensor2D, actions: tf.Tensor): tf.Tensor1D;
  /** −E[ln p] [B]. */
  entropy(parameters: tf.Tensor2D): tf.Tensor1D;
  /** KL(p ‖ q) [B]. */
  kl(p: tf.Tensor2D, q: tf.Tensor2D): tf.Tensor1D;
}

/** Sums a tensor [B, n] over its columns. */
export function sumColumns(x: tf.Tensor): tf.Tensor1D {
  return tf.sum(x, 1);
}

/**
 * ln softmax over the last axis. (tf.logSoftmax takes its own output for a constant, so that its second derivatives are
 * wrong.)
 */
export function logSoftmax(logits: tf.Tensor): tf.Tensor {
  return tf.sub(logits, tf.logSumExp(logits, -1, true));
}

/** The rows of a flat array. */
export function rowsOf(x: Float32Array, width: number): Float32Array[] {
  return Array.from({ length: x.length / width }, (_, i) => x.subarray(i * width, (i + 1) * width));
}
