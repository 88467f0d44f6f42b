import * as tf from '@tensorflow/tfjs-core';
import t from 'tap';
import { useBackend } from '../../../agents/nn/backend.js';
import {
  adam,
  clipScale,
  globalNorm,
  type Optimizer,
  rmsprop,
  rprop,
  sgd,
} from '../../../agents/nn/optimizer.js';
import { Params } from '../../../agents/nn/params.js';
import { BACKENDS, floats, relativeError, uniform } from './helpers.js';

const START = [1, -2, 0.5, 3, -0.25];
const GRADIENTS = [
  [0.1, -0.2, 0.3, 0, 2],
  [0.2, -0.1, -0.3, 0.5, -1],
  [-0.1, -0.4, 0.1, 0.5, 0.5],
  [0.3, 0.2, 0.1, -0.5, 0.25],
];

/** The parameters after each of the gradients, computed by PyTorch 2.13's optimizers in float64. */
const PYTORCH = {
  adam: [
    [0.990000001, -1.99, 0.49, 3, -0.26],
    [0.980348181, -1.9806782, 0.490526316, 2.99255863, -0.26266337],
    [0.976147289, -1.97158734, 0.489455712, 2.98397401, -0.266067662],
    [0.969469041, -1.96708903, 0.487300057, 2.98159066, -0.269470922],
  ],
  rmsprop: [
    [0.9000001, -1.90000005, 0.400000033, 3, -0.349999995],
    [0.810467844, -1.85509874, 0.470888137, 2.90000002, -0.305098672],
    [0.851497979, -1.7676248, 0.44778236, 2.82911191, -0.32710909],
    [0.773728448, -1.80786592, 0.425162094, 2.88713681, -0.338102699],
  ],
  sgd: [
    [0.99, -1.98, 0.47, 3, -0.45],
    [0.961, -1.952, 0.473, 2.95, -0.53],
    [0.9449, -1.8868, 0.4657, 2.855, -0.652],
    [0.90041, -1.84812, 0.44913, 2.8195, -0.7868],
  ],
  rprop: [
    [0.99, -1.99, 0.49, 3, -0.26],
    [0.978, -1.978, 0.49, 2.99, -0.26],
    [0.978, -1.9636, 0.485, 2.978, -0.265],
    [0.972, -1.9636, 0.479, 2.978, -0.271],
  ],
};

const MAKE: Record<keyof typeof PYTORCH, () => Optimizer> = {
  adam: () => adam({ learningRate: 0.01 }),
  rmsprop: () => rmsprop({ learningRate: 0.01 }),
  sgd: () => sgd({ learningRate: 0.1, momentum: 0.9 }),
  rprop: () => rprop({ learningRate: 0.01 }),
};

function step(optimizer: Optimizer, params: Params, gradient: ArrayLike<number>, scale = 1): void {
  tf.tidy(() => optimizer.step(params, tf.tensor1d(Float32Array.from(gradient)), undefined, scale));
}

for (const backend of BACKENDS) {
  t.test(`on ${backend}`, async (t) => {
    await useBackend(backend);
    for (const [name, make] of Object.entries(MAKE)) {
      const before = tf.memory().numTensors;
      const optimizer = make();
      const params = new Params(Float32Array.from(START));
      for (const [i, gradient] of GRADIENTS.entries()) {
        step(optimizer, params, gradient);
        const expected = PYTORCH[name as keyof typeof PYTORCH][i]!;
        t.ok(relativeError(params.read(), expected) < 1e-6, `${name}: step ${i + 1} is PyTorch's`);
      }

      // A checkpoint taken half way goes on as if nothing had happened.
      const [first, second] = [make(), make()];
      const [one, two] = [new Params(Float32Array.from(START)), new Params(new Float32Array(5))];
      for (const gradient of GRADIENTS.slice(0, 2)) step(first, one, gradient);
      two.write(one.read());
      second.load(first.state());
      for (const gradient of GRADIENTS.slice(2)) {
        step(first, one, gradient);
        step(second, two, gradient);
      }
      t.same(two.read(), one.read(), `${name}: resumed`);
      t.equal(second.steps, 4);

      // A long vector takes the vector loop and its tail; scaling is of the gradient.
      const random = uniform(1);
      const [scaled, plain] = [make(), make()];
      const values = floats(1003, random);
      const [a, b] = [new Params(values), new Params(values)];
      for (let i = 0; i < 3; i++) {
        const gradient = floats(1003, random);
        step(scaled, a, gradient, 0.5);
        step(
          plain,
          b,
          gradient.map((x) => x / 2),
        );
      }
      t.same(a.read(), b.read(), `${name}: gradientScale`);
      for (const thing of [optimizer, first, second, scaled, plain, params, one, two, a, b]) thing.dispose();
      t.equal(tf.memory().numTensors, before, `${name}: no tensor stays`);
    }
  });

  t.test(`norms and vectors on ${backend}`, async (t) => {
    await useBackend(backend);
    tf.tidy(() => {
      t.ok(Math.abs(globalNorm(tf.tensor1d([3, 4])) - 5) < 1e-6);
      const long = floats(1001, uniform(2));
      t.ok(Math.abs(globalNorm(tf.tensor1d(long)) / Math.hypot(...long) - 1) < 1e-6);
      t.ok(Number.isNaN(globalNorm(tf.tensor1d([1, Number.NaN, 2]))));
    });
    t.equal(clipScale(5, 10), 1);
    t.equal(clipScale(20, 10), 0.5);

    const [a, b] = [new Params(Float32Array.of(0, 1, 2, 3, 4)), new Params(Float32Array.of(4, 4, 4, 4, 4))];
    a.lerpFrom(b, 0.25);
    t.same(a.read(), Float32Array.of(1, 1.75, 2.5, 3.25, 4));
    a.copyFrom(b);
    b.write(new Float32Array(5));
    t.same(a.read(), Float32Array.of(4, 4, 4, 4, 4), 'a copy is its own');
    t.throws(() => a.write(new Float32Array(4)), /4 numbers do not fit a vector of 5/);
    a.dispose();
    b.dispose();
  });
}

t.test("a rate given to a step stands in for the optimizer's own", async (t) => {
  const optimizer = sgd({ learningRate: 1 });
  const params = new Params(Float32Array.of(1));
  tf.tidy(() => optimizer.step(params, tf.tensor1d([1]), 0.25));
  t.same(params.read(), Float32Array.of(0.75));
});

t.test('what does not fit is named', async (t) => {
  const optimizer = adam({ learningRate: 1 });
  const params = new Params(new Float32Array(3));
  t.throws(() => step(optimizer, params, [1, 2]), /adam: a gradient of 2 for 3 parameters/);
  t.throws(() => optimizer.load(rmsprop({ learningRate: 1 }).state() && { steps: Float32Array.of(3) }), {
    message: 'adam: state of [steps], expected [steps, mean, variance]',
  });
  t.throws(() => optimizer.load({}), /adam: state of \[\]/);
});
