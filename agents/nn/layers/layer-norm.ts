import * as tf from '@tensorflow/tfjs-core';
import type { ActivationName } from '../activations.js';
import { constant, zeros } from '../init.js';
import { activate, activationLabel, type Layer } from './layer.js';

const FLOAT = 4;
/** Added to the variance, as PyTorch does. */
const EPSILON = 1e-5;

/**
 * z = gain · (x − mean(x)) / sqrt(var(x) + ε) + bias, mean and variance being those of one example (Ba, Kiros and
 * Hinton 2016).
 */
export function layerNorm(width: number, activation: ActivationName): Layer {
  /** Mean and 1 / standard deviation of the row that begins at float `at`. */
  const moments = (floats: Float32Array, at: number): [number, number] => {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += floats[at + i]!;
    const mean = sum / width;
    let squares = 0;
    for (let i = 0; i < width; i++) squares += (floats[at + i]! - mean) ** 2;
    return [mean, 1 / Math.sqrt(squares / width + EPSILON)];
  };
  return {
    kind: 'layerNorm',
    label: `layerNorm(${width}${activationLabel(activation)})`,
    outputs: [width],
    multiplyAdds: width,
    activation,
    parameters: [
      { name: 'gain', shape: [width], init: constant(1) },
      { name: 'bias', shape: [width], init: zeros },
    ],
    scratch: () => 0,
    forward(heap, { batch, parameters, x, y }) {
      const { floats } = heap;
      const [gain, from, to] = [parameters / FLOAT, x / FLOAT, y / FLOAT];
      for (let row = 0; row < batch * width; row += width) {
        const [mean, scale] = moments(floats, from + row);
        for (let i = 0; i < width; i++) {
          floats[to + row + i] =
            floats[gain + i]! * (floats[from + row + i]! - mean) * scale + floats[gain + width + i]!;
        }
      }
      if (activation === 'relu') heap.kernels.relu(y, batch * width);
      activate(heap, activation, y, batch * width);
    },
    parameterGradient(heap, { batch, x, dz, gradient }) {
      heap.fill(gradient, 2 * width, 0);
      const { floats } = heap;
      const [to, from, dFrom] = [gradient / FLOAT, x / FLOAT, dz / FLOAT];
      for (let row = 0; row < batch * width; row += width) {
        const [mean, scale] = moments(floats, from + row);
        for (let i = 0; i < width; i++) {
          const d = floats[dFrom + row + i]!;
          floats[to + i]! += d * (floats[from + row + i]! - mean) * scale;
          floats[to + width + i]! += d;
        }
      }
    },
    inputGradient(heap, { batch, parameters, x, dz, dx }) {
      const { floats } = heap;
      const [gain, from, dFrom, to] = [parameters / FLOAT, x / FLOAT, dz / FLOAT, dx / FLOAT];
      for (let row = 0; row < batch * width; row += width) {
        const [mean, scale] = moments(floats, from + row);
        // With x̂ the normalized row and g = gain · dz: dx = (g − mean(g) − x̂ · mean(g · x̂)) / deviation.
        let sum = 0;
        let product = 0;
        for (let i = 0; i < width; i++) {
          const g = floats[gain + i]! * floats[dFrom + row + i]!;
          sum += g;
          product += g * (floats[from + row + i]! - mean) * scale;
        }
        for (let i = 0; i < width; i++) {
          const g = floats[gain + i]! * floats[dFrom + row + i]!;
          const normalized = (floats[from + row + i]! - mean) * scale;
          floats[to + row + i] = (g - sum / width - (normalized * product) / width) * scale;
        }
      }
    },
    compose(input, [gain, bias]) {
      const x = tf.reshape(input, [-1, width]);
      const centered = tf.sub(x, tf.mean(x, 1, true));
      const deviation = tf.sqrt(tf.add(tf.mean(tf.square(centered), 1, true), EPSILON));
      return tf.add(tf.mul(gain!, tf.div(centered, deviation)), bias!);
    },
  };
}
