import * as tf from '@tensorflow/tfjs-core';
import { clipScale, globalNorm, type Optimizer } from './optimizer.js';
import type { Params } from './params.js';

export interface MinimizeOptions {
  /** Gradients of a larger global norm are scaled down to this one. */
  readonly maxNorm?: number;
  /** Instead of the optimizer's own, for schedules. */
  readonly learningRate?: number;
  /** What is trained, for errors. */
  readonly name?: string;
}

export interface MinimizeResult {
  readonly loss: number;
  /** Before clipping. */
  readonly gradientNorm: number;
}

/** Thrown where a loss or gradient is no longer a finite number. The parameters are as they were before the step. */
export class NotFiniteError extends Error {
  override readonly name = 'NotFiniteError';
}

/**
 * One step of the optimizer down the gradient of `loss` at `params`. All tensors that are made on the way are disposed.
 * @param loss makes the scalar from `params.tensor`; what else an algorithm wants to know, it notes on the side
 * @throws NotFiniteError before anything is changed
 */
export function minimize(
  params: Params,
  optimizer: Optimizer,
  loss: () => tf.Scalar,
  { maxNorm = Number.POSITIVE_INFINITY, learningRate, name = 'network' }: MinimizeOptions = {},
): MinimizeResult {
  return tf.tidy(() => {
    const { value, grad } = tf.valueAndGrad(() => loss())(params.tensor);
    const lossValue = value.dataSync()[0]!;
    const gradientNorm = globalNorm(grad);
    if (!Number.isFinite(lossValue) || !Number.isFinite(gradientNorm)) {
      const what = Number.isFinite(lossValue) ? culprit(params, grad) : `loss is ${lossValue}`;
      throw new NotFiniteError(`${name}: the ${what} at optimizer step ${optimizer.steps + 1}`);
    }
    optimizer.step(params, grad as tf.Tensor1D, learningRate, clipScale(gradientNorm, maxNorm));
    return { loss: lossValue, gradientNorm };
  });
}

/** What is not finite about a gradient: the first such part, or, where they only are too large together, their norm. */
function culprit({ layout }: Params, gradient: tf.Tensor): string {
  const values = gradient.dataSync<'float32'>();
  const first = values.findIndex((value) => !Number.isFinite(value));
  if (first < 0) return 'gradient norm is Infinity';
  const part = layout.findLast(({ offset }) => offset <= first);
  return `gradient of ${part === undefined ? `parameter ${first}` : part.name} is ${values[first]}`;
}
