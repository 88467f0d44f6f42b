import * as tf from '@tensorflow/tfjs-core';
import t from 'tap';
import { useBackend } from '../../../agents/nn/backend.js';
import { inputTensor } from '../../../agents/nn/input.js';
import { cnn, mlp } from '../../../agents/nn/network.js';
import { Params } from '../../../agents/nn/params.js';
import type { Sequential } from '../../../agents/nn/sequential.js';
import { directionalDerivative, floats, relativeError, uniform, values } from './helpers.js';

const NETWORKS = {
  mlp: mlp({ inputs: 7, hidden: [13, 10], outputs: 3 }),
  'tanh mlp': mlp({ inputs: [3, 2], hidden: [9], outputs: 5, activation: 'tanh' }),
  linear: mlp({ inputs: 4, hidden: [], outputs: 2 }),
  cnn: cnn({
    inputs: [7, 6, 4],
    conv: [{ filters: 6, size: 3, stride: 1 }],
    hidden: [17],
    outputs: 6,
    activation: 'tanh',
  }),
  'strided cnn': cnn({
    inputs: [9, 8, 3],
    conv: [
      { filters: 5, size: 3, stride: 2 },
      { filters: 7, size: 2, stride: 1 },
    ],
    hidden: [],
    outputs: 4,
  }),
} satisfies Record<string, Sequential> as Record<string, Sequential>;

/** The numbers that one network, batch and loss give, on whatever backend is on. */
function example(network: Sequential, batch: number) {
  const random = uniform(batch + network.numParams);
  const size = batch * network.inputs.reduce((product, length) => product * length, 1);
  return {
    params: network.init(random),
    x: floats(size, random),
    // The loss is the sum of the outputs times these, so that every output has a gradient of its own.
    dy: floats(batch * network.outputs, random),
    shape: [batch, ...network.inputs],
  };
}

type Example = ReturnType<typeof example>;
type Apply = (params: tf.Tensor1D, x: tf.Tensor) => tf.Tensor;

function gradients(apply: Apply, { params, x, dy, shape }: Example) {
  return tf.tidy(() => {
    const loss = (p: tf.Tensor, input: tf.Tensor): tf.Scalar => {
      const y = apply(p as tf.Tensor1D, input);
      return tf.sum(tf.mul(y, tf.tensor(dy, y.shape)));
    };
    const [dParams, dX] = tf.grads(loss as never)([tf.tensor1d(params), tf.tensor(x, shape)]);
    return { params: dParams!.dataSync<'float32'>().slice(), x: dX!.dataSync<'float32'>().slice() };
  });
}

for (const backend of ['wasm', 'cpu'] as const) {
  t.test(`on ${backend}`, async (t) => {
    for (const [name, network] of Object.entries(NETWORKS)) {
      for (const batch of [1, 6, 33]) {
        const numbers = example(network, batch);
        await useBackend('cpu');
        const compose: Apply = (p, input) => network.compose(p, input);
        const expected = gradients(compose, numbers);
        const expectedY = values(() =>
          compose(tf.tensor1d(numbers.params), tf.tensor(numbers.x, numbers.shape)),
        );
        await useBackend(backend);
        const apply: Apply = (p, input) => network.apply(p, input);
        const actual = gradients(apply, numbers);
        const y = values(() => apply(tf.tensor1d(numbers.params), tf.tensor(numbers.x, numbers.shape)));
        const what = `${name}, batch ${batch}`;
        t.ok(relativeError(y, expectedY) < 1e-5, `${what}: outputs are those of the plain composition`);
        t.ok(
          relativeError(actual.params, expected.params) < 1e-4,
          `${what}: so is the gradient of the parameters`,
        );
        t.ok(relativeError(actual.x, expected.x) < 1e-4, `${what}: so is the gradient of the inputs`);

        const params = new Params(numbers.params);
        t.ok(
          relativeError(network.predict(params, numbers.x, batch), y) < 1e-6,
          `${what}: predict gives the same`,
        );
        params.dispose();
      }
    }
  });

  t.test(`finite differences on ${backend}`, async (t) => {
    await useBackend(backend);
    for (const name of ['tanh mlp', 'cnn']) {
      const network = NETWORKS[name]!;
      const numbers = example(network, 5);
      const gradient = gradients((p, input) => network.apply(p, input), numbers);
      const loss = (params: Float32Array, x: Float32Array): number => {
        const y = values(() => network.apply(tf.tensor1d(params), tf.tensor(x, numbers.shape)));
        return y.reduce((sum, value, i) => sum + value * numbers.dy[i]!, 0);
      };
      const random = uniform(9);
      for (const [what, at, grad, f] of [
        ['parameters', numbers.params, gradient.params, (p: Float32Array) => loss(p, numbers.x)],
        ['inputs', numbers.x, gradient.x, (x: Float32Array) => loss(numbers.params, x)],
      ] as const) {
        // Along the gradient itself the derivative is large against the rounding of float32.
        const norm = Math.hypot(...grad);
        const direction = grad.map((g) => g / norm + (0.1 * (random() - 0.5)) / Math.sqrt(grad.length));
        const numeric = directionalDerivative(f, at, direction, 1e-2);
        const analytic = grad.reduce((sum, g, i) => sum + g * direction[i]!, 0);
        t.ok(Math.abs(numeric / analytic - 1) < 1e-4, `${name}: ${what}: ${numeric} against ${analytic}`);
      }
    }
  });

  t.test(`second derivatives on ${backend}`, async (t) => {
    const network = NETWORKS['tanh mlp']!;
    const numbers = example(network, 4);
    // The product of the Hessian with a vector, as TRPO needs it.
    const product = (apply: Apply): Float32Array =>
      values(() => {
        const x = tf.tensor(numbers.x, numbers.shape);
        const vector = tf.tensor1d(floats(network.numParams, uniform(3)));
        const loss = (p: tf.Tensor): tf.Scalar => tf.sum(tf.square(apply(p as tf.Tensor1D, x)));
        const along = (p: tf.Tensor): tf.Scalar => tf.sum(tf.mul(tf.grad(loss)(p), vector));
        return tf.grad(along)(tf.tensor1d(numbers.params));
      });
    await useBackend('cpu');
    const expected = product((p, x) => network.compose(p, x));
    await useBackend(backend);
    const before = tf.memory().numTensors;
    t.ok(
      relativeError(
        product((p, x) => network.apply(p, x)),
        expected,
      ) < 1e-4,
    );
    t.equal(tf.memory().numTensors, before, 'no tensor stays');
  });
}

