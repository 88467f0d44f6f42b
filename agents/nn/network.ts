import type * as tf from '@tensorflow/tfjs-core';
import type { ActivationName } from './activations.js';
import { fanInUniform, type Initializer } from './init.js';
import { conv, type FilterOptions, type ImageShape } from './layers/conv.js';
import { dense } from './layers/dense.js';
import type { Layer } from './layers/layer.js';
import type { ParameterSlot, Params } from './params.js';
import { Sequential } from './sequential.js';

export type { ParameterSlot } from './params.js';

/** A function of a flat parameter vector and a batch of inputs. It holds no parameters itself. */
export interface Network<Output extends tf.Tensor = tf.Tensor2D> {
  readonly numParams: number;
  /** Shape of one input. */
  readonly inputs: number[];
  readonly outputs: number;
  /** Multiplications and additions of one forward pass for one example. */
  readonly multiplyAdds: number;
  /** For error messages and checkpoints, such as `[8] → dense(64, relu) → dense(4)`. */
  readonly architecture: string;
  readonly layout: readonly ParameterSlot[];
  /** A fresh parameter vector; `random` gives uniform numbers in [0, 1). */
  init(random: () => number): Float32Array;
  /** Outputs [B, outputs] of inputs [B, ...inputs], differentiable in both arguments, to any order. */
  apply(params: tf.Tensor1D, x: tf.Tensor): Output;
  /**
   * The same numbers for acting: no tape and no tensors, on wasm a microsecond or two for a small network.
   * @param x the inputs of `batch` examples; bytes are multiplied by the network's input scale
   * @returns [batch · outputs], row-major
   */
  predict(params: Params, x: Float32Array | Uint8Array, batch: number): Float32Array;
}

interface CommonOptions {
  readonly hidden: readonly number[];
  readonly outputs: number;
  /** After each layer but the last; relu unless told. */
  readonly activation?: ActivationName;
  /** What a uint8 input is multiplied by: 1 for 0/1 planes, 1/255 for pixels. 1 unless told. */
  readonly inputScale?: number;
  /** After the last layer; linear unless told. */
  readonly outputActivation?: ActivationName;
  /** Draws the weights of all layers but the last; `fanInUniform` unless told. Biases begin at 0. */
  readonly init?: Initializer;
  /** Draws the weights of the last layer; as `init` unless told. */
  readonly outputInit?: Initializer;
}

export interface MlpOptions extends CommonOptions {
  readonly inputs: number | readonly number[];
}

/** Dense layers. */
export function mlp(options: MlpOptions): Sequential {
  const inputs = [options.inputs].flat() as number[];
  return new Sequential(inputs, denseLayers(inputs, options), options.inputScale);
}

export interface CnnOptions extends CommonOptions {
  readonly inputs: ImageShape;
  readonly conv: readonly FilterOptions[];
}

/** Convolutions without padding, then dense layers, over [height, width, channels] images. */
export function cnn(options: CnnOptions): Sequential {
  const convolutions = convLayers(options);
  const shape = convolutions.at(-1)?.outputs ?? options.inputs;
  const layers = [...convolutions, ...denseLayers(shape, options)];
  return new Sequential([...options.inputs], layers, options.inputScale);
}

/** The convolutions of a network over images. */
export function convLayers({
  inputs,
  conv: filters,
  activation = 'relu',
  init = fanInUniform,
}: CnnOptions): Layer[] {
  let shape: readonly number[] = inputs;
  return filters.map((filter) => {
    const layer = conv(shape as ImageShape, filter, activation, init);
    shape = layer.outputs;
    return layer;
  });
}

/** Dense layers over inputs of any shape. */
export function denseLayers(inputs: readonly number[], options: CommonOptions): Layer[] {
  const { hidden, outputs, activation = 'relu', outputActivation = 'linear' } = options;
  const { init = fanInUniform, outputInit = init } = options;
  const last = hidden.length;
  return [...hidden, outputs].map((units, i) => {
    const shape = i === 0 ? inputs : [hidden[i - 1]!];
    return dense(shape, units, i === last ? outputActivation : activation, i === last ? outputInit : init);
  });
}
