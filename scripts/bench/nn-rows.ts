/** The rows of `farstep bench nn`: what is timed, written once for either kit. */
import * as tf from '@tensorflow/tfjs-core';
import { tanhGaussian } from '../../agents/nn/distributions/tanh-gaussian.js';
import { ensemble } from '../../agents/nn/ensemble.js';
import { gaussianNetwork } from '../../agents/nn/heads.js';
import { normal } from '../../agents/nn/init.js';
import { inputTensor } from '../../agents/nn/input.js';
import { cnn, mlp } from '../../agents/nn/network.js';
import { lstm } from '../../agents/nn/recurrent/lstm.js';
import type { AnyNetwork, Kit } from './nn-kits.js';

export interface Row {
  readonly title: string;
  /** Makes what is timed. */
  readonly make: <P>(kit: Kit<P>) => () => unknown;
}

const SMALL = mlp({ inputs: 8, hidden: [64, 64], outputs: 4 });
const WIDE = mlp({ inputs: 8, hidden: [256, 256], outputs: 4 });
const MINATAR = cnn({
  inputs: [10, 10, 4],
  conv: [{ filters: 16, size: 3, stride: 1 }],
  hidden: [128],
  outputs: 6,
});
const NATURE = cnn({
  inputs: [84, 84, 4],
  conv: [
    { filters: 32, size: 8, stride: 4 },
    { filters: 64, size: 4, stride: 2 },
    { filters: 64, size: 3, stride: 1 },
  ],
  hidden: [512],
  outputs: 6,
});

/** Rows by the name that the PyTorch side knows them by. */
export const ROWS: Readonly<Record<string, Row>> = {
  'dqn-small': { title: 'DQN update, 8-64-64-4, batch 64', make: (kit) => dqn(kit, SMALL, 64) },
  'dqn-wide': { title: 'DQN update, 8-256-256-4, batch 256', make: (kit) => dqn(kit, WIDE, 256) },
  'dqn-minatar': {
    title: 'DQN update, MinAtar conv16-fc128, batch 32',
    make: (kit) => dqn(kit, MINATAR, 32),
  },
  'dqn-nature': {
    title: 'DQN update, Nature CNN 84×84×4, batch 32',
    make: (kit) => dqn(kit, NATURE, 32),
  },
  ddpg: { title: 'DDPG update, 3-400-300-1, batch 256', make: (kit) => ddpg(kit) },
  sac: { title: 'SAC update, 3-256-256, two critics, batch 256', make: (kit) => sac(kit) },
  ensemble: { title: 'ensemble of 7 × (4×200), batch 256: update', make: (kit) => dynamics(kit) },
  lstm: {
    title: 'LSTM 64, 16 sequences of 32 steps: forward and backward',
    make: (kit) => lstmBothWays(kit),
  },
  'act-1': { title: 'act, 8-64-64-4, batch 1', make: (kit) => act(kit, SMALL, 1) },
  'act-64': { title: 'act, 8-64-64-4, batch 64', make: (kit) => act(kit, SMALL, 64) },
};

function numbers(length: number): Float32Array {
  return Float32Array.from({ length }, Math.random);
}

function sizeOf(network: AnyNetwork): number {
  return network.inputs.reduce((product, length) => product * length, 1);
}

/** Rows of two parts each, [batch, a + b]. */
function beside(left: Float32Array, right: Float32Array, batch: number): Float32Array {
  const [a, b] = [left.length / batch, right.length / batch];
  const both = new Float32Array(left.length + right.length);
  for (let i = 0; i < batch; i++) {
    both.set(left.subarray(i * a, (i + 1) * a), i * (a + b));
    both.set(right.subarray(i * b, (i + 1) * b), i * (a + b) + a);
  }
  return both;
}

