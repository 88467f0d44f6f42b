import * as tf from '@tensorflow/tfjs-core';
import type { ActivationName } from './activations.js';
import { currentHeap, type Heap } from './heap.js';
import { fanInUniform, type Initializer } from './init.js';
import { conv, dense, type Layer, sizeOf } from './layers.js';
import { applyNetwork } from './network-op.js';
import type { Params } from './params.js';

/** Where one named parameter lies in the flat vector. */
export interface ParameterSlot {
  readonly name: string;
  readonly shape: number[];
  readonly offset: number;
}

/** A function of a flat parameter vector and a batch of inputs. It holds no parameters itself. */
export interface Network {
  readonly numParams: number;
  /** Shape of one input. */
  readonly inputs: number[];
  readonly outputs: number;
  /** For error messages and checkpoints, such as `[8] → dense(64, relu) → dense(4)`. */
  readonly architecture: string;
  readonly layout: readonly ParameterSlot[];
  /** A fresh parameter vector; `random` gives uniform numbers in [0, 1). */
  init(random: () => number): Float32Array;
  /** Outputs [B, outputs] of inputs [B, ...inputs], differentiable in both arguments, to any order. */
  apply(params: tf.Tensor1D, x: tf.Tensor): tf.Tensor2D;
  /**
   * The same numbers for acting: no tape and no tensors, on wasm a microsecond or two for a small network.
   * @param x the inputs of `batch` examples; bytes are multiplied by the network's input scale
   * @returns [batch · outputs], row-major
   */
  predict(params: Params, x: Float32Array | Uint8Array, batch: number): Float32Array;
}

export interface MlpOptions {
  readonly inputs: number | number[];
  readonly hidden: number[];
  readonly outputs: number;
  readonly activation?: 'relu' | 'tanh';
  /** What a uint8 input is multiplied by; 1 unless told. */
  readonly inputScale?: number;
  readonly init?: Initializer;
}

/** Dense layers, `activation` after each but the last. */
export function mlp(options: MlpOptions): Sequential {
  const { hidden, outputs, activation = 'relu', inputScale = 1, init = fanInUniform } = options;
  const inputs = typeof options.inputs === 'number' ? [options.inputs] : options.inputs;
  return new Sequential(inputs, denseLayers(inputs, hidden, outputs, activation, init), inputScale);
}

export interface CnnOptions {
  /** [height, width, channels]. */
  readonly inputs: readonly [number, number, number];
  readonly conv: readonly { readonly filters: number; readonly size: number; readonly stride: number }[];
  readonly hidden: number[];
  readonly outputs: number;
  readonly activation?: 'relu' | 'tanh';
  /** What a uint8 input is multiplied by: 1 for MinAtar's 0/1, 1/255 for pixels. 1 unless told. */
  readonly inputScale?: number;
  readonly init?: Initializer;
}

/** Convolutions, then dense layers, over [height, width, channels] images; `activation` after each but the last. */
export function cnn(options: CnnOptions): Sequential {
  const { hidden, outputs, activation = 'relu', inputScale = 1, init = fanInUniform } = options;
  let shape: number[] = [...options.inputs];
  const layers = options.conv.map((filter) => {
    const layer = conv(shape as [number, number, number], filter, activation, init);
    shape = layer.outputs;
    return layer;
  });
  layers.push(...denseLayers(shape, hidden, outputs, activation, init));
  return new Sequential([...options.inputs], layers, inputScale);
}

function denseLayers(
  inputs: number[],
  hidden: number[],
  outputs: number,
  activation: ActivationName,
  init: Initializer,
): Layer[] {
  const widths = [...hidden, outputs];
  return widths.map((units, i) =>
    dense(i === 0 ? inputs : [widths[i - 1]!], units, i === hidden.length ? 'linear' : activation, init),
  );
}

/** Layers one after another. */
export class Sequential implements Network {
  readonly numParams: number;
  readonly outputs: number;
  readonly architecture: string;
  readonly layout: readonly ParameterSlot[];
  /** Where each layer's parameters begin. */
  readonly offsets: readonly number[];
  /** Floats of each layer's output of one example. */
  readonly widths: readonly number[];

