import * as tf from '@tensorflow/tfjs-core';
import { type ActivationName, RELU, TANH } from './activations.js';
import type { Heap } from './heap.js';
import { type Initializer, zeros } from './init.js';

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
  readonly x: number;
  /** dL/dz, z being the affine output, before the activation. */
  readonly dz: number;
  /** Where dL/dparameters goes; what was there is overwritten. */
  readonly gradient: number;
  readonly scratch: number;
}

export interface InputGradientPass {
  readonly batch: number;
  readonly parameters: number;
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

/** One step of a sequential network, twice: as kernels on the heap, and as the plain tensor operations they equal. */
export interface Layer {
  /** For architecture strings and errors, such as `dense(64, relu)`. */
  readonly label: string;
  readonly kind: string;
  /** Shape of one example's output. */
  readonly outputs: number[];
  readonly parameters: ParameterSpec[];
  /** Floats of working memory that either pass needs. */
  scratch(batch: number): number;
  forward(heap: Heap, pass: ForwardPass): void;
  /** Turns dL/dy into dL/dz in place; y is the layer's output. */
  undoActivation(heap: Heap, pass: { batch: number; y: number; dy: number }): void;
  parameterGradient(heap: Heap, pass: ParameterGradientPass): void;
  inputGradient(heap: Heap, pass: InputGradientPass): void;
  compose(x: tf.Tensor, parameters: tf.Tensor[]): tf.Tensor;
}

const FLOAT = 4;

export function sizeOf(shape: number[]): number {
  return shape.reduce((size, length) => size * length, 1);
}

const ACTIVATIONS = { linear: undefined, relu: RELU, tanh: TANH } as const;

/** The two kernels of an activation over y [batch, width]; a relu is part of the matrix product already. */
function activationKernels(activation: ActivationName, width: number) {
  return {
    activate({ kernels }: Heap, y: number, batch: number): void {
      if (activation === 'tanh') kernels.tanh!(y, batch * width);
    },
    undoActivation({ kernels }: Heap, { batch, y, dy }: { batch: number; y: number; dy: number }): void {
      if (activation !== 'linear') kernels[`${activation}Gradient`]!(dy, y, batch * width);
    },
  };
}

/** y = activation(x · W + b), x flattened to [batch, inputs]. */
export function dense(
  inputShape: number[],
  units: number,
  activation: ActivationName,
  init: Initializer,
): Layer {
  const inputs = sizeOf(inputShape);
  const weights = inputs * units;
  const { activate, undoActivation } = activationKernels(activation, units);
  return {
    kind: 'dense',
    label: `dense(${units}${activation === 'linear' ? '' : `, ${activation}`})`,
    outputs: [units],
    parameters: [
      { name: 'weight', shape: [inputs, units], init },
      { name: 'bias', shape: [units], init: zeros },
    ],
    scratch: () => weights,
    forward(heap, { batch, parameters, x, y }) {
      const bias = parameters + FLOAT * weights;
      const relu = activation === 'relu' ? 1 : 0;
      heap.kernels.matmul!(x, parameters, y, batch, units, inputs, FLOAT * inputs, FLOAT, bias, 0, relu);
      activate(heap, y, batch);
    },
    undoActivation,
    parameterGradient({ kernels }, { batch, x, dz, gradient }) {
      kernels.matmul!(x, dz, gradient, inputs, units, batch, FLOAT, FLOAT * inputs, 0, 0, 0);
      kernels.columnSums!(dz, gradient + FLOAT * weights, batch, units);
    },
    inputGradient({ kernels }, { batch, parameters, dz, dx, scratch }) {
      kernels.transpose!(parameters, scratch, inputs, units);
      kernels.matmul!(dz, scratch, dx, batch, inputs, units, FLOAT * units, FLOAT, 0, 0, 0);
    },
    compose(x, [weight, bias]) {
      const z = tf.add(tf.matMul(tf.reshape(x, [-1, inputs]), weight as tf.Tensor2D), bias!);
      return ACTIVATIONS[activation]?.compose(z) ?? z;
    },
  };
}

/** Floats of patches held at a time, so that they stay in a core's second-level cache between the two kernels. */
const PATCH_FLOATS = 1 << 16;

/**
 * y = activation(x ⋆ W + b) over [height, width, channels] images, square filters, no padding. The filter is
 * [size, size, channels, filters]; the patches under it are gathered a few examples at a time and multiplied with it.
 */
export function conv(
  [height, across, channels]: [number, number, number],
  { filters, size, stride }: { filters: number; size: number; stride: number },
  activation: ActivationName,
  init: Initializer,
): Layer {
  const rows = Math.floor((height - size) / stride) + 1;
  const columns = Math.floor((across - size) / stride) + 1;
  const positions = rows * columns;
  const patch = size * size * channels;
  const weights = patch * filters;
  const image = height * across * channels;
  const width = positions * filters;
  const { activate, undoActivation } = activationKernels(activation, width);
  const gather = ({ kernels }: Heap, from: number, to: number, examples: number): void => {
    kernels.gatherPatches!(from, to, examples, height, across, channels, size, stride);
  };
  const scatter = ({ kernels }: Heap, to: number, from: number, examples: number): void => {
    kernels.scatterPatches!(to, from, examples, height, across, channels, size, stride);
  };
  const atATime = Math.max(1, Math.floor(PATCH_FLOATS / (positions * patch)));
  /** Calls `visit(first, count)` for each group of examples whose patches are held together. */
  const groups = (batch: number, visit: (first: number, count: number) => void): void => {
    for (let first = 0; first < batch; first += atATime) visit(first, Math.min(atATime, batch - first));
  };
  return {
    kind: 'conv',
    label: `conv(${filters}, ${size}×${size}/${stride}${activation === 'linear' ? '' : `, ${activation}`})`,
    outputs: [rows, columns, filters],
    parameters: [
      { name: 'weight', shape: [size, size, channels, filters], init },
      { name: 'bias', shape: [filters], init: zeros },
    ],
    scratch: (batch) => weights + Math.min(batch, atATime) * positions * patch,
    forward(heap, { batch, parameters, x, y, scratch }) {
      const { kernels } = heap;
      const bias = parameters + FLOAT * weights;
      const relu = activation === 'relu' ? 1 : 0;
      groups(batch, (first, count) => {
        const m = count * positions;
        gather(heap, x + FLOAT * first * image, scratch, count);
        const to = y + FLOAT * first * width;
        kernels.matmul!(scratch, parameters, to, m, filters, patch, FLOAT * patch, FLOAT, bias, 0, relu);
      });
      activate(heap, y, batch);
    },
    undoActivation,
    parameterGradient(heap, { batch, x, dz, gradient, scratch }) {
      const { kernels } = heap;
      kernels.columnSums!(dz, gradient + FLOAT * weights, batch * positions, filters);
      groups(batch, (first, count) => {
        const k = count * positions;
        const from = dz + FLOAT * first * width;
        const start = first === 0 ? 0 : gradient;
        gather(heap, x + FLOAT * first * image, scratch, count);
        kernels.matmul!(
          ...([scratch, from, gradient, patch, filters, k] as const),
          ...([FLOAT, FLOAT * patch, start, FLOAT * filters, 0] as const),
        );
      });
    },
    inputGradient(heap, { batch, parameters, dz, dx, scratch }) {
      const { kernels } = heap;
      const patches = scratch + FLOAT * weights;
      kernels.transpose!(parameters, scratch, patch, filters);
      heap.floats.fill(0, dx / FLOAT, dx / FLOAT + batch * image);
      groups(batch, (first, count) => {
        const m = count * positions;
        const from = dz + FLOAT * first * width;
        kernels.matmul!(from, scratch, patches, m, patch, filters, FLOAT * filters, FLOAT, 0, 0, 0);
        scatter(heap, dx + FLOAT * first * image, patches, count);
      });
    },
    compose(x, [weight, bias]) {
      const z = tf.add(tf.conv2d(x as tf.Tensor4D, weight as tf.Tensor4D, stride, 'valid'), bias!);
      return ACTIVATIONS[activation]?.compose(z) ?? z;
    },
  };
}
