import * as tf from '@tensorflow/tfjs-core';
import { currentHeap } from './heap.js';
import { composePointwise } from './pointwise.js';
import { RULES } from './rules.js';

/**
 * One flat, trainable vector on the backend. On wasm it is changed where it lies; on other backends a change makes a
 * new tensor, so ask for `tensor` each time and do not hold on to it.
 */
export class Params {
  readonly size: number;
  #tensor: tf.Tensor1D;

  constructor(values: Float32Array) {
    this.size = values.length;
    this.#tensor = tf.keep(tf.tensor1d(values.slice()));
  }

  /** The vector as it is now. Its clones share its memory; `read` makes a copy. */
  get tensor(): tf.Tensor1D {
    return this.#tensor;
  }

  /** Becomes equal to `other`. */
  copyFrom(other: Params): void {
    this.#checkSize(other.size);
    const heap = currentHeap();
    if (heap === undefined) {
      this.replace(tf.clone(other.tensor));
      return;
    }
    const from = heap.pointer(other.tensor) / 4;
    heap.floats.copyWithin(heap.pointer(this.#tensor) / 4, from, from + this.size);
  }

  /** this += tau · (other − this): Polyak averaging. */
  lerpFrom(other: Params, tau: number): void {
    this.#checkSize(other.size);
    const heap = currentHeap();
    if (heap !== undefined) {
      heap.kernels.lerp!(heap.pointer(this.#tensor), heap.pointer(other.tensor), tau, this.size);
      return;
    }
    const arrays = { target: this.#tensor, source: other.tensor };
    this.replace(tf.tidy(() => composePointwise(RULES.lerp, arrays, { tau }).target as tf.Tensor1D));
  }

  /** A copy of the numbers. */
  read(): Float32Array {
    return this.#tensor.dataSync<'float32'>().slice();
  }

  write(values: Float32Array): void {
    this.#checkSize(values.length);
    const heap = currentHeap();
    if (heap !== undefined) heap.floats.set(values, heap.pointer(this.#tensor) / 4);
    else this.replace(tf.tensor1d(values.slice()));
  }

  /** Takes `tensor` as the new vector and owns it from now on; for backends whose tensors cannot be changed. */
  replace(tensor: tf.Tensor1D): void {
    this.#tensor.dispose();
    this.#tensor = tf.keep(tensor);
  }

  dispose(): void {
    this.#tensor.dispose();
  }

  #checkSize(size: number): void {
    if (size !== this.size) throw new Error(`params: ${size} numbers do not fit a vector of ${this.size}`);
  }
}
