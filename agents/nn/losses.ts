import * as tf from '@tensorflow/tfjs-core';
import { isHigherOrder } from './gradients/register.js';
import { currentHeap, type Heap } from './heap.js';

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
  for (const [name, array] of Object.entries({ actions, targets, ...pickArrays(options) })) {
    if (array.length !== batch)
      throw new Error(`tdLoss: ${array.length} ${name} for q of [${q.shape.join(', ')}]`);
  }
  const bad = actions.findIndex((action) => !(action >= 0 && action < numActions));
  if (bad >= 0)
    throw new Error(`tdLoss: actions[${bad}] = ${actions[bad]} is outside the ${numActions} columns of q`);
  const heap = currentHeap();
  if (heap === undefined) {
    options.tdErrors?.set(tf.tidy(() => composeTdErrors(q, actions, targets).dataSync<'float32'>()));
    return composeTdLoss(q, actions, targets, options);
  }
  return tf.customGrad((...args) => {
    const save = args[1] as unknown as (tensors: tf.Tensor[]) => void;
    const gradient = heap.tensor(q.shape);
    const loss = tdLossOnHeap(heap, heap.pointer(q), heap.pointer(gradient), {
      actions,
      targets,
      numActions,
      options,
    });
    save([q, gradient]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
      if (isHigherOrder()) {
        return tf.grad((x) => composeTdLoss(x as tf.Tensor2D, actions, targets, options))(saved[0]!, dy);
      }
      return scaledCopy(heap, saved[1]!, heap.floats[heap.pointer(dy) / 4]!);
    };
    return { value: tf.scalar(loss), gradFunc };
  })(q) as tf.Scalar;
}

function pickArrays({ weights, tdErrors }: TdLossOptions): Record<string, Float32Array> {
  return { ...(weights && { weights }), ...(tdErrors && { tdErrors }) };
}

/** x · factor as a new tensor on the heap. */
function scaledCopy(heap: Heap, x: tf.Tensor, factor: number): tf.Tensor {
  const out = heap.tensor(x.shape);
  const from = heap.pointer(x) / 4;
  heap.floats.copyWithin(heap.pointer(out) / 4, from, from + x.size);
  if (factor !== 1) heap.kernels.scale!(heap.pointer(out), factor, x.size);
  return out;
}

interface TdSamples {
  readonly actions: Int32Array | number[];
  readonly targets: Float32Array;
  readonly numActions: number;
  readonly options: TdLossOptions;
}

/** Writes dloss/dq at `gradient` and returns the loss. */
function tdLossOnHeap(heap: Heap, q: number, gradient: number, samples: TdSamples): number {
  const { floats } = heap;
  const { actions, targets, numActions, options } = samples;
  const { weights, tdErrors } = options;
  const huber = options.huber ?? Number.POSITIVE_INFINITY;
  const batch = targets.length;
  floats.fill(0, gradient / 4, gradient / 4 + batch * numActions);
  let sum = 0;
  for (let i = 0; i < batch; i++) {
    const at = i * numActions + actions[i]!;
    const error = targets[i]! - floats[q / 4 + at]!;
    const weight = weights === undefined ? 1 : weights[i]!;
    const size = Math.abs(error);
    sum += weight * (size <= huber ? 0.5 * error * error : huber * (size - 0.5 * huber));
    floats[gradient / 4 + at] = (-weight * Math.max(-huber, Math.min(huber, error))) / batch;
    if (tdErrors !== undefined) tdErrors[i] = error;
  }
  return sum / batch;
}

function composeTdErrors(q: tf.Tensor2D, actions: Int32Array | number[], targets: Float32Array): tf.Tensor1D {
  const taken = tf.oneHot(tf.tensor1d(actions, 'int32'), q.shape[1]);
  return tf.sub(tf.tensor1d(targets), tf.sum(tf.mul(q, taken), 1));
}

/** tdLoss as plain tensor operations. */
export function composeTdLoss(
  q: tf.Tensor2D,
  actions: Int32Array | number[],
  targets: Float32Array,
  { huber = null, weights }: TdLossOptions = {},
): tf.Scalar {
  const error = composeTdErrors(q, actions, targets);
  const square = tf.mul(0.5, tf.square(error));
  const size = tf.abs(error);
  const loss =
    huber === null
      ? square
      : tf.where(tf.lessEqual(size, huber), square, tf.mul(huber, tf.sub(size, 0.5 * huber)));
  return tf.mean(weights === undefined ? loss : tf.mul(loss, tf.tensor1d(weights)));
}
