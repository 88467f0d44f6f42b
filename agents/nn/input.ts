import * as tf from '@tensorflow/tfjs-core';
import { parameterHeap, tensorHeap } from './heap.js';
import { sizeOf } from './layers/layer.js';

/**
 * A float tensor of observations as they come, bytes multiplied by `scale` on the way. The caller disposes it, or makes
 * it inside tf.tidy.
 */
export function inputTensor(data: Float32Array | Uint8Array, shape: number[], scale = 1): tf.Tensor {
  const size = sizeOf(shape);
  if (data.length !== size) {
    throw new Error(
      `input: ${data.length} numbers do not fill a tensor of [${shape.join(', ')}], which takes ${size}`,
    );
  }
  const heap = tensorHeap();
  if (heap === undefined) return tf.tensor(toFloats(data, scale), shape);
  const tensor = heap.tensor(shape);
  heap.write(heap.pointer(tensor), data, scale);
  return tensor;
}

/** A copy of the numbers as floats, bytes multiplied by `scale`. */
export function toFloats(data: Float32Array | Uint8Array, scale: number): Float32Array {
  const heap = parameterHeap();
  const address = heap.scratch(data.length);
  heap.write(address, data, scale);
  return heap.read(address, data.length);
}
