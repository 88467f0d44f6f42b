import * as tf from '@tensorflow/tfjs-core';
import { type ActivationName, RELU, TANH } from './activations.js';
import type { Heap } from './heap.js';
import { type Initializer, zeros } from './init.js';

/** Where one forward pass over a layer finds its arrays: byte addresses in the heap. */
export interface ForwardPass {
  readonly batch: number;
  /** The layer's first parameter. */
  readonly parameters: number;
  readonly x: number;
  readonly y: number;
  /** Room for `scratch(batch)` floats. */
  readonly scratch: number;
}

/** As ForwardPass, after it: x and y are as the forward pass left them. */
export interface BackwardPass extends ForwardPass {
  /** Where dL/dparameters goes; what was there is overwritten. */
  readonly gradient: number;
  /** dL/dy; the layer may overwrite it. */
  readonly dy: number;
  /** Where dL/dx goes; 0 where nobody wants it. */
  readonly dx: number;
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
  backward(heap: Heap, pass: BackwardPass): void;
  compose(x: tf.Tensor, parameters: tf.Tensor[]): tf.Tensor;
}

const FLOAT = 4;

export function sizeOf(shape: number[]): number {
  return shape.reduce((size, length) => size * length, 1);
}

const ACTIVATIONS = { linear: undefined, relu: RELU, tanh: TANH } as const;

/** Turns dL/dy into the gradient before the activation, in place. */
function activationGradient(heap: Heap, activation: ActivationName, dy: number, y: number, n: number): void {
  if (activation !== 'linear') heap.kernels[`${activation}Gradient`]!(dy, y, n);
}

/** y = activation(x · W + b), x flattened to [batch, inputs]. */
export function dense(inputShape: number[], units: number, activation: ActivationName, init: Initializer): Layer {
  const inputs = sizeOf(inputShape);
  const weights = inputs * units;
  return {
    kind: 'dense',
    label: `dense(${units}${activation === 'linear' ? '' : `, ${activation}`})`,
    outputs: [units],
    parameters: [
      { name: 'weight', shape: [inputs, units], init },
      { name: 'bias', shape: [units], init: zeros },
    ],
    scratch: () => weights,
    forward({ kernels }, { batch, parameters, x, y }) {
      const bias = parameters + FLOAT * weights;
      const relu = activation === 'relu' ? 1 : 0;
      kernels.matmul!(x, parameters, y, batch, units, inputs, FLOAT * inputs, FLOAT, bias, 0, relu);
      if (activation === 'tanh') kernels.tanh!(y, batch * units);
    },
    backward(heap, { batch, parameters, gradient, x, y, dy, dx, scratch }) {
      const { kernels } = heap;
      activationGradient(heap, activation, dy, y, batch * units);
      kernels.matmul!(x, dy, gradient, inputs, units, batch, FLOAT, FLOAT * inputs, 0, 0, 0);
      kernels.columnSums!(dy, gradient + FLOAT * weights, batch, units);
      if (dx === 0) return;
      kernels.transpose!(parameters, scratch, inputs, units);
      kernels.matmul!(dy, scratch, dx, batch, inputs, units, FLOAT * units, FLOAT, 0, 0, 0);
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
  [height, width, channels]: [number, number, number],
  { filters, size, stride }: { filters: number; size: number; stride: number },
  activation: ActivationName,
  init: Initializer,
): Layer {
  const rows = Math.floor((height - size) / stride) + 1;
  const columns = Math.floor((width - size) / stride) + 1;
  const positions = rows * columns;
  const patch = size * size * channels;
  const weights = patch * filters;
  const image = height * width * channels;
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
    scratch: (batch) => Math.min(batch, atATime) * positions * patch + weights,
    forward({ kernels }, { batch, parameters, x, y, scratch }) {
      const bias = parameters + FLOAT * weights;
      const relu = activation === 'relu' ? 1 : 0;
      groups(batch, (first, count) => {
        const from = x + FLOAT * first * image;
        const to = y + FLOAT * first * positions * filters;
        kernels.gatherPatches!(from, scratch, count, height, width, channels, size, stride);
        const m = count * positions;
        kernels.matmul!(scratch, parameters, to, m, filters, patch, FLOAT * patch, FLOAT, bias, 0, relu);
      });
      if (activation === 'tanh') kernels.tanh!(y, batch * positions * filters);
    },
    backward(heap, { batch, parameters, gradient, x, y, dy, dx, scratch }) {
      const { kernels } = heap;
      activationGradient(heap, activation, dy, y, batch * positions * filters);
      kernels.columnSums!(dy, gradient + FLOAT * weights, batch * positions, filters);
      groups(batch, (first, count) => {
        const from = x + FLOAT * first * image;
        const dFrom = dy + FLOAT * first * positions * filters;
        const start = first === 0 ? 0 : gradient;
        const k = count * positions;
        kernels.gatherPatches!(from, scratch, count, height, width, channels, size, stride);
        kernels.matmul!(
          ...([scratch, dFrom, gradient, patch, filters, k] as const),
          ...([FLOAT, FLOAT * patch, start, FLOAT * filters, 0] as const),
        );
      });
      if (dx === 0) return;
      const transposed = scratch + FLOAT * (this.scratch(batch) - weights);
      kernels.transpose!(parameters, transposed, patch, filters);
      heap.floats.fill(0, dx / FLOAT, dx / FLOAT + batch * image);
      groups(batch, (first, count) => {
        const dFrom = dy + FLOAT * first * positions * filters;
        const m = count * positions;
        kernels.matmul!(dFrom, transposed, scratch, m, patch, filters, FLOAT * filters, FLOAT, 0, 0, 0);
        const to = dx + FLOAT * first * image;
        kernels.scatterPatches!(to, scratch, count, height, width, channels, size, stride);
      });
    },
    compose(x, [weight, bias]) {
      const z = tf.add(tf.conv2d(x as tf.Tensor4D, weight as tf.Tensor4D, stride, 'valid'), bias!);
      return ACTIVATIONS[activation]?.compose(z) ?? z;
    },
  };
}
