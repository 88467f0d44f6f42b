import type * as tf from '@tensorflow/tfjs-core';
import { type ActivationName, COMPOSE } from '../activations.js';
import type { Heap } from '../heap.js';
import type { Initializer } from '../init.js';
import type { TensorFlow } from '../tensorflow.js';

/** Arrays of one pass over a layer, as byte addresses in the heap. `scratch` has room for `scratch(batch)` floats. */
export interface ForwardPass {
  readonly batch: number;
  /** The layer's first parameter. */
  readonly parameters: number;
  readonly x: number;
  readonly y: number;
  readonly scratch: number;
}

export interface ParameterGradientPass {
  readonly batch: number;
  readonly parameters: number;
  readonly x: number;
  /** dL/dz, z being the output before the activation. */
  readonly dz: number;
  /** Where dL/dparameters goes; what was there is overwritten. */
  readonly gradient: number;
  readonly scratch: number;
}

export interface InputGradientPass {
  readonly batch: number;
  readonly parameters: number;
  readonly x: number;
  readonly dz: number;
  /** Where dL/dx goes; what was there is overwritten. */
  readonly dx: number;
  readonly scratch: number;
}

export interface ParameterSpec {
  readonly name: string;
  readonly shape: number[];
  readonly init: Initializer;
}

/**
 * One step of a sequential network, written several times: as the plain tensor operations that say what it is and that
 * gradients of gradients go through, as kernels on a heap for the wasm backend, and, for layers that are worth it, as
 * TensorFlow operations for the native ones.
 */
export interface Layer {
  /** For parameter names, such as `dense`. */
  readonly kind: string;
  /** For architecture strings and errors, such as `dense(64, relu)`. */
  readonly label: string;
  /** Shape of one example's output; of all members' together in an ensemble. */
  readonly outputs: number[];
  /** Multiplications and additions for one example. */
  readonly multiplyAdds: number;
  readonly activation: ActivationName;
  readonly parameters: ParameterSpec[];
  /** Floats of working memory that any of the passes needs. */
  scratch(batch: number): number;
  /** y is the output with its activation. */
  forward(heap: Heap, pass: ForwardPass): void;
  parameterGradient(heap: Heap, pass: ParameterGradientPass): void;
  inputGradient(heap: Heap, pass: InputGradientPass): void;
  /** z, the output before the activation, of the parameters in order. */
  compose(x: tf.Tensor, parameters: tf.Tensor[]): tf.Tensor;
  readonly native?: NativeLayer;
}

/** A layer as TensorFlow operations, without its activation. Parameters come in the shapes of their specs. */
export interface NativeLayer {
  forward(ops: TensorFlow, x: tf.Tensor, parameters: tf.Tensor[]): tf.Tensor;
  parameterGradient(ops: TensorFlow, x: tf.Tensor, dz: tf.Tensor, parameters: tf.Tensor[]): tf.Tensor[];
  inputGradient(ops: TensorFlow, x: tf.Tensor, dz: tf.Tensor, parameters: tf.Tensor[]): tf.Tensor;
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, 1);
}

/** A layer's output as plain tensor operations, activation included. */
export function composeLayer(layer: Layer, x: tf.Tensor, parameters: tf.Tensor[]): tf.Tensor {
  return COMPOSE[layer.activation](layer.compose(x, parameters));
}

/** Applies an activation to n floats in place, except a relu, which is for the matrix product to do. */
export function activate(heap: Heap, activation: ActivationName, y: number, n: number): void {
  if (activation === 'tanh') heap.kernels.tanh(y, n);
  if (activation === 'sigmoid') heap.kernels.sigmoid(y, n);
}

/** Turns dL/dy into dL/dz in place, y being the layer's output. */
export function undoActivation(
  heap: Heap,
  activation: ActivationName,
  dy: number,
  y: number,
  n: number,
): void {
  if (activation === 'relu') heap.kernels.reluGradient(dy, y, n);
  if (activation === 'tanh') heap.kernels.tanhGradient(dy, y, n);
  if (activation === 'sigmoid') heap.kernels.sigmoidGradient(dy, y, n);
}

/** The suffix of a label that names the activation. */
export function activationLabel(activation: ActivationName): string {
  return activation === 'linear' ? '' : `, ${activation}`;
}
