import * as tf from '@tensorflow/tfjs-core';
import type { Arithmetic, Pointwise } from './pointwise.js';

/** What may follow a layer's affine part z: y = activation(z). */
export type ActivationName = 'linear' | 'relu' | 'tanh' | 'sigmoid';

/** The same as plain tensor operations. */
export const COMPOSE: Record<ActivationName, (z: tf.Tensor) => tf.Tensor> = {
  linear: (z) => z,
  relu: (z) => tf.relu(z),
  tanh: (z) => tf.tanh(z),
  sigmoid: (z) => tf.sigmoid(z),
};

function inPlace(formula: <T>(o: Arithmetic<T>, y: T) => T): Pointwise {
  return { reads: ['y'], writes: ['y'], scalars: [], formula: (o, { y }) => ({ y: formula(o, y!) }) };
}

/** dL/dy to dL/dz in place, the slope being written through the output y. */
function gradient(formula: <T>(o: Arithmetic<T>, dy: T, y: T) => T): Pointwise {
  return {
    reads: ['dy', 'y'],
    writes: ['dy'],
    scalars: [],
    formula: (o, { dy, y }) => ({ dy: formula(o, dy!, y!) }),
  };
}

export const ACTIVATION_FORMULAS = {
  relu: inPlace((o, y) => o.max(y, o.constant(0))),
  reluGradient: gradient((o, dy, y) => o.ifGreater(y, o.constant(0), dy, o.constant(0))),
  tanh: inPlace(tanh),
  tanhGradient: gradient((o, dy, y) => o.mul(dy, o.sub(o.constant(1), o.mul(y, y)))),
  sigmoid: inPlace(sigmoid),
  sigmoidGradient: gradient((o, dy, y) => o.mul(dy, o.mul(y, o.sub(o.constant(1), y)))),
} as const satisfies Record<string, Pointwise>;

/** Odd and even coefficients, highest first, of the rational approximation of tanh on ±7.9 that Eigen and XLA use. */
const TANH_ODD = [
  -2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-8,
  1.48572235717979e-5, 6.37261928875436e-4, 4.89352455891786e-3,
];
const TANH_EVEN = [1.19825839466702e-6, 1.18534705686654e-4, 2.268434632439e-3, 4.89352518554385e-3];

const LIMIT = 7.905311107635498;

/** The hyperbolic tangent to within a few units in the last place of float32. */
export function tanh<T>(o: Arithmetic<T>, value: T): T {
  const limit = o.constant(LIMIT);
  const x = o.once(o.max(o.min(value, limit), o.constant(-LIMIT)));
  const square = o.once(o.mul(x, x));
  const polynomial = ([first, ...rest]: number[]): T =>
    rest.reduce((sum, c) => o.add(o.mul(sum, square), o.constant(c)), o.constant(first!));
  return o.div(o.mul(x, polynomial(TANH_ODD)), polynomial(TANH_EVEN));
}

/** 1 / (1 + e^−x), through the tangent, which needs no exponential. */
export function sigmoid<T>(o: Arithmetic<T>, x: T): T {
  const half = o.constant(0.5);
  return o.add(half, o.mul(half, tanh(o, o.mul(half, x))));
}
