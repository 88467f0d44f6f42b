import * as tf from '@tensorflow/tfjs-core';
import type { Arithmetic, Pointwise } from './pointwise.js';

/**
 * What follows a layer's affine part. The derivative is written through the output y, which the backward pass has at
 * hand: `gradient` turns dL/dy into dL/dx in place.
 */
export interface Activation {
  readonly compose: (x: tf.Tensor) => tf.Tensor;
  readonly forward: Pointwise;
  readonly gradient: Pointwise;
}

export type ActivationName = 'linear' | 'relu' | 'tanh';

export const RELU: Activation = {
  compose: (x) => tf.relu(x),
  forward: {
    reads: ['y'],
    writes: ['y'],
    scalars: [],
    formula: (o, { y }) => ({ y: o.max(y!, o.constant(0)) }),
  },
  gradient: {
    reads: ['dy', 'y'],
    writes: ['dy'],
    scalars: [],
    formula: (o, { dy, y }) => ({ dy: o.ifGreater(y!, o.constant(0), dy!, o.constant(0)) }),
  },
};

export const TANH: Activation = {
  compose: (x) => tf.tanh(x),
  forward: { reads: ['y'], writes: ['y'], scalars: [], formula: (o, { y }) => ({ y: tanh(o, y!) }) },
  gradient: {
    reads: ['dy', 'y'],
    writes: ['dy'],
    scalars: [],
    formula: (o, { dy, y }) => ({ dy: o.mul(dy!, o.sub(o.constant(1), o.mul(y!, y!))) }),
  },
};

/** Odd and even coefficients of the rational approximation of tanh on ±7.9 that Eigen and XLA use (float32, 1 ulp-ish). */
const TANH_ODD = [
  -2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-8,
  1.48572235717979e-5, 6.37261928875436e-4, 4.89352455891786e-3,
];
const TANH_EVEN = [1.19825839466702e-6, 1.18534705686654e-4, 2.268434632439e-3, 4.89352518554385e-3];

function tanh<T>(o: Arithmetic<T>, value: T): T {
  const limit = o.constant(7.905311107635498);
  const x = o.once(o.max(o.sub(o.constant(0), limit), o.min(limit, value)));
  const x2 = o.once(o.mul(x, x));
  const polynomial = (coefficients: number[]): T =>
    coefficients
      .slice(1)
      .reduce((sum, c) => o.add(o.mul(sum, x2), o.constant(c)), o.constant(coefficients[0]!));
  return o.div(o.mul(x, polynomial(TANH_ODD)), polynomial(TANH_EVEN));
}
