import * as tf from '@tensorflow/tfjs-core';
import type { BackendName } from '../../../agents/nn/backend.js';
import { findNativePackage } from '../../../agents/nn/native-package.js';
import { TEST_BACKEND } from '../test-backend.js';

const native = findNativePackage('native') !== undefined || TEST_BACKEND === 'native';

/** Every backend that runs here: `native` where it is installed or asked for, `gpu`, which takes its place, where asked for. */
export const BACKENDS: BackendName[] = [
  'wasm',
  'cpu',
  ...(TEST_BACKEND === 'gpu' ? (['gpu'] as const) : native ? (['native'] as const) : []),
];

/** Uniform numbers in [0, 1) from a seed (mulberry32), for tests that need some numbers and the same ones each time. */
export function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function floats(length: number, random: () => number): Float32Array {
  return Float32Array.from({ length }, () => 2 * random() - 1);
}

/** The largest difference between two arrays, relative to the largest number in them. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let scale = 1e-12;
  let error = 0;
  for (let i = 0; i < actual.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i]!));
    error = Math.max(error, Math.abs(actual[i]! - expected[i]!));
    if (Number.isNaN(actual[i]!)) return Number.NaN;
  }
  return error / scale;
}

/** The numbers of what `make` returns, all tensors disposed. */
export function values(make: () => tf.Tensor): Float32Array {
  return tf.tidy(() => make().dataSync<'float32'>().slice());
}

/** dL/dx along random directions by central differences in double precision of a float32 loss: [analytic, numeric]. */
export function directionalDerivative(
  loss: (x: Float32Array) => number,
  x: Float32Array,
  direction: Float32Array,
  step: number,
): number {
  const moved = (by: number): Float32Array => x.map((value, i) => value + by * direction[i]!);
  return (loss(moved(step)) - loss(moved(-step))) / (2 * step);
}