  constructor(
    readonly inputs: number[],
    readonly layers: readonly Layer[],
    readonly inputScale: number,
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
    this.outputs = this.widths.at(-1)!;
    this.architecture = [`[${inputs.join(', ')}]`, ...layers.map((layer) => layer.label)].join(' → ');
  }

  init(random: () => number): Float32Array {
    const params = new Float32Array(this.numParams);
    const specs = this.layers.flatMap((layer) => layer.parameters);
    for (const [i, { shape, init }] of specs.entries()) {
      params.set(init(shape, random), this.layout[i]!.offset);
    }
    return params;
  }

  apply(params: tf.Tensor1D, x: tf.Tensor): tf.Tensor2D {
    this.#checkParams(params.size);
    const [batch = 0, ...shape] = x.shape;
    if (shape.length !== this.inputs.length || shape.some((length, i) => length !== this.inputs[i])) {
      throw new Error(`input: shape [${x.shape.join(', ')}] does not fit [batch, ${this.inputs.join(', ')}]`);
    }
    const floats = x.dtype === 'float32' ? x : tf.cast(x, 'float32');
    if (currentHeap() === undefined || batch === 0) return this.compose(params, floats);
    return applyNetwork(this, params, floats);
  }

  /** The network as plain tensor operations: what `apply` equals, on any backend. */
  compose(params: tf.Tensor1D, x: tf.Tensor): tf.Tensor2D {
    let slot = 0;
    let y = x;
    for (const layer of this.layers) {
      const parameters = layer.parameters.map(({ shape }) => {
        const { offset } = this.layout[slot++]!;
        return tf.reshape(tf.slice(params, offset, sizeOf(shape)), shape);
      });
      y = layer.compose(y, parameters);
    }
    return y as tf.Tensor2D;
  }

  predict(params: Params, x: Float32Array | Uint8Array, batch: number): Float32Array {
    this.#checkParams(params.size);
    const length = batch * sizeOf(this.inputs);
    if (x.length !== length) {
      throw new Error(
        `predict: ${x.length} numbers are not ${batch} inputs of [${this.inputs.join(', ')}], which take ${length}`,
      );
    }
    const heap = currentHeap();
    if (heap === undefined) return this.#predictWithTensors(params, x, batch);
    return this.#predictOnHeap(heap, params, x, batch);
  }

  #predictOnHeap(heap: Heap, params: Params, x: Float32Array | Uint8Array, batch: number): Float32Array {
    // The input, two buffers that the layers write in turn, and the layers' own scratch.
    const buffer = batch * Math.max(...this.widths);
    const own = Math.max(...this.layers.map((layer) => layer.scratch(batch)));
    const scratch = heap.scratch(x.length + 2 * buffer + own);
    heap.writeFloats(scratch, x, this.inputScale);
    const buffers = [scratch + 4 * x.length, scratch + 4 * (x.length + buffer)];
    const pointer = heap.pointer(params.tensor);
    let from = scratch;
    for (const [i, layer] of this.layers.entries()) {
      const to = buffers[i % 2]!;
      layer.forward(heap, {
        batch,
        parameters: pointer + 4 * this.offsets[i]!,
        x: from,
        y: to,
        scratch: scratch + 4 * (x.length + 2 * buffer),
      });
      from = to;
    }
    return heap.floats.slice(from / 4, from / 4 + batch * this.outputs);
  }

  #predictWithTensors(params: Params, x: Float32Array | Uint8Array, batch: number): Float32Array {
    return tf.tidy(() => {
      const floats = x instanceof Float32Array ? x : Float32Array.from(x, (byte) => byte * this.inputScale);
      return this.compose(params.tensor, tf.tensor(floats, [batch, ...this.inputs])).dataSync<'float32'>();
    });
  }

  #checkParams(size: number): void {
    if (size !== this.numParams) {
      throw new Error(`params: ${size} numbers, but ${this.architecture} has ${this.numParams}`);
    }
  }
}
