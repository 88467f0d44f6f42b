import * as tf from '@tensorflow/tfjs-core';
import t from 'tap';
import { useBackend } from '../../../agents/nn/backend.js';
import { Params } from '../../../agents/nn/params.js';
import { gru } from '../../../agents/nn/recurrent/gru.js';
import { lstm } from '../../../agents/nn/recurrent/lstm.js';
import { BACKENDS, floats, relativeError, uniform, values } from './helpers.js';

const CORES = { lstm: lstm({ inputs: 3, units: 5 }), gru: gru({ inputs: 3, units: 5 }) };
const [B, T] = [4, 6];

const PYTORCH = {
  lstm: [-0.46587092, -0.14297171, 0.2998715, 0.02440412],
  gru: [-0.10136291, -0.24098628, 0.57895199, 0.11587359],
};

function example(core: (typeof CORES)[keyof typeof CORES], seed: number) {
  const random = uniform(seed);
  return {
    params: floats(core.numParams, random),
    x: floats(B * T * 3, random),
    state: floats(B * core.stateSize, random),
    dy: floats(B * T * 5, random),
    resets: Uint8Array.from({ length: B * T }, () => (random() < 0.2 ? 1 : 0)),
  };
}

for (const backend of BACKENDS) {
  t.test(`outputs, states and gradients on ${backend}`, async (t) => {
    for (const [name, core] of Object.entries(CORES)) {
      for (const withResets of [false, true]) {
        const { params, x, state, dy, resets } = example(core, 1);
        const at = withResets ? resets : undefined;
        type Apply = 'apply' | 'compose';
        const run = (apply: Apply) => {
          const after = state.slice();
          const y = values(() => core[apply](tf.tensor1d(params), tf.tensor3d(x, [B, T, 3]), after, at));
          return { y, after };
        };
        const loss = (apply: Apply) => (p: tf.Tensor, input: tf.Tensor) =>
          tf.sum(
            tf.mul(
              core[apply](p as tf.Tensor1D, input as tf.Tensor3D, state.slice(), at),
              tf.tensor3d(dy, [B, T, 5]),
            ),
          );
        const gradient = (apply: Apply, which: 0 | 1) =>
          values(() => tf.grads(loss(apply))([tf.tensor1d(params), tf.tensor3d(x, [B, T, 3])])[which]!);
        const alone = (apply: Apply) =>
          values(() =>
            tf.grad((input) => loss(apply)(tf.tensor1d(params), input))(tf.tensor3d(x, [B, T, 3])),
          );
        const curvature = (apply: Apply) =>
          values(() => {
            const slope = (p: tf.Tensor) => tf.grad((q) => loss(apply)(q, tf.tensor3d(x, [B, T, 3])))(p);
            return tf.grad((p) => tf.sum(tf.square(slope(p))))(tf.tensor1d(params));
          });
        await useBackend('cpu');
        const expected = { ...run('compose'), params: gradient('compose', 0), x: gradient('compose', 1) };
        const bent = curvature('compose');
        await useBackend(backend);
        const before = tf.memory().numTensors;
        const what = `${name}${withResets ? ' with resets' : ''}`;
        const actual = run('apply');
        t.ok(relativeError(actual.y, expected.y) < 1e-5, `${what}: outputs`);
        t.ok(relativeError(actual.after, expected.after) < 1e-5, `${what}: state`);
        t.ok(
          relativeError(gradient('apply', 0), expected.params) < 1e-4,
          `${what}: gradient of the parameters`,
        );
        t.ok(relativeError(gradient('apply', 1), expected.x) < 1e-4, `${what}: gradient of the inputs`);
        t.ok(relativeError(alone('apply'), expected.x) < 1e-4, `${what}: and of the inputs alone`);
        t.ok(relativeError(curvature('apply'), bent) < 1e-4, `${what}: second derivatives`);
        t.equal(tf.memory().numTensors, before, `${what}: no tensor stays`);
      }
    }
  });

  t.test(`step by step is the same as at once on ${backend}`, async (t) => {
    await useBackend(backend);
    for (const [name, core] of Object.entries(CORES)) {
      const { params, x, state } = example(core, 2);
      const owned = new Params(params);
      const whole = state.slice();
      const y = values(() => core.apply(tf.tensor1d(params), tf.tensor3d(x, [B, T, 3]), whole));
      const stepped = state.slice();
      for (let step = 0; step < T; step++) {
        const now = Float32Array.from(
          { length: B * 3 },
          (_, i) => x[(Math.floor(i / 3) * T + step) * 3 + (i % 3)]!,
        );
        const outputs = core.step(owned, now, stepped, B);
        const expected = Float32Array.from(
          outputs,
          (_, i) => y[(Math.floor(i / 5) * T + step) * 5 + (i % 5)]!,
        );
        t.ok(relativeError(outputs, expected) < 1e-5, `${name}: step ${step}`);
      }
      t.ok(relativeError(stepped, whole) < 1e-5, `${name}: state`);
      owned.dispose();
    }
  });
}

t.test('numbers that PyTorch 2.13 gives', async (t) => {
  await useBackend('wasm');
  // Parameter i is sin(i), input i is cos(i), the state begins at 0; the gates of PyTorch's GRU and LSTM in its order.
  const run = (core: (typeof CORES)[keyof typeof CORES]) => {
    const params = Float32Array.from({ length: core.numParams }, (_, i) => Math.sin(i));
    const x = Float32Array.from({ length: 2 * 3 }, (_, i) => Math.cos(i));
    return values(() => core.apply(tf.tensor1d(params), tf.tensor3d(x, [1, 2, 3]), core.initialState(1)));
  };
  t.ok(relativeError(run(lstm({ inputs: 3, units: 2 })), PYTORCH.lstm) < 1e-5);
  t.ok(relativeError(run(gru({ inputs: 3, units: 2 })), PYTORCH.gru) < 1e-5);
});

t.test('what does not fit is named', async (t) => {
  await useBackend('wasm');
  const core = CORES.lstm;
  const params = tf.zeros([core.numParams]) as tf.Tensor1D;
  const x = tf.zeros([2, 3, 3]) as tf.Tensor3D;
  const state = core.initialState(2);
  t.throws(() => core.apply(tf.zeros([5]), x, state), /params: 5 numbers, but \[3\] → lstm\(5\) has 180/);
  t.throws(
    () => core.apply(params, tf.zeros([2, 3, 4]), state),
    /input: shape \[2, 3, 4\] does not fit \[batch, steps, 3\]/,
  );
  t.throws(() => core.apply(params, x, state.slice(1)), /state: 19 numbers for 2 sequences of 10/);
  t.throws(
    () => core.apply(params, x, state, new Uint8Array(5)),
    /resets: 5 numbers for 2 sequences of 3 steps/,
  );
  tf.dispose([params, x]);
});
