import * as tf from '@tensorflow/tfjs-core';
import type { ActivationName } from '../activations.js';
import { type Initializer, zeros } from '../init.js';
import { multiply } from '../multiply.js';
import { activate, activationLabel, type Layer, sizeOf } from './layer.js';

const FLOAT = 4;

/** z = x · W + b, x flattened to [batch, inputs]. */
export function dense(
  inputShape: readonly number[],
  units: number,
  activation: ActivationName,
  init: Initializer,
): Layer {
  const inputs = sizeOf(inputShape);
  const weights = inputs * units;
  return {
    kind: 'dense',
    label: `dense(${units}${activationLabel(activation)})`,
    outputs: [units],
    multiplyAdds: weights,
    activation,
    parameters: [
      { name: 'weight', shape: [inputs, units], init },
      { name: 'bias', shape: [units], init: zeros },
    ],
    scratch: () => 0,
    forward(heap, { batch, parameters, x, y }) {
      const bias = parameters + FLOAT * weights;
      const relu = activation === 'relu';
      multiply(heap.kernels, { a: x, b: parameters, c: y, m: batch, n: units, k: inputs, bias, relu });
      activate(heap, activation, y, batch * units);
    },
    parameterGradient({ kernels }, { batch, x, dz, gradient }) {
      multiply(kernels, { a: x, transposeA: true, b: dz, c: gradient, m: inputs, n: units, k: batch });
      kernels.columnSums(dz, gradient + FLOAT * weights, batch, units);
    },
    inputGradient({ kernels }, { batch, parameters, dz, dx }) {
      multiply(kernels, { a: dz, b: parameters, transposeB: true, c: dx, m: batch, n: inputs, k: units });
    },
    compose: (x, [weight, bias]) =>
      tf.add(tf.matMul(tf.reshape(x, [-1, inputs]), weight as tf.Tensor2D), bias!),
    native: {
      forward: (ops, x, [weight, bias]) =>
        ops.biasAdd(ops.matMul(ops.reshape(x, [-1, inputs]), weight!, false, false), bias!),
      parameterGradient: (ops, x, dz) => [
        ops.matMul(ops.reshape(x, [-1, inputs]), dz, true, false),
        ops.biasGradient(dz),
      ],
      inputGradient: (ops, x, dz, [weight]) => ops.reshape(ops.matMul(dz, weight!, false, true), x.shape),
    },
  };
}
