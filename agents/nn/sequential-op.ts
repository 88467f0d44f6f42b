/**
 * A sequential network as one differentiable operation: a kernel and its gradient, registered with tfjs, so that the
 * engine records one node where the plain composition would record one an op.
 */
import * as tf from '@tensorflow/tfjs-core';
import { isHigherOrder } from './gradients/register.js';
import { tensorHeap } from './heap.js';
import type { Sequential } from './sequential.js';
import { HeapBackward, heapForward } from './sequential-heap.js';
import { NativeBackward, nativeForward } from './sequential-native.js';
import { tensorFlow } from './tensorflow.js';

/** A sequential network, of one member or of several. */
export type Stack = Sequential<tf.Tensor>;

const KERNEL = 'FarstepSequential';

/** Outputs of the kernel that are saved for the way back, at most. */
const MOST_RECORDS = 64;

/** `network.apply` on the wasm and TensorFlow backends; shapes are checked already. */
export function applySequential(network: Stack, params: tf.Tensor1D, x: tf.Tensor): tf.Tensor {
  const outputs = tf.engine().runKernel(KERNEL, { params, x }, { network: network as never });
  return (outputs as tf.Tensor[])[0]!;
}

/** The two gradients, each computed when it is asked for: `params` first, where both are. */
export interface Backward {
  params(): tf.Tensor;
  x(): tf.Tensor;
}

/** The tensors that the way back begins with: `records` is what the forward pass returned behind the output. */
export interface SavedTensors {
  readonly params: tf.Tensor1D;
  readonly x: tf.Tensor;
  readonly records: readonly tf.Tensor[];
  readonly dy: tf.Tensor;
}

tf.registerKernel({
  kernelName: KERNEL,
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs }) =>
    heapForward(tensorHeap()!, attrs!.network as unknown as Stack, inputs.params!, inputs.x!),
});

tf.registerKernel({
  kernelName: KERNEL,
  backendName: 'tensorflow',
  kernelFunc: ({ inputs, attrs }) =>
    nativeForward(tensorFlow()!, attrs!.network as unknown as Stack, inputs.params!, inputs.x!),
});

tf.registerGradient({
  kernelName: KERNEL,
  inputsToSave: ['params', 'x'],
  outputsToSave: [false, ...Array<boolean>(MOST_RECORDS).fill(true)],
  gradFunc: (dys, saved, attrs) => {
    const [params, x, ...records] = saved as [tf.Tensor1D, tf.Tensor, ...tf.Tensor[]];
    const network = attrs.network as unknown as Stack;
    const dy = (dys as tf.Tensor[])[0]!;
    if (isHigherOrder()) {
      const both = tf.grads((p, input) => network.compose(p as tf.Tensor1D, input!));
      return { params: () => both([params, x], dy)[0]!, x: () => both([params, x], dy)[1]! };
    }
    const heap = tensorHeap();
    const tensors = { params, x, records, dy };
    const pass: Backward =
      heap === undefined
        ? new NativeBackward(tensorFlow()!, network, tensors)
        : new HeapBackward(heap, network, tensors);
    return { params: () => pass.params(), x: () => pass.x() };
  },
});
