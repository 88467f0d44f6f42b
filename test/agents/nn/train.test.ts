import * as tf from '@tensorflow/tfjs-core';
import t from 'tap';
import { useBackend } from '../../../agents/nn/backend.js';
import { inputTensor } from '../../../agents/nn/input.js';
import { tdLoss } from '../../../agents/nn/losses.js';
import { cnn, mlp, type Network } from '../../../agents/nn/network.js';
import { adam } from '../../../agents/nn/optimizer.js';
import { Params } from '../../../agents/nn/params.js';
import { minimize } from '../../../agents/nn/train.js';
import { BACKENDS, floats, uniform } from './helpers.js';

const NETWORKS: Record<string, Network> = {
  mlp: mlp({ inputs: 8, hidden: [32, 32], outputs: 4 }),
  cnn: cnn({ inputs: [10, 10, 4], conv: [{ filters: 8, size: 3, stride: 1 }], hidden: [32], outputs: 4 }),
};
const BATCH = 16;

/** DQN updates on made-up transitions: what any deep Q-learner does between two steps of its environment. */
function learner(network: Network, seed: number) {
  const random = uniform(seed);
  const online = new Params(network.init(random));
  const target = new Params(online.read());
  const optimizer = adam({ learningRate: 1e-3 });
  const size = BATCH * network.inputs.reduce((product, length) => product * length, 1);
  const update = () => {
    const [observations, next] = [floats(size, random), floats(size, random)];
    const values = network.predict(target, next, BATCH);
    const actions = Int32Array.from({ length: BATCH }, () => Math.floor(4 * random()));
    const targets = Float32Array.from(
      actions,
      (_, i) => Math.max(...values.subarray(4 * i, 4 * i + 4)) + random(),
    );
    const x = inputTensor(observations, [BATCH, ...network.inputs]);
    const result = minimize(
      online,
      optimizer,
      () => tdLoss(network.apply(online.tensor, x), actions, targets),
      {
        maxNorm: 10,
      },
    );
    target.lerpFrom(online, 0.01);
    x.dispose();
    return result;
  };
  const dispose = () => {
    for (const thing of [online, target, optimizer]) thing.dispose();
  };
  return { online, update, dispose };
}

for (const backend of BACKENDS) {
  t.test(`an update leaves nothing behind on ${backend}`, async (t) => {
    await useBackend(backend);
    for (const [name, network] of Object.entries(NETWORKS)) {
      const agent = learner(network, 1);
      agent.update();
      const { numTensors, numDataBuffers } = tf.memory();
      for (let i = 0; i < 20; i++) agent.update();
      t.equal(tf.memory().numTensors, numTensors, `${name}: tensors`);
      t.equal(tf.memory().numDataBuffers, numDataBuffers, `${name}: buffers`);
      agent.dispose();
    }
  });
}

t.test('the heap stays flat', async (t) => {
  await useBackend('wasm');
  const agent = learner(NETWORKS.mlp!, 2);
  const heapBytes = () => (tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8.length;
  for (let i = 0; i < 100; i++) agent.update();
  const before = heapBytes();
  for (let i = 0; i < 2000; i++) agent.update();
  t.equal(heapBytes(), before);
  agent.dispose();
});

t.test('the same seed gives the same numbers', async (t) => {
  await useBackend('wasm');
  for (const [name, network] of Object.entries(NETWORKS)) {
    const [a, b] = [learner(network, 3), learner(network, 3)];
    for (let i = 0; i < 10; i++) t.same(a.update(), b.update());
    t.same(a.online.read(), b.online.read(), name);
    a.dispose();
    b.dispose();
  }
});

t.test('it learns', async (t) => {
  for (const backend of BACKENDS) {
    await useBackend(backend);
    const network = mlp({ inputs: 2, hidden: [16], outputs: 1, activation: 'tanh' });
    const params = new Params(network.init(uniform(4)));
    const optimizer = adam({ learningRate: 0.02 });
    const x = floats(128, uniform(5));
    const y = Float32Array.from({ length: 64 }, (_, i) => x[2 * i]! * x[2 * i + 1]!);
    const loss = () =>
      tf.mean(
        tf.squaredDifference(network.apply(params.tensor, tf.tensor2d(x, [64, 2])), tf.tensor2d(y, [64, 1])),
      );
    const first = minimize(params, optimizer, loss as () => tf.Scalar).loss;
    let last = first;
    for (let i = 0; i < 300; i++) last = minimize(params, optimizer, loss as () => tf.Scalar).loss;
    t.ok(last < first / 20, `${backend}: ${first} to ${last}`);
    params.dispose();
    optimizer.dispose();
  }
});

t.test('a loss that is not a number stops training and changes nothing', async (t) => {
  for (const backend of BACKENDS) {
    await useBackend(backend);
    const layout = [
      { name: '0.dense.weight', shape: [1, 1], offset: 0 },
      { name: '0.dense.bias', shape: [1], offset: 1 },
    ];
    const params = new Params(Float32Array.of(4, 0), layout);
    const optimizer = adam({ learningRate: 1 });
    const before = params.tensor && tf.memory().numTensors;
    const nan = () => tf.sum(tf.mul(params.tensor, Number.NaN)) as tf.Scalar;
    t.throws(() => minimize(params, optimizer, nan, { name: 'critic' }), {
      name: 'NotFiniteError',
      message: 'critic: the loss is NaN at optimizer step 1',
    });
    // sqrt is 0 at 0, where its slope is infinite.
    const steep = () => tf.sum(tf.sqrt(params.tensor)) as tf.Scalar;
    t.throws(() => minimize(params, optimizer, steep), {
      message: 'network: the gradient of 0.dense.bias is Infinity at optimizer step 1',
    });
    const large = () => tf.sum(tf.mul(params.tensor, 1e30)) as tf.Scalar;
    t.throws(() => minimize(params, optimizer, large), {
      message: 'network: the gradient norm is Infinity at optimizer step 1',
    });
    t.same(params.read(), Float32Array.of(4, 0));
    t.equal(optimizer.steps, 0);
    t.equal(tf.memory().numTensors, before);
    params.dispose();
  }
});
