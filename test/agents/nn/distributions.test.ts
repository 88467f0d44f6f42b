import * as tf from '@tensorflow/tfjs-core';
import t from 'tap';
import { useBackend } from '../../../agents/nn/backend.js';
import { bernoulli } from '../../../agents/nn/distributions/bernoulli.js';
import { categorical, maskLogits } from '../../../agents/nn/distributions/categorical.js';
import type { Distribution } from '../../../agents/nn/distributions/distribution.js';
import { diagonalGaussian, type Reparameterized } from '../../../agents/nn/distributions/gaussian.js';
import { multiDiscrete } from '../../../agents/nn/distributions/multi-discrete.js';
import { tanhGaussian } from '../../../agents/nn/distributions/tanh-gaussian.js';
import { BACKENDS, directionalDerivative, floats, relativeError, uniform, values } from './helpers.js';

const near = (
  t: { ok(value: unknown, name: string): unknown },
  actual: number,
  expected: number,
  tolerance: number,
  what: string,
) => t.ok(Math.abs(actual - expected) < tolerance, `${what}: ${actual}, expected ${expected}`);

const row = (numbers: ArrayLike<number>): tf.Tensor2D =>
  tf.tensor2d(Float32Array.from(numbers), [1, numbers.length]);
const one = (make: () => tf.Tensor): number => values(make)[0]!;

/** ln p of every action of a discrete distribution, and the actions. */
function table(distribution: Distribution<Int32Array>, parameters: number[], actions: number[][]): number[] {
  return actions.map((action) => one(() => distribution.logProb(row(parameters), row(action))));
}

/** Two of everything: a distribution over few actions, all of those, and two parameter vectors. */
const DISCRETE = {
  categorical: { distribution: categorical(3), actions: [[0], [1], [2]], p: [0.5, -1, 2], q: [1, 0.2, -0.3] },
  'multi-discrete': {
    distribution: multiDiscrete([2, 3]),
    actions: [0, 1].flatMap((a) => [0, 1, 2].map((b) => [a, b])),
    p: [0.5, -1, 2, 0, 1],
    q: [1, 0.2, -0.3, 0.5, 0.5],
  },
  bernoulli: {
    distribution: bernoulli(2),
    actions: [0, 1].flatMap((a) => [0, 1].map((b) => [a, b])),
    p: [0.5, -2],
    q: [-1, 0.3],
  },
};

