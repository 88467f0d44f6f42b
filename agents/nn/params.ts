import * as tf from '@tensorflow/tfjs-core';
import { type Heap, parameterHeap, TensorHeap } from './heap.js';
import { sizeOf } from './layers/layer.js';

/** Where one named parameter lies in a flat vector. */
export interface ParameterSlot {
  readonly name: string;
  readonly shape: number[];
  readonly offset: number;
}

/**
 * One flat, trainable vector. It is changed in place: by an optimizer, by becoming a copy of another one, or number by
 * number; and read as a tensor wherever a loss is made from it.
 */
export class Params {
  readonly size: number;
  readonly heap: Heap;
  /** Counts the changes, for whoever keeps something made from the numbers. */
  version = 0;
  readonly #address: number;
  /** A copy of the numbers, for the tensors made from them. */
  #copy: { readonly version: number; readonly values: Float32Array } | undefined;
  #views:
    | { readonly layout: readonly ParameterSlot[]; readonly version: number; readonly tensors: tf.Tensor[] }
    | undefined;
  #tensor: tf.Tensor1D | undefined;
  #tensorVersion = -1;

  /** @param layout names its parts in errors; a network's own */
  constructor(
    values: Float32Array,
    readonly layout: readonly ParameterSlot[] = [],
  ) {
    this.size = values.length;
    this.heap = parameterHeap();
    if (this.heap instanceof TensorHeap) {
      // The tensor is the vector.
      this.#tensor = tf.keep(tf.tensor1d(values.slice()));
      this.#address = this.heap.pointer(this.#tensor);
    } else {
      this.#address = this.heap.allocate(values.length);
      this.heap.write(this.#address, values);
    }
  }

  /**
   * The vector as it is now, kept by this object. On wasm the tensor and its clones are changed in place together with
   * the vector, so `read` is what makes a copy; on other backends it is another tensor after a change.
   */
  get tensor(): tf.Tensor1D {
    if (this.heap instanceof TensorHeap) return this.#tensor!;
    if (this.#tensorVersion !== this.version) {
      this.#tensor?.dispose();
      this.#tensor = tf.keep(tf.tensor1d(this.#numbers()));
      this.#tensorVersion = this.version;
      owners.set(this.#tensor.dataId, this);
    }
    return this.#tensor!;
  }

  /**
   * The named parameters as tensors of their own, made anew after a change and kept by this object. For backends other
   * than wasm, where they have to be brought to the tensors' memory.
   */
  views(layout: readonly ParameterSlot[]): readonly tf.Tensor[] {
    if (this.#views?.layout !== layout || this.#views.version !== this.version) {
      tf.dispose(this.#views?.tensors);
      const values = this.#numbers();
      const tensors = layout.map(({ shape, offset }) =>
        tf.keep(tf.tensor(values.subarray(offset, offset + sizeOf(shape)), shape)),
      );
      this.#views = { layout, version: this.version, tensors };
    }
    return this.#views.tensors;
  }

  /** Where the numbers lie in the heap, for one who is about to read or change them there. */
  get address(): number {
    return this.#address;
  }

  /** Becomes equal to `other`. */
  copyFrom(other: Params): void {
    this.#checkSize(other.size);
    this.heap.copy(other.address, this.#address, this.size);
    this.version += 1;
  }

  /** this += tau · (other − this): Polyak averaging. */
  lerpFrom(other: Params, tau: number): void {
    this.#checkSize(other.size);
    this.heap.kernels.lerp(this.#address, other.address, tau, this.size);
    this.version += 1;
  }

  /** A copy of the numbers. */
  read(): Float32Array {
    return this.heap.read(this.#address, this.size);
  }

  write(values: Float32Array): void {
    this.#checkSize(values.length);
    this.heap.write(this.#address, values);
    this.version += 1;
  }

  dispose(): void {
    this.#tensor?.dispose();
    tf.dispose(this.#views?.tensors);
    if (!(this.heap instanceof TensorHeap)) this.heap.free(this.#address);
  }

  #numbers(): Float32Array {
    if (this.#copy?.version !== this.version) this.#copy = { version: this.version, values: this.read() };
    return this.#copy.values;
  }

  #checkSize(size: number): void {
    if (size !== this.size) throw new Error(`params: ${size} numbers do not fit a vector of ${this.size}`);
  }
}

const owners = new WeakMap<object, Params>();

/** The parameters whose present tensor this is, on backends other than wasm. */
export function ownerOf(tensor: tf.TensorInfo): Params | undefined {
  return owners.get(tensor.dataId);
}
