import * as tf from '@tensorflow/tfjs-core';
import type { ActivationName } from '../activations.js';
import type { Heap } from '../heap.js';
import { type Initializer, zeros } from '../init.js';
import { multiply } from '../multiply.js';
import { activate, activationLabel, type Layer, sizeOf } from './layer.js';

const FLOAT = 4;

/** [height, width, channels]. */
export type ImageShape = readonly [number, number, number];

export interface FilterOptions {
  readonly filters: number;
  /** Side of the square filter. */
  readonly size: number;
  readonly stride: number;
}

/** Floats of patches held at a time, so that they stay in a core's second-level cache between two kernels. */
const PATCH_FLOATS = 1 << 16;

/**
 * What a square filter without padding sees of an image: its geometry, and the walks between images and the matrix of
 * patches [examples · rows · columns, size · size · channels]. Patches are made a few examples at a time.
 */
export class Patches {
  readonly rows: number;
  readonly columns: number;
  /** Output positions of one example. */
  readonly positions: number;
  /** Floats of one patch. */
  readonly length: number;
  /** Floats of one image. */
  readonly image: number;
  readonly #atATime: number;

  constructor(
    readonly shape: ImageShape,
    readonly size: number,
    readonly stride: number,
  ) {
    const [height, width, channels] = shape;
    this.rows = Math.floor((height - size) / stride) + 1;
    this.columns = Math.floor((width - size) / stride) + 1;
    if (this.rows < 1 || this.columns < 1) {
      throw new Error(`conv: a filter of ${size}×${size} does not fit an image of ${height}×${width}`);
    }
    this.positions = this.rows * this.columns;
    this.length = size * size * channels;
    this.image = sizeOf(shape);
    this.#atATime = Math.max(1, Math.floor(PATCH_FLOATS / (this.positions * this.length)));
  }

  /** Floats of the patches that are held together. */
  scratch(batch: number): number {
    return Math.min(batch, this.#atATime) * this.positions * this.length;
  }

  /** Calls `visit(first, count)` for each group of examples whose patches are held together. */
  groups(batch: number, visit: (first: number, count: number) => void): void {
    for (let first = 0; first < batch; first += this.#atATime) {
      visit(first, Math.min(this.#atATime, batch - first));
    }
  }

  gather({ kernels }: Heap, images: number, patches: number, examples: number): void {
    kernels.gatherPatches(images, patches, examples, ...this.shape, this.size, this.stride);
  }

  /** Adds the patches to the images. */
  scatter({ kernels }: Heap, images: number, patches: number, examples: number): void {
    kernels.scatterPatches(images, patches, examples, ...this.shape, this.size, this.stride);
  }
}

/**
 * z = x ⋆ W + b over [height, width, channels] images, no padding. W is [size, size, channels, filters]; its gradient
 * and that of x are products of the same matrix of patches.
 */
export function conv(
  inputShape: ImageShape,
  { filters, size, stride }: FilterOptions,
  activation: ActivationName,
  init: Initializer,
): Layer {
  const patches = new Patches(inputShape, size, stride);
  const { positions, length, image } = patches;
  const weights = length * filters;
  const width = positions * filters;
  return {
    kind: 'conv',
    label: `conv(${filters}, ${size}×${size}/${stride}${activationLabel(activation)})`,
    outputs: [patches.rows, patches.columns, filters],
    multiplyAdds: positions * weights,
    activation,
    parameters: [
      { name: 'weight', shape: [size, size, inputShape[2], filters], init },
      { name: 'bias', shape: [filters], init: zeros },
    ],
    scratch: (batch) => patches.scratch(batch),
    forward(heap, { batch, parameters, x, y, scratch }) {
      const bias = parameters + FLOAT * weights;
      const relu = activation === 'relu';
      patches.groups(batch, (first, count) => {
        patches.gather(heap, x + FLOAT * first * image, scratch, count);
        const c = y + FLOAT * first * width;
        const m = count * positions;
        multiply(heap.kernels, { a: scratch, b: parameters, c, m, n: filters, k: length, bias, relu });
      });
      activate(heap, activation, y, batch * width);
    },
    parameterGradient(heap, { batch, x, dz, gradient, scratch }) {
      heap.kernels.columnSums(dz, gradient + FLOAT * weights, batch * positions, filters);
      patches.groups(batch, (first, count) => {
        patches.gather(heap, x + FLOAT * first * image, scratch, count);
        multiply(heap.kernels, {
          ...{ a: scratch, transposeA: true, b: dz + FLOAT * first * width, c: gradient },
          ...{ m: length, n: filters, k: count * positions, accumulate: first > 0 },
        });
      });
    },
    inputGradient(heap, { batch, parameters, dz, dx, scratch }) {
      heap.fill(dx, batch * image, 0);
      patches.groups(batch, (first, count) => {
        multiply(heap.kernels, {
          ...{ a: dz + FLOAT * first * width, b: parameters, transposeB: true, c: scratch },
          ...{ m: count * positions, n: length, k: filters },
        });
        patches.scatter(heap, dx + FLOAT * first * image, scratch, count);
      });
    },
    compose: (x, [weight, bias]) =>
      tf.add(tf.conv2d(x as tf.Tensor4D, weight as tf.Tensor4D, stride, 'valid'), bias!),
    native: {
      forward: (ops, x, [weight, bias]) => ops.biasAdd(ops.conv2d(x, weight!, stride), bias!),
      parameterGradient: (ops, x, dz, [weight]) => [
        ops.conv2dFilterGradient(x, weight!.shape, dz, stride),
        ops.biasGradient(dz),
      ],
      inputGradient: (ops, x, dz, [weight]) => ops.conv2dInputGradient(x.shape, weight!, dz, stride),
    },
  };
}