for (const backend of BACKENDS) {
  t.test(`discrete on ${backend}`, async (t) => {
    await useBackend(backend);
    for (const [name, { distribution, actions, p, q }] of Object.entries(DISCRETE)) {
      const [logP, logQ] = [table(distribution, p, actions), table(distribution, q, actions)];
      near(
        t,
        logP.reduce((sum, x) => sum + Math.exp(x), 0),
        1,
        1e-6,
        `${name}: probabilities add up`,
      );
      const entropy = -logP.reduce((sum, x) => sum + x * Math.exp(x), 0);
      near(
        t,
        one(() => distribution.entropy(row(p))),
        entropy,
        1e-5,
        `${name}: entropy`,
      );
      const kl = logP.reduce((sum, x, i) => sum + (x - logQ[i]!) * Math.exp(x), 0);
      near(
        t,
        one(() => distribution.kl(row(p), row(q))),
        kl,
        1e-5,
        `${name}: KL`,
      );
      near(
        t,
        one(() => distribution.kl(row(p), row(p))),
        0,
        1e-6,
        `${name}: KL to itself`,
      );

      const random = uniform(1);
      const counts = actions.map(() => 0);
      const drawn = distribution.sample(Float32Array.from(Array(20_000).fill(p).flat()), random);
      for (let i = 0; i < drawn.length; i += distribution.actionSize) {
        const action = [...drawn.subarray(i, i + distribution.actionSize)];
        counts[actions.findIndex((other) => other.every((x, j) => x === action[j]))]! += 1;
      }
      for (const [i, x] of logP.entries()) near(t, counts[i]! / 20_000, Math.exp(x), 0.012, `${name}: drawn`);
      const likeliest = actions[logP.indexOf(Math.max(...logP))]!;
      t.same([...distribution.mode(Float32Array.from(p))], likeliest, `${name}: mode`);
    }
  });

  t.test(`gaussians on ${backend}`, async (t) => {
    await useBackend(backend);
    const [p, q] = [
      [0.3, Math.log(0.5)],
      [-0.2, Math.log(0.8)],
    ] as const;
    const gaussian = diagonalGaussian(1);
    const density = (x: number, [mean, logStd]: readonly [number, number]): number =>
      -0.5 * ((x - mean) / Math.exp(logStd)) ** 2 - logStd - 0.5 * Math.log(2 * Math.PI);
    near(
      t,
      one(() => gaussian.logProb(row(p), row([1.1]))),
      density(1.1, p),
      1e-5,
      'ln p',
    );
    near(
      t,
      one(() => gaussian.entropy(row(p))),
      0.5 * Math.log(2 * Math.PI * Math.E * 0.25),
      1e-5,
      'entropy',
    );
    const kl = Math.log(0.8 / 0.5) + (0.25 + 0.25) / (2 * 0.64) - 0.5;
    near(
      t,
      one(() => gaussian.kl(row(p), row(q))),
      kl,
      1e-5,
      'KL',
    );

    const squashed = tanhGaussian(1);
    const grid = Array.from({ length: 4000 }, (_, i) => -1 + (i + 0.5) / 2000);
    const logP = values(() =>
      squashed.logProb(tf.tile(row(p), [4000, 1]) as tf.Tensor2D, tf.tensor2d(grid, [4000, 1])),
    );
    near(
      t,
      logP.reduce((sum, x) => sum + Math.exp(x) / 2000, 0),
      1,
      1e-4,
      'squashed: the density adds up',
    );
    const entropy = -logP.reduce((sum, x) => sum + (x * Math.exp(x)) / 2000, 0);
    near(
      t,
      one(() => squashed.entropy(row(p))),
      entropy,
      1e-3,
      'squashed: entropy',
    );
    near(
      t,
      one(() => squashed.kl(row(p), row(q))),
      kl,
      1e-5,
      'squashed: KL',
    );
    t.ok(Number.isFinite(one(() => squashed.logProb(row(p), row([1])))), 'squashed: at the edge');

    const bounded = diagonalGaussian(1, { logStdRange: [-1, 1] });
    near(
      t,
      one(() => bounded.entropy(row([0, 9]))),
      one(() => gaussian.entropy(row([0, 1]))),
      1e-6,
      'bounded',
    );
    t.ok(Math.abs(bounded.sample(Float32Array.of(0, 99), uniform(1))[0]!) < 20, 'bounded: drawn');
  });

  t.test(`samples as functions of noise on ${backend}`, async (t) => {
    await useBackend(backend);
    const random = uniform(2);
    const p = floats(6 * 4, random);
    const noise = floats(6 * 2, random);
    for (const [name, distribution] of Object.entries<Reparameterized>({
      gaussian: diagonalGaussian(2),
      squashed: tanhGaussian(2),
    })) {
      const parameters = () => tf.tensor2d(p, [6, 4]);
      const sampled = () => distribution.sampleTensor(parameters(), tf.tensor2d(noise, [6, 2]));
      const again = values(() => distribution.logProb(parameters(), sampled().actions));
      t.ok(
        relativeError(
          values(() => sampled().logProb),
          again,
        ) < 1e-3,
        `${name}: ln p of its own samples`,
      );

      const drawn = distribution.sampleWithLogProb(p, uniform(3));
      t.same(drawn.actions, distribution.sample(p, uniform(3)));
      const logProb = values(() => distribution.logProb(parameters(), tf.tensor2d(drawn.actions, [6, 2])));
      t.ok(relativeError([...drawn.logProb], logProb) < 1e-3, `${name}: ln p of drawn actions`);

      const many = distribution.sample(
        Float32Array.from(
          Array(20_000)
            .fill([...p.subarray(0, 4)])
            .flat(),
        ),
        random,
      );
      const mean = many.reduce((sum, x, i) => sum + (i % 2 === 0 ? x : 0), 0) / 20_000;
      const squash = name === 'squashed' ? Math.tanh : (x: number) => x;
      let expected = 0;
      for (let z = -5; z <= 5; z += 0.01) {
        expected +=
          (0.01 * squash(p[0]! + Math.exp(p[2]!) * z) * Math.exp(-0.5 * z * z)) / Math.sqrt(2 * Math.PI);
      }
      near(t, mean, expected, 0.03, `${name}: mean of samples`);
      const mode = distribution.mode(p.subarray(0, 4)).map((x) => x);
      t.ok(relativeError(mode, [squash(p[0]!), squash(p[1]!)]) < 1e-6, `${name}: mode`);
    }
  });

  t.test(`gradients on ${backend}`, async (t) => {
    await useBackend(backend);
    const random = uniform(3);
    for (const [name, distribution, action] of [
      ['categorical', categorical(4), [2]],
      ['multi-discrete', multiDiscrete([2, 2]), [1, 0]],
      ['bernoulli', bernoulli(4), [1, 0, 0, 1]],
      ['gaussian', diagonalGaussian(2), [0.3, -0.4]],
      ['squashed', tanhGaussian(2), [0.3, -0.4]],
    ] as const) {
      const at = floats(4, random);
      const other = floats(4, random);
      for (const [what, f] of [
        ['ln p', (x: tf.Tensor2D) => distribution.logProb(x, row(action))],
        ['entropy', (x: tf.Tensor2D) => distribution.entropy(x)],
        ['KL', (x: tf.Tensor2D) => distribution.kl(x, row(other))],
        ['KL, second', (x: tf.Tensor2D) => distribution.kl(row(other), x)],
      ] as const) {
        const loss = (x: tf.Tensor): tf.Scalar => tf.sum(f(tf.reshape(x, [1, 4])));
        const direction = floats(4, random);
        const along = (x: tf.Tensor): tf.Scalar => tf.sum(tf.mul(tf.grad(loss)(x), tf.tensor1d(direction)));
        for (const [order, g] of [
          ['slope', loss],
          ['curvature', along],
        ] as const) {
          const analytic = values(() => tf.grad(g)(tf.tensor1d(at)));
          const expected = analytic.reduce((sum, x, i) => sum + x * direction[i]!, 0);
          const numeric = directionalDerivative((x) => one(() => g(tf.tensor1d(x))), at, direction, 1e-2);
          near(t, expected, numeric, 3e-3 * (1 + Math.abs(numeric)), `${name}: ${what}: ${order}`);
        }
      }
    }
  });
}

