import * as tf from '@tensorflow/tfjs-core';
import t from 'tap';
import { useBackend } from '../../../agents/nn/backend.js';
import { BACKENDS, directionalDerivative, floats, uniform, values } from './helpers.js';

type F = (x: tf.Tensor) => tf.Tensor;

/** Functions of x [4, 6] that between them use every operation with a gradient; x is kept off their corners. */
const CASES: Record<string, F> = {
  add: (x) => tf.add(x, tf.slice(x, [0, 0], [1, 6])),
  sub: (x) => tf.sub(tf.slice(x, [0, 0], [4, 1]), x),
  mul: (x) => tf.mul(x, tf.slice(x, [1, 0], [1, 6])),
  div: (x) => tf.div(x, tf.add(tf.square(x), 1)),
  'div by a row': (x) => tf.div(1, tf.add(2, tf.slice(x, [0, 0], [1, 6]))),
  addN: (x) => tf.addN([x, tf.square(x), x]),
  maximum: (x) => tf.maximum(x, tf.neg(x)),
  minimum: (x) => tf.minimum(x, tf.mul(x, x)),
  squaredDifference: (x) => tf.squaredDifference(x, tf.slice(x, [2, 0], [1, 6])),
  pow: (x) => tf.pow(tf.add(tf.abs(x), 0.5), x),
  neg: (x) => tf.neg(x),
  abs: (x) => tf.abs(x),
  sqrt: (x) => tf.sqrt(tf.add(x, 2)),
  rsqrt: (x) => tf.rsqrt(tf.add(x, 2)),
  reciprocal: (x) => tf.reciprocal(tf.add(x, 2)),
  exp: (x) => tf.exp(x),
  expm1: (x) => tf.expm1(x),
  log: (x) => tf.log(tf.add(x, 2)),
  log1p: (x) => tf.log1p(tf.add(x, 1.5)),
  sin: (x) => tf.sin(x),
  cos: (x) => tf.cos(x),
  tanh: (x) => tf.tanh(x),
  sigmoid: (x) => tf.sigmoid(x),
  softplus: (x) => tf.softplus(x),
  relu: (x) => tf.relu(x),
  elu: (x) => tf.elu(x),
  clip: (x) => tf.clipByValue(x, -0.4, 0.6),
  where: (x) => tf.where(tf.greater(x, 0.1), tf.square(x), tf.neg(x)),
  'steps are flat': (x) => tf.mul(x, tf.add(tf.sign(x), tf.add(tf.floor(x), tf.round(x)))),
  'comparisons are flat': (x) => tf.mul(x, tf.cast(tf.logicalNot(tf.lessEqual(x, tf.neg(x))), 'float32')),
  clone: (x) => tf.clone(x),
  sum: (x) => tf.mul(tf.sum(x, 1, true), x),
  'sum of all': (x) => tf.square(tf.sum(x)),
  mean: (x) => tf.square(tf.mean(x, 0)),
  max: (x) => tf.mul(tf.max(x, 1), 3),
  min: (x) => tf.min(x, 0, true),
  logSumExp: (x) => tf.logSumExp(x, 1),
  norm: (x) => tf.norm(x),
  cumsum: (x) => tf.square(tf.cumsum(x, 1, true)),
  'cumsum of rows, reversed': (x) => tf.square(tf.cumsum(x, 0, false, true)),
  softmax: (x) => tf.softmax(x),
  matMul: (x) => tf.matMul(x as tf.Tensor2D, tf.transpose(x) as tf.Tensor2D),
  'matMul, transposed a': (x) => tf.matMul(x as tf.Tensor2D, tf.square(x) as tf.Tensor2D, true),
  'matMul, transposed b': (x) => tf.matMul(x as tf.Tensor2D, tf.square(x) as tf.Tensor2D, false, true),
  'matMul, both': (x) =>
    tf.matMul(x as tf.Tensor2D, tf.reshape(tf.square(x), [6, 4]) as tf.Tensor2D, true, true),
  'matMul, batched': (x) => tf.matMul(tf.reshape(x, [2, 3, 4]), tf.reshape(tf.square(x), [2, 4, 3])),
  conv2d: (x) =>
    tf.conv2d(
      tf.reshape(x, [1, 4, 3, 2]) as tf.Tensor4D,
      tf.reshape(tf.slice(x, [0, 0], [4, 4]), [2, 2, 2, 2]) as tf.Tensor4D,
      1,
      'valid',
    ),
  'conv2d, strided': (x) =>
    tf.conv2d(
      tf.reshape(x, [2, 3, 4, 1]) as tf.Tensor4D,
      tf.reshape(tf.slice(x, [0, 0], [4, 2]), [2, 2, 1, 2]) as tf.Tensor4D,
      2,
      'valid',
    ),
  reshape: (x) => tf.square(tf.reshape(x, [2, 12])),
  expandDims: (x) => tf.square(tf.expandDims(x, 1)),
  transpose: (x) => tf.mul(tf.transpose(tf.reshape(x, [2, 3, 4]), [2, 0, 1]), tf.reshape(x, [4, 2, 3])),
  slice: (x) => tf.square(tf.slice(x, [1, 2], [2, 3])),
  pad: (x) =>
    tf.square(
      tf.pad(x, [
        [1, 0],
        [2, 1],
      ]),
    ),
  tile: (x) => tf.mul(tf.tile(x, [2, 3]), tf.tile(tf.square(x), [2, 3])),
  gather: (x) => tf.square(tf.gather(x, tf.tensor1d([3, 0, 3], 'int32'))),
  'one matrix against many': (x) =>
    tf.matMul(tf.reshape(x, [3, 2, 4]), tf.reshape(tf.slice(x, [0, 0], [4, 3]), [1, 4, 3])),
  segments: (x) => tf.square(tf.unsortedSegmentSum(x, tf.tensor1d([2, -1, 0, 2], 'int32'), 3)),
  'gather columns': (x) => tf.square(tf.gather(x, tf.tensor1d([5, 1, 1], 'int32'), 1)),
  split: (x) => tf.mul(tf.split(x, 2, 1)[0]!, 2),
  'split, both': (x) => tf.mul(...(tf.split(x, 2, 1) as [tf.Tensor, tf.Tensor])),
  concat: (x) => tf.square(tf.concat([x, tf.square(x)], 1)),
  stack: (x) => tf.square(tf.stack([x, tf.square(x)], 1)),
  unstack: (x) => tf.mul(...(tf.unstack(x).slice(0, 2) as [tf.Tensor, tf.Tensor])),
};

