import * as tf from '@tensorflow/tfjs-core';
import { sumColumns } from './distribution.js';
import { diagonalGaussian, type GaussianDistributionOptions, type Reparameterized } from './gaussian.js';

/** How near to ±1 an action counts, so that its inverse tangent stays a number in float32. */
const EDGE = 1 - 1e-6;

/** Points of the quadrature for the entropy, which has no closed form. */
const POINTS = 32;

/**
 * tanh of independent normal numbers, so that actions lie in (−1, 1) (Haarnoja et al. 2018, appendix C). Parameters are
 * those of `diagonalGaussian`.
 */
export function tanhGaussian(count: number, options: GaussianDistributionOptions = {}): Reparameterized {
  const gaussian = diagonalGaussian(count, options);
  return {
    parameterSize: gaussian.parameterSize,
    actionSize: count,
    sample: (parameters, random) => gaussian.sample(parameters, random).map(Math.tanh),
    sampleWithLogProb(parameters, random) {
      const { actions, logProb } = gaussian.sampleWithLogProb(parameters, random);
      for (let i = 0; i < actions.length; i++) {
        const x = actions[i]!;
        logProb[Math.floor(i / count)]! -= 2 * (Math.LN2 - x - Math.log1p(Math.exp(-2 * x)));
        actions[i] = Math.tanh(x);
      }
      return { actions, logProb };
    },
    mode: (parameters) => gaussian.mode(parameters).map(Math.tanh),
    sampleTensor(parameters, noise) {
      const { actions, logProb } = gaussian.sampleTensor(parameters, noise);
      return {
        actions: tf.tanh(actions),
        logProb: tf.sub(logProb, sumColumns(logSlope(actions))) as tf.Tensor1D,
      };
    },
    logProb(parameters, actions) {
      const a = tf.clipByValue(actions, -EDGE, EDGE);
      const before = tf.mul(0.5, tf.sub(tf.log1p(a), tf.log1p(tf.neg(a))));
      return tf.sub(gaussian.logProb(parameters, before), sumColumns(logSlope(before))) as tf.Tensor1D;
    },
    /** H[tanh X] = H[X] + E[ln tanh′(X)], the expectation by Gauss and Hermite's quadrature. */
    entropy(parameters) {
      const { points, weights } = gaussHermite(POINTS);
      // All points of a row at once: the samples at `point` standard deviations, [B · POINTS, count].
      const batch = parameters.shape[0];
      const repeated = tf.reshape(tf.tile(tf.expandDims(parameters, 1), [1, POINTS, 1]), [-1, 2 * count]);
      const noise = tf.tile(tf.tensor2d(points, [POINTS, 1]), [batch, count]) as tf.Tensor2D;
      const { actions } = gaussian.sampleTensor(repeated as tf.Tensor2D, noise);
      const slopes = tf.reshape(sumColumns(logSlope(actions)), [batch, POINTS]);
      const expected = sumColumns(tf.mul(slopes, tf.tensor1d(weights)));
      return tf.add(gaussian.entropy(parameters), expected) as tf.Tensor1D;
    },
    // A map that can be undone leaves the divergence as it is.
    kl: (p, q) => gaussian.kl(p, q),
  };
}

/** ln(1 − tanh²(x)) = 2 · (ln 2 − x − ln(1 + e^−2x)), which does not cancel for large x. */
function logSlope(x: tf.Tensor): tf.Tensor {
  return tf.mul(2, tf.sub(Math.LN2, tf.add(x, tf.softplus(tf.mul(-2, x)))));
}

/** Points and weights with which Σ w·f(x) is E[f(X)] of a standard normal X, for f a polynomial below degree 2 · n. */
function gaussHermite(n: number): { points: Float32Array; weights: Float32Array } {
  const points = new Float32Array(n);
  const weights = new Float32Array(n);
  const roots: number[] = [];
  for (let i = 0; i < n; i++) {
    // Newton's method on the normalized Hermite polynomial, divided by the roots that are found already.
    let x = i === 0 ? Math.sqrt(4 * n + 2) : roots[i - 1]! - 0.3;
    let slope = 0;
    for (let turn = 0; turn < 200; turn++) {
      const [value, below] = hermite(n, x);
      slope = Math.sqrt(n) * below;
      const pull = roots.reduce((sum, root) => sum + 1 / (x - root), 0);
      const step = value / (slope - value * pull);
      x -= step;
      if (Math.abs(step) < 1e-14 * (1 + Math.abs(x))) break;
    }
    roots.push(x);
    points[i] = x;
    weights[i] = 1 / (slope * slope);
  }
  return { points, weights };
}

/** The orthonormal Hermite polynomials of a standard normal of degrees n and n − 1 at x. */
function hermite(n: number, x: number): [number, number] {
  let below = 0;
  let value = 1;
  for (let k = 1; k <= n; k++) {
    const next = (x * value - Math.sqrt(k - 1) * below) / Math.sqrt(k);
    below = value;
    value = next;
  }
  return [value, below];
}