t.test('masked actions are never taken and count for nothing', async (t) => {
  await useBackend('wasm');
  const allowed = Uint8Array.of(1, 0, 1);
  const logits = Float32Array.of(0.5, 9, -1);
  const random = uniform(4);
  const masked = maskLogits(logits, allowed);
  for (let i = 0; i < 1000; i++) t.not(categorical(3).sample(masked, random)[0], 1);
  t.equal(categorical(3).mode(masked)[0], 0);
  const entropy = one(() => categorical(3).entropy(maskLogits(row(logits), allowed)));
  near(
    t,
    entropy,
    one(() => categorical(2).entropy(row([0.5, -1]))),
    1e-6,
    'entropy',
  );
  const kl = one(() =>
    categorical(3).kl(maskLogits(row(logits), allowed), maskLogits(row([0, 0, 0]), allowed)),
  );
  near(
    t,
    kl,
    one(() => categorical(2).kl(row([0.5, -1]), row([0, 0]))),
    1e-6,
    'KL',
  );
  const gradient = values(() =>
    tf.grad((x) => categorical(3).logProb(maskLogits(x as tf.Tensor2D, allowed), row([0])))(row(logits)),
  );
  t.equal(gradient[1], 0);
  t.throws(() => maskLogits(logits, Uint8Array.of(1, 0)), /maskLogits: 2 numbers allow 3 logits/);
});
