import * as tf from '@tensorflow/tfjs-core';
import { type Heap, parameterHeap, type TensorHeap, tensorHeap } from './heap.js';
import { sizeOf } from './layers/layer.js';
import { ownerOf } from './params.js';

const FLOAT = 4;

/** A tensor in the making: its numbers go to `address`, then `info` is the tensor. */
export interface StagedTensor {
  readonly address: number;
  /** @param shape what the tensor says of itself, instead of its true shape */
  info(shape?: number[]): tf.TensorInfo;
}

/**
 * Where a pass of kernels finds the numbers of tensors and puts those of new ones. It lasts until the heap's scratch is
 * used again.
 */
export interface Stage {
  readonly heap: Heap;
  /** The address of a tensor's numbers. */
  input(tensor: tf.TensorInfo): number;
  output(shape: number[]): StagedTensor;
  /** Working memory. */
  room(floats: number): number;
}

/**
 * @param room floats of working memory that the pass will ask for
 * @param tensors floats of all its inputs and outputs
 */
export function openStage(room: number, tensors: number): Stage {
  const heap = tensorHeap();
  return heap === undefined ? new HostStage(room + tensors) : new TensorStage(heap, room);
}

/** On the wasm backend tensors are where the kernels are. */
class TensorStage implements Stage {
  #next: number;

  constructor(
    readonly heap: TensorHeap,
    room: number,
  ) {
    this.#next = heap.scratch(room);
  }

  input(tensor: tf.TensorInfo): number {
    return this.heap.pointer(tensor);
  }

  output(shape: number[]): StagedTensor {
    const made = this.heap.output(shape);
    return { address: this.heap.pointer(made), info: (told = shape) => ({ ...made, shape: told }) };
  }

  room(floats: number): number {
    const address = this.#next;
    this.#next += FLOAT * floats;
    return address;
  }
}

/** On other backends they are copied to the parameters' heap and back. */
class HostStage implements Stage {
  readonly heap = parameterHeap();
  #next: number;

  constructor(floats: number) {
    this.#next = this.heap.scratch(floats);
  }

  input(tensor: tf.TensorInfo): number {
    const owner = ownerOf(tensor);
    if (owner !== undefined) return owner.address;
    const values = tf.engine().readSync(tensor.dataId) as Float32Array;
    const address = this.room(values.length);
    this.heap.write(address, values);
    return address;
  }

  output(shape: number[]): StagedTensor {
    const address = this.room(sizeOf(shape));
    return {
      address,
      info: (told = shape) => {
        const values = this.heap.read(address, sizeOf(shape));
        return { dataId: tf.backend().write(values, told, 'float32'), shape: told, dtype: 'float32' };
      },
    };
  }

  room(floats: number): number {
    const address = this.#next;
    this.#next += FLOAT * floats;
    return address;
  }
}
