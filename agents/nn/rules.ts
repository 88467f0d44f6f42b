import type { Pointwise } from './pointwise.js';

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
    formula: (o, { target, source, tau }) => ({ target: o.add(target!, o.mul(tau!, o.sub(source!, target!))) }),
  },
  /** x ·= factor. */
  scale: {
    reads: ['x'],
    scalars: ['factor'],
    writes: ['x'],
    formula: (o, { x, factor }) => ({ x: o.mul(x!, factor!) }),
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
      const gradient = o.once(o.mul(v.gradient!, v.gradientScale!));
      const mean = o.once(o.add(gradient, o.mul(v.beta1!, o.sub(v.mean!, gradient))));
      const square = o.once(o.mul(gradient, gradient));
      const variance = o.once(o.add(square, o.mul(v.beta2!, o.sub(v.variance!, square))));
      const root = o.add(o.mul(o.sqrt(variance), v.correction!), v.epsilon!);
      return { parameter: o.sub(v.parameter!, o.div(o.mul(v.rate!, mean), root)), mean, variance };
    },
  },
} as const satisfies Record<string, Pointwise>;
