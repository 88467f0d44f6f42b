import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { HostMemory } from './host-memory.js';
import { instantiateKernels, type Kernels } from './wasm/kernels.js';

/** A WebAssembly memory and the allocator that hands it out. */
export interface Memory {
  readonly memory: WebAssembly.Memory;
  /** `memory.buffer`, which is slow to ask for. */
  readonly buffer: ArrayBufferLike;
  /** The address of so many bytes, a multiple of 16. */
  allocate(bytes: number): number;
  free(address: number): void;
}

/** Memory with this project's kernels in it. An array there is a byte address and a length. */
export class Heap {
  readonly kernels: Kernels;
  readonly #memory: Memory;
  #floats: Float32Array = new Float32Array(0);
  #scratch = 0;
  #scratchBytes = 0;
  #scratchHolds: object | undefined;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.kernels = instantiateKernels(memory);
  }

  /** All of memory as floats, indexed by address / 4. Stale after the next allocation: ask again. */
  get floats(): Float32Array {
    const { buffer } = this.#memory;
    if (this.#floats.buffer !== buffer) this.#floats = new Float32Array(buffer);
    return this.#floats;
  }

  /** The address of room for `floats` floats, which hold whatever was there before. */
  allocate(floats: number): number {
    return this.#memory.allocate(4 * floats);
  }

  free(address: number): void {
    this.#memory.free(address);
  }

  /** Room for `floats` floats that the caller owns until the next call of `scratch`. Only ever grows. */
  scratch(floats: number): number {
    this.#scratchHolds = undefined;
    if (4 * floats > this.#scratchBytes) {
      if (this.#scratchBytes > 0) this.free(this.#scratch);
      this.#scratch = this.allocate(floats);
      this.#scratchBytes = 4 * floats;
    }
    return this.#scratch;
  }

  /** Where a tensor's numbers lie, to be read before the next call of `scratch`, which may be where they are brought. */
  addressOf(tensor: tf.Tensor): number {
    if (this.#scratchHolds !== tensor.dataId) {
      this.write(this.scratch(tensor.size), tensor.dataSync<'float32'>());
      this.#scratchHolds = tensor.dataId;
    }
    return this.#scratch;
  }

  /** Puts numbers at an address as floats, bytes multiplied by `scale`. */
  write(address: number, values: Float32Array | Uint8Array, scale = 1): void {
    if (values instanceof Float32Array) {
      this.floats.set(values, address / 4);
      return;
    }
    // The bytes go to the end of the floats' own room and are widened from there in place.
    const bytes = address + 3 * values.length;
    new Uint8Array(this.floats.buffer).set(values, bytes);
    this.kernels.bytesToFloats(bytes, address, values.length, scale);
  }

  /** A copy of the `length` floats at an address. */
  read(address: number, length: number): Float32Array {
    return this.floats.slice(address / 4, address / 4 + length);
  }

  copy(from: number, to: number, length: number): void {
    this.floats.copyWithin(to / 4, from / 4, from / 4 + length);
  }

  /** Copies `rows` rows of `length` floats, from one to the next of which it is so many floats on either side. */
  copyRows(
    from: number,
    fromStride: number,
    to: number,
    toStride: number,
    rows: number,
    length: number,
  ): void {
    this.kernels.copyRows(from, 4 * fromStride, to, 4 * toStride, rows, length);
  }

  fill(address: number, length: number, value: number): void {
    this.floats.fill(value, address / 4, address / 4 + length);
  }
}

/** What Emscripten puts on the module that tfjs keeps as `wasm`. `asm` is the instance's exports. */
interface EmscriptenModule {
  readonly asm: { readonly memory: WebAssembly.Memory };
  /** Made anew when the memory grows. */
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/**
 * The memory of tfjs's wasm backend. It keeps every tensor there, so that the kernels work on tensors where they lie.
 */
export class TensorHeap extends Heap {
  readonly #backend: BackendWasm;

  constructor(backend: BackendWasm) {
    const module = backend.wasm as unknown as EmscriptenModule;
    super({
      memory: module.asm.memory,
      get buffer() {
        return module.HEAPU8.buffer;
      },
      allocate: (bytes) => module._malloc(bytes) >>> 0,
      free: (address) => module._free(address),
    });
    this.#backend = backend;
  }

  /** The address of a tensor's first float. */
  pointer(tensor: tf.TensorInfo): number {
    return this.#backend.getMemoryOffset(tensor.dataId);
  }

  override addressOf(tensor: tf.Tensor): number {
    return this.pointer(tensor);
  }

  /** A new tensor, with whatever was in memory before. */
  output(shape: number[]): tf.TensorInfo {
    return this.#backend.makeOutput(shape, 'float32');
  }

  /** As `output`, as a tensor of the engine, which disposes it as any other. */
  tensor(shape: number[]): tf.Tensor {
    return tf.engine().makeTensorFromTensorInfo(this.output(shape));
  }

  /** Another tensor over the same memory, which is freed with the last of them. */
  share({ dataId, shape, dtype }: tf.TensorInfo): tf.TensorInfo {
    this.#backend.incRef(dataId);
    return { dataId, shape, dtype };
  }
}

const heaps = new WeakMap<object, TensorHeap>();

/** The heap that tensors live in, or undefined on a backend other than wasm. */
export function tensorHeap(): TensorHeap | undefined {
  if (tf.getBackend() !== 'wasm') return undefined;
  const backend = tf.backend() as BackendWasm;
  let heap = heaps.get(backend);
  if (heap === undefined) {
    heap = new TensorHeap(backend);
    heaps.set(backend, heap);
  }
  return heap;
}

let hostHeap: Heap | undefined;

/** The heap that parameters live in: where the tensors are, or, on other backends, memory of the project's own. */
export function parameterHeap(): Heap {
  const heap = tensorHeap();
  if (heap !== undefined) return heap;
  hostHeap ??= new Heap(new HostMemory());
  return hostHeap;
}
