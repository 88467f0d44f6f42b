import type { Arithmetic, Pointwise } from './pointwise.js';

/**
 * x, but 0 for numbers so small that their squares are none that processors are fast at (below 1e-38). A mean of
 * gradients that have become zero would stay among those for ever.
 */
function flush<T>(o: Arithmetic<T>, x: T, least = 1e-18): T {
  return o.ifGreater(o.constant(least), o.abs(x), o.constant(0), x);
}

/**
 * What is done to a flat parameter vector, as formulas of one element. `gradientScale` is the factor of clipping by
 * the global norm, taken in here so that clipping is no pass of its own.
 */
export const RULES = {
  /** target += tau · (source − target): Polyak averaging. */
  lerp: {
    reads: ['target', 'source'],
    scalars: ['tau'],
    writes: ['target'],
    formula: (o, { target, source, tau }) => ({
      target: o.add(target!, o.mul(tau!, o.sub(source!, target!))),
    }),
  },
  /** x += y. */
  accumulate: {
    reads: ['x', 'y'],
    scalars: [],
    writes: ['x'],
    formula: (o, { x, y }) => ({ x: o.add(x!, y!) }),
  },
  /**
   * Adam (Kingma and Ba 2015, algorithm 1) as PyTorch writes it: `rate` = learningRate / (1 − beta1^t) and
   * `correction` = 1 / sqrt(1 − beta2^t), so that epsilon is added to the corrected root.
   */
  adam: {
    reads: ['parameter', 'gradient', 'mean', 'variance'],
    scalars: ['gradientScale', 'rate', 'beta1', 'beta2', 'correction', 'epsilon'],
    writes: ['parameter', 'mean', 'variance'],
    formula: (o, v) => {
      const gradient = o.once(flush(o, o.once(o.mul(v.gradient!, v.gradientScale!))));
      const mean = o.once(flush(o, o.once(o.add(gradient, o.mul(v.beta1!, o.sub(v.mean!, gradient))))));
      const square = o.once(o.mul(gradient, gradient));
      const average = o.once(o.add(square, o.mul(v.beta2!, o.sub(v.variance!, square))));
      const variance = o.once(flush(o, average, 1e-36));
      const root = o.add(o.mul(o.sqrt(variance), v.correction!), v.epsilon!);
      return { parameter: o.sub(v.parameter!, o.div(o.mul(v.rate!, mean), root)), mean, variance };
    },
  },
  /** RMSprop (Tieleman and Hinton 2012) as PyTorch writes it: epsilon is added to the root. */
  rmsprop: {
    reads: ['parameter', 'gradient', 'variance'],
    scalars: ['gradientScale', 'rate', 'decay', 'epsilon'],
    writes: ['parameter', 'variance'],
    formula: (o, v) => {
      const gradient = o.once(flush(o, o.once(o.mul(v.gradient!, v.gradientScale!))));
      const square = o.once(o.mul(gradient, gradient));
      const average = o.once(o.add(square, o.mul(v.decay!, o.sub(v.variance!, square))));
      const variance = o.once(flush(o, average, 1e-36));
      const root = o.add(o.sqrt(variance), v.epsilon!);
      return { parameter: o.sub(v.parameter!, o.div(o.mul(v.rate!, gradient), root)), variance };
    },
  },
  /** Stochastic gradient descent with momentum: velocity = momentum · velocity + gradient. */
  sgd: {
    reads: ['parameter', 'gradient', 'velocity'],
    scalars: ['gradientScale', 'rate', 'momentum'],
    writes: ['parameter', 'velocity'],
    formula: (o, v) => {
      const gradient = o.mul(v.gradient!, v.gradientScale!);
      const velocity = o.once(flush(o, o.once(o.add(o.mul(v.momentum!, v.velocity!), gradient))));
      return { parameter: o.sub(v.parameter!, o.mul(v.rate!, velocity)), velocity };
    },
  },
  /**
   * Rprop (Riedmiller and Braun 1993) without backtracking, as PyTorch writes it: the size of each step grows while the
   * sign of the derivative stays and shrinks where it changes, and there the parameter waits for one step.
   */
  rprop: {
    reads: ['parameter', 'gradient', 'previous', 'size'],
    scalars: ['gradientScale', 'grow', 'shrink', 'smallest', 'largest'],
    writes: ['parameter', 'previous', 'size'],
    formula: (o, v) => {
      const zero = o.constant(0);
      const one = o.constant(1);
      const scaled = o.once(o.mul(v.gradient!, v.gradientScale!));
      const agreement = o.once(o.mul(scaled, v.previous!));
      const factor = o.ifGreater(agreement, zero, v.grow!, o.ifGreater(zero, agreement, v.shrink!, one));
      const size = o.once(o.min(o.max(o.mul(v.size!, factor), v.smallest!), v.largest!));
      const gradient = o.once(o.ifGreater(zero, agreement, zero, scaled));
      const step = o.ifGreater(gradient, zero, size, o.ifGreater(zero, gradient, o.sub(zero, size), zero));
      return { parameter: o.sub(v.parameter!, step), previous: gradient, size };
    },
  },
} as const satisfies Record<string, Pointwise>;
