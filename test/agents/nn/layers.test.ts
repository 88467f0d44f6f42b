import * as tf from '@tensorflow/tfjs-core';
import t from 'tap';
import { autoencoder } from '../../../agents/nn/autoencoder.js';
import { useBackend } from '../../../agents/nn/backend.js';
import { ensemble } from '../../../agents/nn/ensemble.js';
import { duelingNetwork, gaussianNetwork } from '../../../agents/nn/heads.js';
import { fanInUniform } from '../../../agents/nn/init.js';
import { dense } from '../../../agents/nn/layers/dense.js';
import { layerNorm } from '../../../agents/nn/layers/layer-norm.js';
import { cnn, mlp } from '../../../agents/nn/network.js';
import { Params } from '../../../agents/nn/params.js';
import { Sequential } from '../../../agents/nn/sequential.js';
import { BACKENDS, directionalDerivative, floats, relativeError, uniform, values } from './helpers.js';

/** Between them these networks have every layer, each somewhere where it is not the first or the last. */
const NETWORKS: Record<string, Sequential<tf.Tensor>> = {
  mlp: mlp({ inputs: 7, hidden: [13, 10], outputs: 3 }),
  'mlp of long rows': mlp({ inputs: 300, hidden: [9], outputs: 2, activation: 'sigmoid' }),
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
  dueling: duelingNetwork({ inputs: 5, hidden: [12, 8], outputs: 3, activation: 'tanh' }),
  'dueling cnn': duelingNetwork({
    inputs: [5, 5, 2],
    conv: [{ filters: 3, size: 2, stride: 1 }],
    hidden: [6],
    outputs: 4,
  }),
  gaussian: gaussianNetwork({ inputs: 5, hidden: [9], outputs: 2, activation: 'tanh' }),
  'gaussian of free deviation': gaussianNetwork({ inputs: 5, hidden: [9], outputs: 2, logStd: -0.5 }),
  'layer norm': new Sequential(
    [6],
    [
      dense([6], 11, 'linear', fanInUniform),
      layerNorm(11, 'relu'),
      dense([11], 8, 'tanh', fanInUniform),
      layerNorm(8, 'tanh'),
      dense([8], 2, 'linear', fanInUniform),
    ],
  ),
  autoencoder: autoencoder({ inputs: 9, hidden: [7], code: 3, outputActivation: 'sigmoid' }).network,
  'conv autoencoder': autoencoder({
    inputs: [9, 7, 2],
    conv: [
      { filters: 4, size: 3, stride: 2 },
      { filters: 3, size: 2, stride: 1 },
    ],
    hidden: [6],
    code: 2,
    activation: 'tanh',
    outputActivation: 'sigmoid',
  }).network,
  'relu conv autoencoder': autoencoder({
    inputs: [5, 5, 1],
    conv: [
      { filters: 2, size: 3, stride: 2 },
      { filters: 2, size: 2, stride: 1 },
    ],
    hidden: [],
    code: 2,
  }).network,
  ensemble: ensemble({ members: 3, inputs: 5, hidden: [8, 6], outputs: 2, activation: 'tanh' }),
};

/** The numbers that one network, batch and loss give, on whatever backend is on. */
function example(network: Sequential<tf.Tensor>, batch: number) {
  const random = uniform(batch + network.numParams);
  const members = network.members === undefined ? [] : [network.members];
  const shape = [...members, batch, ...network.inputs];
  return {
    shape,
    params: network.init(random).map((p) => p + 0.1 * (random() - 0.5)),
    x: floats(
      shape.reduce((product, length) => product * length, 1),
      random,
    ),
    // The loss is the sum of the outputs times these, so that every output has a gradient of its own.
    dy: floats(batch * network.widths.at(-1)!, random),
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
    const xAlone = tf.grad((input) => loss(tf.tensor1d(params), input))(tf.tensor(x, shape));
    return {
      params: dParams!.dataSync<'float32'>().slice(),
      x: dX!.dataSync<'float32'>().slice(),
      xAlone: xAlone.dataSync<'float32'>().slice(),
    };
  });
}