/** Target forward, forward, backward, clip and Adam. */
function dqn<P>(kit: Kit<P>, network: AnyNetwork, batch: number): () => unknown {
  const { outputs } = network;
  const online = kit.params(network.init(Math.random));
  const target = kit.params(network.init(Math.random));
  const minimize = kit.minimizer();
  const size = batch * sizeOf(network);
  const [observations, following, rewards] = [numbers(size), numbers(size), numbers(batch)];
  const actions = Int32Array.from({ length: batch }, () => Math.floor(outputs * Math.random()));
  const targets = new Float32Array(batch);
  return () => {
    const values = kit.predict(network, target, following, batch);
    for (let i = 0; i < batch; i++) {
      let best = values[i * outputs]!;
      for (let a = 1; a < outputs; a++) best = Math.max(best, values[i * outputs + a]!);
      targets[i] = rewards[i]! + 0.99 * best;
    }
    const x = inputTensor(observations, [batch, ...network.inputs]);
    const q = () => kit.apply(network, kit.tensor(online), x) as tf.Tensor2D;
    minimize(online, () => kit.tdLoss(q(), actions, targets, { huber: 1 }), 10);
    x.dispose();
  };
}

/** Both targets forward, the critic's step, the actor's through the critic, and Polyak averaging of both. */
function ddpg<P>(kit: Kit<P>): () => unknown {
  const [batch, inputs, actions, hidden] = [256, 3, 1, [400, 300]];
  const actor = mlp({ inputs, hidden, outputs: actions, outputActivation: 'tanh' });
  const critic = mlp({ inputs: inputs + actions, hidden, outputs: 1 });
  const [actorParams, actorTarget] = [
    kit.params(actor.init(Math.random)),
    kit.params(actor.init(Math.random)),
  ];
  const [criticParams, criticTarget] = [
    kit.params(critic.init(Math.random)),
    kit.params(critic.init(Math.random)),
  ];
  const [minimizeActor, minimizeCritic] = [kit.minimizer(), kit.minimizer()];
  const [observations, following] = [numbers(batch * inputs), numbers(batch * inputs)];
  const [taken, rewards] = [numbers(batch * actions), numbers(batch)];
  return () =>
    tf.tidy(() => {
      const next = kit.predict(actor, actorTarget, following, batch);
      const values = kit.predict(critic, criticTarget, beside(following, next, batch), batch);
      const targets = values.map((value, i) => rewards[i]! + 0.99 * value);
      const pairs = inputTensor(beside(observations, taken, batch), [batch, inputs + actions]);
      const judged = () => kit.apply(critic, kit.tensor(criticParams), pairs);
      minimizeCritic(criticParams, () => kit.meanSquaredError(judged(), targets));
      const states = inputTensor(observations, [batch, inputs]);
      minimizeActor(actorParams, () => {
        const chosen = kit.apply(actor, kit.tensor(actorParams), states);
        const q = kit.apply(critic, kit.tensor(criticParams), tf.concat([states, chosen], 1));
        return tf.neg(tf.mean(q)) as tf.Scalar;
      });
      kit.lerp(actorTarget, actorParams, 0.005);
      kit.lerp(criticTarget, criticParams, 0.005);
    });
}