t.test('bytes are taken as they are', async (t) => {
  const network = cnn({
    inputs: [5, 5, 2],
    conv: [{ filters: 4, size: 3, stride: 1 }],
    hidden: [6],
    outputs: 3,
    inputScale: 1 / 255,
  });
  const random = uniform(4);
  for (const backend of ['wasm', 'cpu'] as const) {
    await useBackend(backend);
    for (const batch of [1, 3, 8]) {
      const bytes = Uint8Array.from({ length: batch * 50 }, () => Math.floor(random() * 256));
      const scaled = Float32Array.from(bytes, (byte) => byte / 255);
      t.ok(
        relativeError(
          values(() => inputTensor(bytes, [batch, 5, 5, 2], 1 / 255)),
          scaled,
        ) < 1e-6,
      );
      const params = new Params(network.init(random));
      const y = network.predict(params, bytes, batch);
      t.ok(relativeError(y, network.predict(params, scaled, batch)) < 1e-5);
      params.dispose();
    }
  }
});

t.test('the gradient is of the parameters that were applied, however often', async (t) => {
  await useBackend('wasm');
  const network = NETWORKS.mlp!;
  const numbers = example(network, 3);
  const twice = gradients((p, x) => tf.add(network.apply(p, x), network.apply(tf.mul(p, 1), x)), numbers);
  const once = gradients((p, x) => network.apply(p, x), numbers);
  t.ok(
    relativeError(
      twice.params,
      once.params.map((g) => 2 * g),
    ) < 1e-5,
  );
  t.ok(
    relativeError(
      twice.x,
      once.x.map((g) => 2 * g),
    ) < 1e-5,
  );
});

t.test("one network's output into another: the gradient of an action through a critic", async (t) => {
  const actor = mlp({ inputs: 3, hidden: [8], outputs: 2, activation: 'tanh' }) as Sequential;
  const critic = mlp({ inputs: 2, hidden: [8], outputs: 1, activation: 'tanh' }) as Sequential;
  const random = uniform(8);
  const [a, c, x] = [actor.init(random), critic.init(random), floats(12, random)];
  const gradient = (fused: boolean): Float32Array =>
    values(() => {
      const apply = (net: Sequential, p: tf.Tensor1D, input: tf.Tensor): tf.Tensor =>
        fused ? net.apply(p, input) : net.compose(p, input);
      const score = (p: tf.Tensor): tf.Scalar =>
        tf.mean(apply(critic, tf.tensor1d(c), apply(actor, p as tf.Tensor1D, tf.tensor2d(x, [4, 3]))));
      return tf.grad(score)(tf.tensor1d(a));
    });
  await useBackend('cpu');
  const expected = gradient(false);
  await useBackend('wasm');
  t.ok(relativeError(gradient(true), expected) < 1e-4);
});

t.test('layout and initial parameters', async (t) => {
  const network = NETWORKS.cnn!;
  t.equal(network.architecture, '[7, 6, 4] → conv(6, 3×3/1, tanh) → dense(17, tanh) → dense(6)');
  t.same(network.layout[1], { name: '0.conv.bias', shape: [6], offset: 216 });
  t.equal(network.numParams, 216 + 6 + 120 * 17 + 17 + 17 * 6 + 6);
  t.same(network.init(uniform(1)), network.init(uniform(1)));
  t.notSame(network.init(uniform(1)), network.init(uniform(2)));
});

t.test('what does not fit is named on both sides', async (t) => {
  await useBackend('wasm');
  const network = NETWORKS['tanh mlp']!;
  const params = new Params(new Float32Array(3));
  t.throws(
    () => network.predict(params, new Float32Array(6), 1),
    /params: 3 numbers, but \[3, 2\] → dense\(9, tanh\)/,
  );
  t.throws(
    () => tf.tidy(() => network.apply(tf.zeros([network.numParams]), tf.zeros([4, 6]))),
    /input: shape \[4, 6\] does not fit \[batch, 3, 2\]/,
  );
  const right = new Params(network.init(uniform(1)));
  t.throws(
    () => network.predict(right, new Float32Array(7), 1),
    /7 numbers are not 1 inputs of \[3, 2\], which take 6/,
  );
  t.throws(
    () => inputTensor(new Uint8Array(5), [2, 3]),
    /5 numbers do not fill a tensor of \[2, 3\], which takes 6/,
  );
  params.dispose();
  right.dispose();
});