for (const backend of BACKENDS) {
  t.test(`outputs and gradients on ${backend}`, async (t) => {
    for (const [name, network] of Object.entries(NETWORKS)) {
      for (const batch of network.inputs.length === 3 ? [1, 6] : [1, 6, 33]) {
        const numbers = example(network, batch);
        await useBackend('cpu');
        const compose: Apply = (p, input) => network.compose(p, input);
        const expected = gradients(compose, numbers);
        const expectedY = values(() =>
          compose(tf.tensor1d(numbers.params), tf.tensor(numbers.x, numbers.shape)),
        );
        await useBackend(backend);
        const apply: Apply = (p, input) => network.apply(p, input);
        const before = tf.memory().numTensors;
        const actual = gradients(apply, numbers);
        const y = values(() => apply(tf.tensor1d(numbers.params), tf.tensor(numbers.x, numbers.shape)));
        const what = `${name}, batch ${batch}`;
        t.ok(relativeError(y, expectedY) < 1e-5, `${what}: outputs are those of the plain composition`);
        t.ok(
          relativeError(actual.params, expected.params) < 1e-4,
          `${what}: so is the gradient of the parameters`,
        );
        t.ok(relativeError(actual.x, expected.x) < 1e-4, `${what}: so is the gradient of the inputs`);
        t.ok(relativeError(actual.xAlone, expected.x) < 1e-4, `${what}: and of the inputs alone`);

        const params = new Params(numbers.params);
        t.ok(
          relativeError(network.predict(params, numbers.x, batch), y) < 1e-5,
          `${what}: predict gives the same`,
        );
        params.dispose();
        t.equal(tf.memory().numTensors, before, `${what}: no tensor stays`);
      }
    }
  });

  t.test(`finite differences on ${backend}`, async (t) => {
    await useBackend(backend);
    // The networks without a relu, at whose corner differences say nothing.
    for (const name of ['tanh mlp', 'cnn', 'dueling', 'gaussian', 'conv autoencoder', 'ensemble']) {
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
        t.ok(
          Math.abs(numeric - analytic) < 1e-4 * Math.abs(analytic) + 5e-5,
          `${name}: ${what}: ${numeric} against ${analytic}`,
        );
      }
    }
  });

  t.test(`second derivatives on ${backend}`, async (t) => {
    for (const [name, network] of Object.entries(NETWORKS)) {
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
        name,
      );
      t.equal(tf.memory().numTensors, before, `${name}: no tensor stays`);
    }
  });
}

t.test('a dueling head by hand', async (t) => {
  await useBackend('wasm');
  const network = duelingNetwork({ inputs: 1, hidden: [1], outputs: 2 });
  // Both streams pass the input on; V = 2·x + 1, A = [3·x, 5·x + 2].
  const params = new Params(Float32Array.of(1, 1, 0, 0, 2, 1, 3, 5, 0, 2));
  t.same(
    network.layout.map(({ name }) => name),
    [
      ...['0.dense.weight', '0.dense.bias', '1.dueling.value.weight', '1.dueling.value.bias'],
      ...['1.dueling.advantage.weight', '1.dueling.advantage.bias'],
    ],
  );
  t.same([...network.predict(params, Float32Array.of(2), 1)], [5 + 6 - 9, 5 + 12 - 9]);
  params.dispose();
});

t.test('an autoencoder is its encoder and then its decoder', async (t) => {
  await useBackend('wasm');
  const { network, encoder, decoder } = autoencoder({
    inputs: [5, 5, 1],
    conv: [{ filters: 2, size: 3, stride: 2 }],
    hidden: [4],
    code: 2,
  });
  const all = network.init(uniform(1));
  const [whole, first, second] = [
    new Params(all),
    new Params(all.slice(0, encoder.numParams)),
    new Params(all.slice(encoder.numParams)),
  ];
  const x = floats(3 * 25, uniform(2));
  const code = encoder.predict(first, x, 3);
  t.same(decoder.predict(second, code, 3), network.predict(whole, x, 3));
  for (const params of [whole, first, second]) params.dispose();
  t.throws(
    () => autoencoder({ inputs: [6, 6, 1], conv: [{ filters: 2, size: 3, stride: 2 }], hidden: [], code: 1 }),
    /autoencoder: a filter of 3×3\/2 does not tile 6×6/,
  );
});

t.test('the members of an ensemble are networks of their own', async (t) => {
  await useBackend('wasm');
  const together = ensemble({ members: 3, inputs: 4, hidden: [5], outputs: 2 });
  t.equal(together.architecture, '3 × ([4] → dense(5, relu) → dense(2))');
  const alone = mlp({ inputs: 4, hidden: [5], outputs: 2 });
  const flat = together.init(uniform(1));
  const x = floats(6 * 4, uniform(2));
  const shared = values(() => together.apply(tf.tensor1d(flat), together.share(tf.tensor2d(x, [6, 4]))));
  for (let e = 0; e < 3; e++) {
    const own = together.layout.flatMap(({ shape, offset }) => {
      const size = shape.reduce((product, length) => product * length, 1) / 3;
      return [...flat.subarray(offset + e * size, offset + (e + 1) * size)];
    });
    const y = values(() => alone.apply(tf.tensor1d(own), tf.tensor2d(x, [6, 4])));
    t.same(shared.slice(e * 12, (e + 1) * 12), y);
  }
  t.throws(() => tf.tidy(() => together.apply(tf.tensor1d(flat), tf.zeros([2, 6, 4]))), {
    message: 'input: shape [2, 6, 4] does not fit [3, batch, 4]',
  });
});
