import * as tf from '@tensorflow/tfjs-core';
import { normal } from '../init.js';
import { type Distribution, rowsOf, sumColumns } from './distribution.js';

const LOG_TWO_PI = Math.log(2 * Math.PI);

export interface GaussianDistributionOptions {
  /** Log standard deviations outside are taken as the nearest limit; no limits unless told. */
  readonly logStdRange?: readonly [number, number];
}

/** A distribution whose samples are a differentiable function of its parameters and of noise that does not depend on them. */
export interface Reparameterized extends Distribution<Float32Array> {
  /**
   * Draws an action from each row of parameters, as `sample` does, and gives its ln p as well.
   * @returns [batch · actionSize] and [batch]
   */
  sampleWithLogProb(
    parameters: Float32Array,
    random: () => number,
  ): { actions: Float32Array; logProb: Float32Array };
  /**
   * Samples [B, actionSize] and their ln p [B], for gradients through the samples.
   * @param noise standard normal [B, actionSize]
   */
  sampleTensor(parameters: tf.Tensor2D, noise: tf.Tensor2D): { actions: tf.Tensor2D; logProb: tf.Tensor1D };
}

/** Independent normal numbers, from their means and, behind them, the logs of their standard deviations [B, 2 · count]. */
export function diagonalGaussian(
  count: number,
  { logStdRange }: GaussianDistributionOptions = {},
): Reparameterized {
  const [lowest, highest] = logStdRange ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const split = (parameters: tf.Tensor2D): [mean: tf.Tensor, logStd: tf.Tensor] => {
    const [mean, logStd] = tf.split(parameters, 2, 1) as [tf.Tensor, tf.Tensor];
    return [mean, logStdRange === undefined ? logStd : tf.clipByValue(logStd, lowest, highest)];
  };
  /** ln p of the samples that lie `noise` standard deviations from their means. */
  const logDensity = (noise: tf.Tensor, logStd: tf.Tensor): tf.Tensor1D =>
    sumColumns(tf.sub(tf.mul(-0.5, tf.add(tf.square(noise), LOG_TWO_PI)), logStd));
  const sampleWithLogProb: Reparameterized['sampleWithLogProb'] = (parameters, random) => {
    const actions = normal((parameters.length / 2) | 0, random);
    const logProb = new Float32Array(actions.length / count);
    for (const [i, row] of rowsOf(parameters, 2 * count).entries()) {
      for (let j = 0; j < count; j++) {
        const logStd = Math.min(highest, Math.max(lowest, row[count + j]!));
        const noise = actions[i * count + j]!;
        actions[i * count + j] = row[j]! + Math.exp(logStd) * noise;
        logProb[i]! -= 0.5 * (noise * noise + LOG_TWO_PI) + logStd;
      }
    }
    return { actions, logProb };
  };
  return {
    parameterSize: 2 * count,
    actionSize: count,
    sample: (parameters, random) => sampleWithLogProb(parameters, random).actions,
    sampleWithLogProb,
    mode: (parameters) =>
      Float32Array.from(rowsOf(parameters, 2 * count).flatMap((row) => [...row.subarray(0, count)])),
    sampleTensor(parameters, noise) {
      const [mean, logStd] = split(parameters);
      const actions = tf.add(mean, tf.mul(tf.exp(logStd), noise)) as tf.Tensor2D;
      return { actions, logProb: logDensity(noise, logStd) };
    },
    logProb(parameters, actions) {
      const [mean, logStd] = split(parameters);
      return logDensity(tf.mul(tf.sub(actions, mean), tf.exp(tf.neg(logStd))), logStd);
    },
    entropy: (parameters) => sumColumns(tf.add(split(parameters)[1], 0.5 * (1 + LOG_TWO_PI))),
    kl(p, q) {
      const [meanP, logP] = split(p);
      const [meanQ, logQ] = split(q);
      const ratio = tf.exp(tf.mul(2, tf.sub(logP, logQ)));
      const distance = tf.square(tf.mul(tf.sub(meanP, meanQ), tf.exp(tf.neg(logQ))));
      return sumColumns(tf.add(tf.sub(logQ, logP), tf.mul(0.5, tf.sub(tf.add(ratio, distance), 1))));
    },
  };
}
