import * as tf from '@tensorflow/tfjs-core';
import { isHigherOrder } from './gradients/register.js';
import { tensorHeap } from './heap.js';

export interface TdLossOptions {
  /** Where the squared error turns linear, its slope being 1 there; null for the squared error all over. */
  readonly huber?: number | null;
  /** One a sample, such as those of prioritized replay; they multiply the sample's loss. */
  readonly weights?: Float32Array;
  /** Filled with targets − q of each sample when given. */
  readonly tdErrors?: Float32Array;
}

/**
 * The mean over the batch of the loss of q(s, a) against its target: ½·e² up to `huber`, huber·(|e| − ½·huber) beyond
 * (Mnih et al. 2015). Gradients flow into q alone.
 * @param q action values [B, A]
 * @param actions the actions that were taken [B]
 * @param targets [B]
 */
export function tdLoss(
  q: tf.Tensor2D,
  actions: Int32Array | number[],
  targets: Float32Array,
  options: TdLossOptions = {},
): tf.Scalar {
  const [batch, numActions] = q.shape;
  const { weights, tdErrors } = options;
  for (const [name, array] of Object.entries({ actions, targets, weights, tdErrors })) {
    if (array !== undefined && array.length !== batch) {
      throw new Error(`tdLoss: ${array.length} ${name} for q of [${q.shape.join(', ')}]`);
    }
  }
  const bad = actions.findIndex((action) => !(action >= 0 && action < numActions));
  if (bad >= 0) {
    throw new Error(`tdLoss: actions[${bad}] = ${actions[bad]} is outside the ${numActions} columns of q`);
  }
  return fusedLoss(
    q,
    (values, gradient) => tdLossAndGradient(values, gradient, { actions, targets, numActions, options }),
    (x) => composeTdLoss(x as tf.Tensor2D, actions, targets, options),
  );
}

/** The mean over all elements of (prediction − target)². */
export function meanSquaredError(prediction: tf.Tensor, targets: Float32Array): tf.Scalar {
  if (targets.length !== prediction.size) {
    throw new Error(
      `meanSquaredError: ${targets.length} targets for predictions of [${prediction.shape.join(', ')}]`,
    );
  }
  const evaluate = (values: Float32Array, gradient: Float32Array): number => {
    const slope = 2 / values.length;
    let sum = 0;
    for (let i = 0; i < values.length; i++) {
      const error = values[i]! - targets[i]!;
      sum += error * error;
      gradient[i] = slope * error;
    }
    return sum / values.length;
  };
  return fusedLoss(prediction, evaluate, (x) =>
    tf.mean(tf.squaredDifference(x, tf.tensor(targets, x.shape))),
  );
}

/**
 * The mean over all elements of −t ln σ(z) − (1 − t) ln(1 − σ(z)) for logits z and targets t in [0, 1]: unlike the squared
 * error of σ(z), it never stops teaching what is all wrong.
 */
export function sigmoidCrossEntropy(logits: tf.Tensor, targets: Float32Array): tf.Scalar {
  if (targets.length !== logits.size) {
    throw new Error(
      `sigmoidCrossEntropy: ${targets.length} targets for logits of [${logits.shape.join(', ')}]`,
    );
  }
  const evaluate = (values: Float32Array, gradient: Float32Array): number => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) {
      const z = values[i]!;
      const small = Math.exp(-Math.abs(z));
      sum += Math.max(z, 0) + Math.log1p(small) - targets[i]! * z;
      gradient[i] = ((z >= 0 ? 1 : small) / (1 + small) - targets[i]!) / values.length;
    }
    return sum / values.length;
  };
  return fusedLoss(logits, evaluate, (z) =>
    tf.mean(tf.sub(tf.softplus(z), tf.mul(tf.tensor(targets, z.shape), z))),
  );
}

/** Gives the loss of x's numbers and puts dloss/dx, in x's own layout, into `gradient`. */
type Evaluate = (values: Float32Array, gradient: Float32Array) => number;