/** The critics' step towards the entropy-regularized target, the actor's, the temperature's, and Polyak averaging. */
function sac<P>(kit: Kit<P>): () => unknown {
  const [batch, inputs, actions, hidden] = [256, 3, 1, [256, 256]];
  const actor = gaussianNetwork({ inputs, hidden, outputs: actions });
  const critics = ensemble({ members: 2, inputs: inputs + actions, hidden, outputs: 1 });
  const policy = tanhGaussian(actions, { logStdRange: [-20, 2] });
  const actorParams = kit.params(actor.init(Math.random));
  const [online, target] = [kit.params(critics.init(Math.random)), kit.params(critics.init(Math.random))];
  const temperature = kit.params(Float32Array.of(0));
  const [minimizeActor, minimizeCritics, minimizeTemperature] = [
    kit.minimizer(),
    kit.minimizer(),
    kit.minimizer(),
  ];
  const [observations, following] = [numbers(batch * inputs), numbers(batch * inputs)];
  const [taken, rewards] = [numbers(batch * actions), numbers(batch)];
  const noise = () => tf.tensor2d(normal(batch * actions, Math.random), [batch, actions]);
  const twice = (x: Float32Array): Float32Array => {
    const both = new Float32Array(2 * x.length);
    both.set(x);
    both.set(x, x.length);
    return both;
  };
  return () =>
    tf.tidy(() => {
      const alpha = Math.exp(kit.tensor(temperature).dataSync()[0]!);
      const parameters = kit.predict(actor, actorParams, following, batch);
      const next = policy.sampleTensor(tf.tensor2d(parameters, [batch, 2 * actions]), noise());
      const nextLogProb = next.logProb.dataSync();
      const after = beside(following, next.actions.dataSync<'float32'>(), batch);
      const values = kit.predict(critics, target, twice(after), batch);
      const targets = new Float32Array(2 * batch);
      for (let i = 0; i < batch; i++) {
        const value = Math.min(values[i]!, values[batch + i]!) - alpha * nextLogProb[i]!;
        targets[i] = targets[batch + i] = rewards[i]! + 0.99 * value;
      }
      const pairs = inputTensor(twice(beside(observations, taken, batch)), [2, batch, inputs + actions]);
      const judged = () => kit.apply(critics, kit.tensor(online), pairs);
      minimizeCritics(online, () => kit.meanSquaredError(judged(), targets));

      const states = inputTensor(observations, [batch, inputs]) as tf.Tensor2D;
      const drawn = noise();
      let logProb = 0;
      minimizeActor(actorParams, () => {
        const own = kit.apply(actor, kit.tensor(actorParams), states) as tf.Tensor2D;
        const sample = policy.sampleTensor(own, drawn);
        logProb = tf.mean(sample.logProb).dataSync()[0]!;
        const q = kit.apply(
          critics,
          kit.tensor(online),
          critics.share(tf.concat([states, sample.actions], 1)),
        );
        return tf.mean(tf.sub(tf.mul(alpha, sample.logProb), tf.min(tf.squeeze(q, [2]), 0))) as tf.Scalar;
      });
      minimizeTemperature(
        temperature,
        () => tf.sum(tf.mul(kit.tensor(temperature), actions - logProb)) as tf.Scalar,
      );
      kit.lerp(target, online, 0.005);
    });
}

/** The update of a dynamics model: forward, squared error, backward and Adam. */
function dynamics<P>(kit: Kit<P>): () => unknown {
  const [members, batch, inputs, outputs] = [7, 256, 20, 16];
  const network = ensemble({ members, inputs, hidden: [200, 200, 200, 200], outputs });
  const params = kit.params(network.init(Math.random));
  const minimize = kit.minimizer();
  const x = inputTensor(numbers(members * batch * inputs), [members, batch, inputs]);
  const targets = numbers(members * batch * outputs);
  return () =>
    minimize(params, () => kit.meanSquaredError(kit.apply(network, kit.tensor(params), x), targets));
}

function lstmBothWays<P>(kit: Kit<P>): () => unknown {
  const [batch, steps, inputs, units] = [16, 32, 32, 64];
  const core = lstm({ inputs, units });
  const params = kit.params(core.init(Math.random));
  const x = inputTensor(numbers(batch * steps * inputs), [batch, steps, inputs]) as tf.Tensor3D;
  const targets = new Float32Array(batch * steps * units);
  const outputs = () => kit.applyCore(core, kit.tensor(params), x, core.initialState(batch));
  const loss = () => kit.meanSquaredError(outputs(), targets);
  return () => tf.tidy(() => void tf.valueAndGrad(loss)(kit.tensor(params)));
}

function act<P>(kit: Kit<P>, network: AnyNetwork, batch: number): () => unknown {
  const params = kit.params(network.init(Math.random));
  const x = numbers(batch * sizeOf(network));
  return () => kit.predict(network, params, x, batch);
}
