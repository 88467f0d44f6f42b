import * as tf from '@tensorflow/tfjs-core';
import { tensorHeap } from './heap.js';
import { toFloats } from './input.js';
import { composeLayer, type Layer, sizeOf } from './layers/layer.js';
import type { ParameterSlot, Params } from './params.js';
import { applySequential } from './sequential-op.js';
import { tensorFlow } from './tensorflow.js';

const FLOAT = 4;

/** Multiplications and additions that this project's kernels are through with before TensorFlow has begun. */
const HOST_UP_TO = 2e6;

/**
 * Layers one after another. With `members`, each layer is those of an ensemble side by side: inputs are
 * [members, B, ...inputs], outputs [members, B, outputs], and `outputs` counts one member's.
 */
export class Sequential<Output extends tf.Tensor = tf.Tensor2D> {
  readonly numParams: number;
  /** Multiplications and additions of one forward pass for one example. */
  readonly multiplyAdds: number;
  readonly outputs: number;
  readonly architecture: string;
  readonly layout: readonly ParameterSlot[];
  /** Where each layer's parameters begin. */
  readonly offsets: readonly number[];
  /** Floats of each layer's output of one example, of all members together. */
  readonly widths: readonly number[];

  constructor(
    readonly inputs: number[],
    readonly layers: readonly Layer[],
    readonly inputScale = 1,
    readonly members?: number,
  ) {
    let offset = 0;
    const offsets: number[] = [];
    const layout: ParameterSlot[] = [];
    for (const [i, layer] of layers.entries()) {
      offsets.push(offset);
      for (const { name, shape } of layer.parameters) {
        layout.push({ name: `${i}.${layer.kind}.${name}`, shape, offset });
        offset += sizeOf(shape);
      }
    }
    this.numParams = offset;
    this.offsets = offsets;
    this.layout = layout;
    this.widths = layers.map((layer) => sizeOf(layer.outputs));
    this.outputs = this.widths.at(-1)! / (members ?? 1);
    this.multiplyAdds = layers.reduce((sum, layer) => sum + layer.multiplyAdds, 0);
    const steps = [`[${inputs.join(', ')}]`, ...layers.map((layer) => layer.label)].join(' → ');
    this.architecture = members === undefined ? steps : `${members} × (${steps})`;
  }

  init(random: () => number): Float32Array {
    const params = new Float32Array(this.numParams);
    const specs = this.layers.flatMap((layer) => layer.parameters);
    for (const [i, { shape, init }] of specs.entries()) {
      params.set(init(shape, random), this.layout[i]!.offset);
    }
    return params;
  }

  /** The layer's own parameters among those of the layout. */
  parametersOf<T>(layer: number, all: readonly T[]): T[] {
    const first = this.layers.slice(0, layer).reduce((count, { parameters }) => count + parameters.length, 0);
    return all.slice(first, first + this.layers[layer]!.parameters.length);
  }

  /** The batch size of an input, or of an output, of this shape. */
  batchOf(shape: readonly number[]): number {
    return shape[this.members === undefined ? 0 : 1]!;
  }

  /** The shape of so many examples, each of `shape`; of an ensemble, where `shape` is of all members, in parts. */
  batched(batch: number, shape: readonly number[]): number[] {
    return this.members === undefined
      ? [batch, ...shape]
      : [this.members, batch, sizeOf(shape) / this.members];
  }

  /** Outputs [B, outputs] of inputs [B, ...inputs], differentiable in both arguments, to any order. */
  apply(params: tf.Tensor1D, x: tf.Tensor): Output {
    this.#checkParams(params.size);
    const expected = [...(this.members === undefined ? [] : [this.members]), 'batch', ...this.inputs];
    if (
      x.rank !== expected.length ||
      expected.some((length, i) => length !== 'batch' && length !== x.shape[i])
    ) {
      throw new Error(`input: shape [${x.shape.join(', ')}] does not fit [${expected.join(', ')}]`);
    }
    const floats = x.dtype === 'float32' ? x : tf.cast(x, 'float32');
    const fused = tensorHeap() !== undefined || (tensorFlow() !== undefined && this.isNative);
    const y = x.size > 0 && fused ? applySequential(this, params, floats) : this.compose(params, floats);
    return y as Output;
  }

  /** Whether every layer knows how to run on TensorFlow. */
  get isNative(): boolean {
    return this.layers.every((layer) => layer.native !== undefined);
  }

  /** The network as plain tensor operations: what `apply` equals, on any backend. */
  compose(params: tf.Tensor1D, x: tf.Tensor): Output {
    const parameters = this.layout.map(({ shape, offset }) =>
      tf.reshape(tf.slice(params, offset, sizeOf(shape)), shape),
    );
    const y = this.layers.reduce(
      (input, layer, i) => composeLayer(layer, input, this.parametersOf(i, parameters)),
      x,
    );
    return tf.reshape(y, this.batched(this.batchOf(x.shape), [this.widths.at(-1)!])) as Output;
  }

  predict(params: Params, x: Float32Array | Uint8Array, batch: number): Float32Array {
    this.#checkParams(params.size);
    const length = batch * sizeOf(this.inputs) * (this.members ?? 1);
    if (x.length !== length) {
      throw new Error(
        `predict: ${x.length} numbers are not ${batch} inputs of [${this.inputs.join(', ')}], which take ${length}`,
      );
    }
    const small = tensorFlow() !== undefined && batch * this.multiplyAdds < HOST_UP_TO;
    if (tensorHeap() !== undefined || small) return this.#predictOnHeap(params, x, batch);
    const shape = [...(this.members === undefined ? [] : [this.members]), batch, ...this.inputs];
    return tf.tidy(() => {
      return this.apply(params.tensor, tf.tensor(toFloats(x, this.inputScale), shape)).dataSync<'float32'>();
    });
  }

  #predictOnHeap(params: Params, x: Float32Array | Uint8Array, batch: number): Float32Array {
    const { heap } = params;
    // The input, two buffers that the layers write in turn, and the layers' own scratch.
    const buffer = batch * Math.max(...this.widths);
    const own = Math.max(...this.layers.map((layer) => layer.scratch(batch)));
    const input = heap.scratch(x.length + 2 * buffer + own);
    const buffers = [input + FLOAT * x.length, input + FLOAT * (x.length + buffer)];
    const scratch = input + FLOAT * (x.length + 2 * buffer);
    heap.write(input, x, this.inputScale);
    let from = input;
    for (const [i, layer] of this.layers.entries()) {
      const y = buffers[i % 2]!;
      layer.forward(heap, {
        batch,
        parameters: params.address + FLOAT * this.offsets[i]!,
        x: from,
        y,
        scratch,
      });
      from = y;
    }
    return heap.read(from, batch * this.widths.at(-1)!);
  }

  #checkParams(size: number): void {
    if (size !== this.numParams) {
      throw new Error(`params: ${size} numbers, but ${this.architecture} has ${this.numParams}`);
    }
  }
}
