import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { instantiateKernels, type Kernels } from './wasm/kernels.js';

/** What Emscripten puts on the module that tfjs keeps as `wasm`. `asm` is the instance's exports. */
interface EmscriptenModule {
  readonly asm: { readonly memory: WebAssembly.Memory };
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/**
 * The memory of the wasm backend, with this project's kernels in it. tfjs keeps every tensor there, so a kernel works
 * on tensors where they lie, and a tensor is a pointer and a length.
 */
export class Heap {
  readonly kernels: Kernels;
  readonly #backend: BackendWasm;
  readonly #module: EmscriptenModule;
  #floats: Float32Array = new Float32Array(0);
  #scratch = 0;
  #scratchBytes = 0;

  constructor(backend: BackendWasm) {
    this.#backend = backend;
    this.#module = backend.wasm as unknown as EmscriptenModule;
    this.kernels = instantiateKernels(this.#module.asm.memory);
  }

  /** The address of a tensor's first float. */
  pointer(tensor: tf.TensorInfo): number {
    return this.#backend.getMemoryOffset(tensor.dataId);
  }

  /** A new tensor's memory, with whatever was there before. */
  allocate(shape: number[]): tf.TensorInfo {
    return this.#backend.makeOutput(shape, 'float32');
  }

  /** Another tensor over the same memory, which is freed with the last of them. */
  share({ dataId, shape, dtype }: tf.TensorInfo): tf.TensorInfo {
    this.#backend.incRef(dataId);
    return { dataId, shape, dtype };
  }

  /** As `allocate`, as a tensor of the engine, which disposes it as any other. */
  tensor(shape: number[]): tf.Tensor {
    return tf.engine().makeTensorFromTensorInfo(this.allocate(shape));
  }

  /** All of memory as floats, indexed by address / 4. Stale after the next allocation: ask again. */
  get floats(): Float32Array {
    const { buffer } = this.#module.HEAPU8;
    if (this.#floats.buffer !== buffer) this.#floats = new Float32Array(buffer);
    return this.#floats;
  }

  get bytes(): Uint8Array {
    return this.#module.HEAPU8;
  }

  /** Puts numbers at an address as floats, bytes multiplied by `scale`. */
  writeFloats(address: number, values: Float32Array | Uint8Array, scale: number): void {
    if (values instanceof Float32Array) {
      this.floats.set(values, address / 4);
      return;
    }
    // The bytes go to the end of the floats' own room and are widened from there in place.
    const bytes = address + 3 * values.length;
    this.bytes.set(values, bytes);
    this.kernels.bytesToFloats!(bytes, address, values.length, scale);
  }

  /** Room for `floats` floats that the caller owns until the next call of `scratch`. Only ever grows. */
  scratch(floats: number): number {
    const bytes = 4 * floats;
    if (bytes > this.#scratchBytes) {
      this.#module._free(this.#scratch);
      this.#scratch = this.#module._malloc(bytes) >>> 0;
      this.#scratchBytes = bytes;
    }
    return this.#scratch;
  }
}

const heaps = new WeakMap<object, Heap>();

/** The heap where tensors live now, or undefined on a backend other than wasm. */
export function currentHeap(): Heap | undefined {
  if (tf.getBackend() !== 'wasm') return undefined;
  const backend = tf.backend() as BackendWasm;
  let heap = heaps.get(backend);
  if (heap === undefined) {
    heap = new Heap(backend);
    heaps.set(backend, heap);
  }
  return heap;
}
