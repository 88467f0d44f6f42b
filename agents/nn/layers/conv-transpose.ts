import * as tf from '@tensorflow/tfjs-core';
import type { ActivationName } from '../activations.js';
import type { Heap } from '../heap.js';
import { type Initializer, zeros } from '../init.js';
import { multiply } from '../multiply.js';
import { type FilterOptions, type ImageShape, Patches } from './conv.js';
import { activate, activationLabel, type Layer, sizeOf } from './layer.js';

const FLOAT = 4;

/**
 * The transpose of a convolution without padding, which makes an image of [height, width, channels] larger: of
 * (height − 1) · stride + size rows. Each input position adds its patch to the output. W is [size, size, filters,
 * channels].
 */
export function convTranspose(
  inputShape: ImageShape,
  { filters, size, stride }: FilterOptions,
  activation: ActivationName,
  init: Initializer,
): Layer {
  const [rows, columns, channels] = inputShape;
  const outputs: ImageShape = [(rows - 1) * stride + size, (columns - 1) * stride + size, filters];
  // The patches of the output are what the positions of the input stand for.
  const patches = new Patches(outputs, size, stride);
  const { positions, length } = patches;
  const weights = length * channels;
  const width = sizeOf(outputs);
  const pixels = width / filters;
  const images = (x: tf.Tensor): tf.Tensor4D => tf.reshape(x, [-1, ...inputShape]) as tf.Tensor4D;

  /** Every pixel at `y` becomes the bias. */
  const fillWithBias = (heap: Heap, bias: number, y: number, batch: number): void => {
    heap.copy(bias, y, filters);
    const total = batch * width;
    for (let filled = filters; filled < total; filled *= 2) {
      heap.copy(y, y + FLOAT * filled, Math.min(filled, total - filled));
    }
  };

  return {
    kind: 'convTranspose',
    label: `convTranspose(${filters}, ${size}×${size}/${stride}${activationLabel(activation)})`,
    outputs: [...outputs],
    multiplyAdds: positions * weights,
    activation,
    parameters: [
      { name: 'weight', shape: [size, size, filters, channels], init },
      { name: 'bias', shape: [filters], init: zeros },
    ],
    scratch: (batch) => patches.scratch(batch),
    forward(heap, { batch, parameters, x, y, scratch }) {
      fillWithBias(heap, parameters + FLOAT * weights, y, batch);
      patches.groups(batch, (first, count) => {
        multiply(heap.kernels, {
          ...{ a: x + FLOAT * first * positions * channels, b: parameters, transposeB: true, c: scratch },
          ...{ m: count * positions, n: length, k: channels },
        });
        patches.scatter(heap, y + FLOAT * first * width, scratch, count);
      });
      if (activation === 'relu') heap.kernels.relu(y, batch * width);
      activate(heap, activation, y, batch * width);
    },
    parameterGradient(heap, { batch, x, dz, gradient, scratch }) {
      heap.kernels.columnSums(dz, gradient + FLOAT * weights, batch * pixels, filters);
      patches.groups(batch, (first, count) => {
        patches.gather(heap, dz + FLOAT * first * width, scratch, count);
        multiply(heap.kernels, {
          ...{ a: scratch, transposeA: true, b: x + FLOAT * first * positions * channels, c: gradient },
          ...{ m: length, n: channels, k: count * positions, accumulate: first > 0 },
        });
      });
    },
    inputGradient(heap, { batch, parameters, dz, dx, scratch }) {
      patches.groups(batch, (first, count) => {
        patches.gather(heap, dz + FLOAT * first * width, scratch, count);
        const c = dx + FLOAT * first * positions * channels;
        multiply(heap.kernels, {
          a: scratch,
          b: parameters,
          c,
          m: count * positions,
          n: channels,
          k: length,
        });
      });
    },
    compose(x, [weight, bias]) {
      const batch = x.size / sizeOf(inputShape);
      const z = tf.conv2dTranspose(images(x), weight as tf.Tensor4D, [batch, ...outputs], stride, 'valid');
      return tf.add(z, bias!);
    },
    native: {
      forward: (ops, x, [weight, bias]) => {
        const shape = [x.size / sizeOf(inputShape), ...outputs];
        return ops.biasAdd(ops.conv2dInputGradient(shape, weight!, images(x), stride), bias!);
      },
      parameterGradient: (ops, x, dz, [weight]) => [
        ops.conv2dFilterGradient(dz, weight!.shape, images(x), stride),
        ops.biasGradient(dz),
      ],
      inputGradient: (ops, x, dz, [weight]) => ops.reshape(ops.conv2d(dz, weight!, stride), x.shape),
    },
  };
}