/**
 * A loss of one small tensor as one operation: the loss and its gradient are computed together by plain code, which for
 * a batch of action values takes less time than a single tensor operation. Gradients of the gradient go through
 * `compose`, which has to be the same function.
 */
export function fusedLoss(x: tf.Tensor, evaluate: Evaluate, compose: (x: tf.Tensor) => tf.Tensor): tf.Scalar {
  const op = tf.customGrad((input, save) => {
    const [loss, gradient] = lossAndGradient(input as tf.Tensor, evaluate);
    (save as unknown as (tensors: tf.Tensor[]) => void)([input as tf.Tensor, gradient]);
    const gradFunc = (dy: tf.Tensor, [saved, slope]: tf.Tensor[]): tf.Tensor => {
      if (isHigherOrder()) return tf.grad(compose)(saved!, dy);
      return valuesOf(dy)[0] === 1 ? tf.clone(slope!) : tf.mul(slope!, dy);
    };
    return { value: tf.scalar(loss), gradFunc };
  });
  return op(x) as tf.Scalar;
}

function lossAndGradient(x: tf.Tensor, evaluate: Evaluate): [number, tf.Tensor] {
  const heap = tensorHeap();
  if (heap !== undefined) {
    const gradient = heap.tensor(x.shape);
    return [evaluate(valuesOf(x), valuesOf(gradient)), gradient];
  }
  const gradient = new Float32Array(x.size);
  const loss = evaluate(valuesOf(x), gradient);
  return [loss, tf.tensor(gradient, x.shape)];
}

/** A tensor's numbers to be read or written at once; on wasm no copy is made. */
function valuesOf(tensor: tf.Tensor): Float32Array {
  const heap = tensorHeap();
  if (heap === undefined) return tensor.dataSync<'float32'>();
  const start = heap.pointer(tensor) / Float32Array.BYTES_PER_ELEMENT;
  return heap.floats.subarray(start, start + tensor.size);
}

interface TdSamples {
  readonly actions: Int32Array | number[];
  readonly targets: Float32Array;
  readonly numActions: number;
  readonly options: TdLossOptions;
}

function tdLossAndGradient(
  q: Float32Array,
  gradient: Float32Array,
  { actions, targets, numActions, options }: TdSamples,
): number {
  const { weights, tdErrors } = options;
  const huber = options.huber ?? Number.POSITIVE_INFINITY;
  const batch = targets.length;
  gradient.fill(0);
  let sum = 0;
  for (let i = 0; i < batch; i++) {
    const taken = i * numActions + actions[i]!;
    const error = targets[i]! - q[taken]!;
    const weight = weights === undefined ? 1 : weights[i]!;
    const size = Math.abs(error);
    sum += weight * (size <= huber ? 0.5 * error * error : huber * (size - 0.5 * huber));
    gradient[taken] = (-weight * Math.max(-huber, Math.min(huber, error))) / batch;
    if (tdErrors !== undefined) tdErrors[i] = error;
  }
  return sum / batch;
}

/** tdLoss as plain tensor operations. */
export function composeTdLoss(
  q: tf.Tensor2D,
  actions: Int32Array | number[],
  targets: Float32Array,
  { huber = null, weights }: TdLossOptions = {},
): tf.Scalar {
  const taken = tf.oneHot(tf.tensor1d(actions, 'int32'), q.shape[1]);
  const error = tf.sub(tf.tensor1d(targets), tf.sum(tf.mul(q, taken), 1));
  const square = tf.mul(0.5, tf.square(error));
  const size = tf.abs(error);
  const loss =
    huber === null
      ? square
      : tf.where(tf.lessEqual(size, huber), square, tf.mul(huber, tf.sub(size, 0.5 * huber)));
  return tf.mean(weights === undefined ? loss : tf.mul(loss, tf.tensor1d(weights)));
}
