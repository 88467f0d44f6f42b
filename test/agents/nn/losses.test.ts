import * as tf from '@tensorflow/tfjs-core';
import t from 'tap';
import { useBackend } from '../../../agents/nn/backend.js';
import { composeTdLoss, sigmoidCrossEntropy, tdLoss } from '../../../agents/nn/losses.js';
import { BACKENDS, floats, relativeError, uniform, values } from './helpers.js';

const q = (): tf.Tensor2D => tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
const ACTIONS = [0, 1, 1];

t.test('by hand', async (t) => {
  for (const backend of BACKENDS) {
    await useBackend(backend);
    // Errors: 1.5 − 1, 4 − 4, 9 − 6.
    const targets = Float32Array.of(1.5, 4, 9);
    const tdErrors = new Float32Array(3);
    t.same(
      values(() => tdLoss(q(), ACTIONS, targets, { tdErrors })),
      [(0.125 + 0 + 4.5) / 3].map(Math.fround),
    );
    t.same(tdErrors, Float32Array.of(0.5, 0, 3));
    const huber = values(() => tdLoss(q(), ACTIONS, targets, { huber: 1 }));
    t.same(huber, [Math.fround((0.125 + 0 + 2.5) / 3)]);
    const weights = Float32Array.of(2, 1, 0.5);
    const gradient = values(() =>
      tf.grad((x) => tf.mul(tdLoss(x as tf.Tensor2D, ACTIONS, targets, { huber: 1, weights }), 3))(q()),
    );
    t.ok(relativeError(gradient, [-1, 0, 0, 0, 0, -0.5]) < 1e-6, `${gradient.join()}`);
  }
});

t.test('as the plain composition, to the second order', async (t) => {
  await useBackend('wasm');
  const random = uniform(5);
  const x = floats(32 * 5, random).map((value) => 3 * value);
  const actions = Int32Array.from({ length: 32 }, () => Math.floor(5 * random()));
  const targets = floats(32, random);
  const weights = floats(32, random);
  type Loss = (q: tf.Tensor2D) => tf.Scalar;
  for (const options of [{}, { huber: 1 }, { huber: 0.5, weights }]) {
    const fused: Loss = (q) => tdLoss(q, actions, targets, options);
    const plain: Loss = (q) => composeTdLoss(q, actions, targets, options);
    const first = (loss: Loss) =>
      values(() => tf.grad((v) => loss(v as tf.Tensor2D))(tf.tensor2d(x, [32, 5])));
    t.ok(relativeError(first(fused), first(plain)) < 1e-5);
    const curvature = (loss: Loss) =>
      values(() =>
        tf.grad((v) => tf.sum(tf.square(tf.grad((w) => loss(w as tf.Tensor2D))(v))))(tf.tensor2d(x, [32, 5])),
      );
    t.ok(relativeError(curvature(fused), curvature(plain)) < 1e-5);
  }
});

t.test('sigmoid cross-entropy, by hand, and as its composition to the second order', async (t) => {
  for (const backend of BACKENDS) {
    await useBackend(backend);
    const [logits, targets] = [[0, 2, -50, 50], Float32Array.of(1, 0.25, 0, 1)];
    // ln 2; ln(1 + e^2) − 0.5; and two that are as good as right, which must not be NaN.
    const expected = [(Math.LN2 + Math.log1p(Math.exp(2)) - 0.5) / 4];
    const loss = (z: tf.Tensor) => sigmoidCrossEntropy(z, targets);
    t.ok(
      relativeError(
        values(() => loss(tf.tensor1d(logits))),
        expected,
      ) < 1e-6,
    );
    const sigmoid = 1 / (1 + Math.exp(-2));
    const gradient = values(() => tf.grad(loss)(tf.tensor1d(logits)));
    t.ok(relativeError(gradient, [-0.5 / 4, (sigmoid - 0.25) / 4, 0, 0]) < 1e-6, gradient.join());
    const second = values(() => tf.grad((z) => tf.sum(tf.grad(loss)(z)))(tf.tensor1d(logits)));
    t.ok(relativeError(second, [0.25 / 4, (sigmoid * (1 - sigmoid)) / 4, 0, 0]) < 1e-5, second.join());
  }
  tf.tidy(() => {
    t.throws(() => sigmoidCrossEntropy(q(), new Float32Array(5)), /5 targets for logits of \[3, 2\]/);
  });
});

t.test('what does not fit is named', async (t) => {
  tf.tidy(() => {
    t.throws(() => tdLoss(q(), [0, 1], new Float32Array(3)), /2 actions for q of \[3, 2\]/);
    t.throws(() => tdLoss(q(), ACTIONS, new Float32Array(2)), /2 targets for q of \[3, 2\]/);
    t.throws(() => tdLoss(q(), [0, 2, 1], new Float32Array(3)), /actions\[1\] = 2 is outside the 2 columns/);
    const weights = new Float32Array(4);
    t.throws(() => tdLoss(q(), ACTIONS, new Float32Array(3), { weights }), /4 weights for q of/);
  });
});