for (const backend of BACKENDS) {
  t.test(`each gradient is the slope, and its own gradient the curvature, on ${backend}`, async (t) => {
    await useBackend(backend);
    const random = uniform(1);
    const x = floats(24, random).map((value) => value + 0.02 * Math.sign(value));
    const before = tf.memory().numTensors;
    for (const [name, f] of Object.entries(CASES)) {
      // A weighted sum of sines, so that the outputs neither cancel nor share a slope.
      const loss = (input: tf.Tensor): tf.Scalar => {
        const y = f(input);
        const weights = tf.reshape(tf.tensor1d(floats(y.size, uniform(2))), y.shape);
        return tf.sum(tf.mul(tf.sin(y), weights));
      };
      const slope = (input: tf.Tensor): tf.Tensor => tf.grad(loss)(input);
      const weights = floats(24, uniform(3));
      const along = (input: tf.Tensor): tf.Scalar =>
        tf.sum(tf.mul(slope(input), tf.tensor2d(weights, [4, 6])));
      for (const [order, g] of [
        ['slope', loss],
        ['curvature', along],
      ] as const) {
        const analytic = values(() => tf.grad(g)(tf.tensor2d(x, [4, 6])));
        const direction = floats(24, random);
        const at = (moved: Float32Array): number => values(() => g(tf.tensor2d(moved, [4, 6])))[0]!;
        const numeric = directionalDerivative(at, x, direction, 3e-3);
        const expected = analytic.reduce((sum, value, i) => sum + value * direction[i]!, 0);
        t.ok(
          Math.abs(numeric - expected) < 3e-3 * (1 + Math.abs(expected)),
          `${name}: ${order}: ${numeric}, ${expected}`,
        );
      }
    }
    t.equal(tf.memory().numTensors, before);
  });
}

t.test('products on wasm are those of the cpu', async (t) => {
  const random = uniform(7);
  for (const [a, b, transposeA, transposeB] of [
    [[5, 3], [3, 7], false, false],
    [[3, 5], [3, 7], true, false],
    [[5, 3], [7, 3], false, true],
    [[3, 5], [7, 3], true, true],
    [[4, 5, 3], [4, 3, 7], false, false],
    [[2, 2, 3, 5], [1, 1, 3, 6], true, false],
    [[4, 5, 3], [7, 3], false, true],
    [[33, 65], [65, 34], false, false],
  ] as const) {
    const size = (shape: readonly number[]): number => shape.reduce((x, y) => x * y, 1);
    const [x, y] = [floats(size(a), random), floats(size(b), random)];
    const product = () =>
      values(() => tf.matMul(tf.tensor(x, [...a]), tf.tensor(y, [...b]), transposeA, transposeB));
    await useBackend('cpu');
    const expected = product();
    await useBackend('wasm');
    const actual = product();
    t.ok(
      actual.every((value, i) => Math.abs(value - expected[i]!) < 1e-5),
      `[${a.join()}] · [${b.join()}]`,
    );
  }
});

t.test('what the kernels cannot do is said', async (t) => {
  await useBackend('wasm');
  const filter = (): tf.Tensor4D => tf.zeros([2, 2, 1, 1]);
  const loss = (x: tf.Tensor): tf.Tensor => tf.sum(tf.conv2d(x as tf.Tensor4D, filter(), 1, 'same'));
  t.throws(() => tf.tidy(() => tf.grad(loss)(tf.zeros([1, 5, 5, 1]))), {
    message: /its gradient on wasm takes square filters, equal strides and no padding, not .* padding 'same'/,
  });
  t.throws(() => tf.tidy(() => tf.matMul(tf.zeros([2, 3, 3]), tf.zeros([3, 3, 3]))), /matMul|broadcast/);
});
