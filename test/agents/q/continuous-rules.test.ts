import * as tf from '@tensorflow/tfjs-core';
import t from 'tap';
import { ActionBox } from '../../../agents/action-box.js';
import { Module } from '../../../agents/module.js';
import { useBackend } from '../../../agents/nn/backend.js';
import { mlp } from '../../../agents/nn/network.js';
import { lowerTriangle, normalizedAdvantage } from '../../../agents/q/naf.js';
import { gaussianNoise, ornsteinUhlenbeckNoise } from '../../../agents/q/noise.js';
import { ParameterNoise } from '../../../agents/q/parameter-noise.js';
import { Random } from '../../../agents/random.js';
import { Box, Discrete } from '../../../protocol/spaces/index.js';
import { TEST_BACKEND } from '../test-backend.js';

await useBackend(TEST_BACKEND);

t.test('actions between −1 and 1, and those of the env', async (t) => {
  const box = new ActionBox(new Box([-2, 0], [2, 10], [2]));
  t.strictSame(box.fromUnit(Float32Array.of(-1, -1, 0.5, 0.5, 7, -7)), Float32Array.of(-2, 0, 1, 7.5, 2, 0));
  t.strictSame(box.toUnit(Float32Array.of(-2, 0, 1, 7.5)), Float32Array.of(-1, -1, 0.5, 0.5));
  t.throws(() => new ActionBox(new Discrete(3)), /takes a Box of actions/);
  t.throws(() => new ActionBox(new Box(0, 255, [2], 'uint8')), /takes a Box of actions/);
});

t.test('normalized advantage, by hand', async (t) => {
  // V = 5, μ = tanh(0, ∞) = (0, 1), L = [[2, 0], [3, 1]]; a − μ = (1, −1): Lᵀ(a − μ) = (2 − 3, −1), Q = 5 − ½ · 2.
  const outputs = tf.tensor2d([5, 0, 100, Math.log(2), 3, 0], [1, 6]);
  const q = normalizedAdvantage(outputs, tf.tensor2d([1, 0], [1, 2]), lowerTriangle(2));
  t.same(q.shape, [1, 1]);
  t.ok(Math.abs(q.dataSync()[0]! - 4) < 1e-5, `${q.dataSync()[0]}`);
  const best = normalizedAdvantage(outputs, tf.tensor2d([0, 1], [1, 2]), lowerTriangle(2));
  t.equal(best.dataSync()[0], 5, 'the value is that of the mean');
});

t.test('an Ornstein-Uhlenbeck process: each env wanders by itself and begins anew', async (t) => {
  const noise = ornsteinUhlenbeckNoise(2, 1, 0.2);
  const random = new Random(0);
  const path = Array.from({ length: 20_000 }, () => noise.sample(random)[0]!);
  const variance = path.reduce((sum, x) => sum + x * x, 0) / path.length;
  // Stationary: σ² / (1 − (1 − θ)²); neighbours correlate by 1 − θ.
  t.ok(Math.abs(variance / (0.04 / (1 - 0.85 ** 2)) - 1) < 0.1, `variance ${variance}`);
  const together = path.slice(1).reduce((sum, x, i) => sum + x * path[i]!, 0) / path.length;
  t.ok(Math.abs(together / variance - 0.85) < 0.02);
  const [, other] = noise.state;
  noise.restart([0]);
  t.same(noise.state, [0, other]);
  const copy = ornsteinUhlenbeckNoise(2, 1, 0.2);
  copy.state = noise.state;
  t.same(copy.sample(new Random(3)), noise.sample(new Random(3)));
});

t.test('gaussian noise has the deviation asked for', async (t) => {
  const noise = gaussianNoise(10_000, 2, 0.3).sample(new Random(0));
  t.ok(Math.abs(Math.sqrt(noise.reduce((sum, x) => sum + x * x, 0) / noise.length) - 0.3) < 0.01);
});

t.test('noise in parameters adapts until actions differ as asked for', async (t) => {
  const network = mlp({ inputs: 3, hidden: [16], outputs: 2, outputActivation: 'tanh' });
  const random = new Random(0);
  const policy = new Module(
    network,
    network.init(() => random.random()),
  );
  const noise = new ParameterNoise(policy, 0.2);
  const states = Float32Array.from({ length: 300 }, () => random.normal());
  let distance = 0;
  for (let i = 0; i < 600; i++) {
    noise.disturb(random);
    distance = 0.9 * distance + 0.1 * noise.adapt(states, 100);
  }
  t.ok(Math.abs(distance - 0.2) < 0.05, `distance ${distance}`);
  t.not(noise.deviation, 0.2);
  policy.dispose();
  noise.disturbed.dispose();
});
