import * as tf from '@tensorflow/tfjs-core';
import t from 'tap';
import { useBackend } from '../../../agents/nn/backend.js';
import { inputTensor } from '../../../agents/nn/input.js';
import { cnn, mlp } from '../../../agents/nn/network.js';
import { Params } from '../../../agents/nn/params.js';
import type { Sequential } from '../../../agents/nn/sequential.js';
import { BACKENDS, floats, relativeError, uniform, values } from './helpers.js';

t.test('bytes are taken as they are', async (t) => {
  const network = cnn({
    inputs: [5, 5, 2],
    conv: [{ filters: 4, size: 3, stride: 1 }],
    hidden: [6],
    outputs: 3,
    inputScale: 1 / 255,
  });
  const random = uniform(4);
  for (const backend of BACKENDS) {
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

t.test('a network applied twice has the gradient of both', async (t) => {
  await useBackend('wasm');
  const network = mlp({ inputs: 3, hidden: [5], outputs: 2 });
  const random = uniform(6);
  const [params, x] = [network.init(random), floats(12, random)];
  const gradient = (times: number): Float32Array =>
    values(() => {
      const loss = (p: tf.Tensor): tf.Scalar => {
        const y = network.apply(p as tf.Tensor1D, tf.tensor2d(x, [4, 3]));
        const again = network.apply(tf.mul(p, 1) as tf.Tensor1D, tf.tensor2d(x, [4, 3]));
        return tf.sum(times === 2 ? tf.add(y, again) : y);
      };
      return tf.grad(loss)(tf.tensor1d(params));
    });
  t.ok(
    relativeError(
      gradient(2),
      gradient(1).map((g) => 2 * g),
    ) < 1e-6,
  );
});

t.test("one network's output into another: the gradient of an action through a critic", async (t) => {
  const actor = mlp({ inputs: 3, hidden: [8], outputs: 2, activation: 'tanh' });
  const critic = mlp({ inputs: 2, hidden: [8], outputs: 1, activation: 'tanh' });
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
  for (const backend of BACKENDS) {
    await useBackend(backend);
    t.ok(relativeError(gradient(true), expected) < 1e-4, backend);
  }
});

t.test('backpropagation through a learned model over several steps', async (t) => {
  const policy = mlp({ inputs: 3, hidden: [6], outputs: 1, activation: 'tanh' });
  const model = mlp({ inputs: 4, hidden: [6], outputs: 3, activation: 'tanh' });
  const random = uniform(9);
  const [p, m, s] = [policy.init(random), model.init(random), floats(6, random)];
  const score =
    (fused: boolean) =>
    (params: tf.Tensor): tf.Scalar => {
      const apply = (net: Sequential, w: tf.Tensor1D, x: tf.Tensor): tf.Tensor =>
        fused ? net.apply(w, x) : net.compose(w, x);
      let state: tf.Tensor = tf.tensor2d(s, [2, 3]);
      for (let i = 0; i < 5; i++) {
        const action = apply(policy, params as tf.Tensor1D, state);
        state = tf.add(state, apply(model, tf.tensor1d(m), tf.concat([state, action], 1)));
      }
      return tf.sum(tf.square(state));
    };
  await useBackend('cpu');
  const expected = values(() => tf.grad(score(false))(tf.tensor1d(p)));
  for (const backend of BACKENDS) {
    await useBackend(backend);
    t.ok(
      relativeError(
        values(() => tf.grad(score(true))(tf.tensor1d(p))),
        expected,
      ) < 1e-4,
      backend,
    );
  }
});

t.test('layout and initial parameters', async (t) => {
  const network = cnn({
    inputs: [7, 6, 4],
    conv: [{ filters: 6, size: 3, stride: 1 }],
    hidden: [17],
    outputs: 6,
    activation: 'tanh',
  });
  t.equal(network.architecture, '[7, 6, 4] → conv(6, 3×3/1, tanh) → dense(17, tanh) → dense(6)');
  t.same(network.layout[1], { name: '0.conv.bias', shape: [6], offset: 216 });
  t.equal(network.numParams, 216 + 6 + 120 * 17 + 17 + 17 * 6 + 6);
  t.same(network.init(uniform(1)), network.init(uniform(1)));
  t.notSame(network.init(uniform(1)), network.init(uniform(2)));
});

t.test('what does not fit is named on both sides', async (t) => {
  await useBackend('wasm');
  const network = mlp({ inputs: [3, 2], hidden: [9], outputs: 5, activation: 'tanh' });
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
