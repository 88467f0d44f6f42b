import * as tf from '@tensorflow/tfjs-core';
import type { Heap } from '../heap.js';
import { multiply, productOf } from '../multiply.js';
import {
  type BackwardSequences,
  beginning,
  type ForwardSequences,
  RecurrentCore,
  type RecurrentOptions,
  swapAxes,
} from './core.js';

const FLOAT = 4;

/**
 * The gated recurrent unit (Cho et al. 2014) in PyTorch's form, with fewer biases: r, z = σ of x · W + h₋₁ · U + b,
 * n = tanh(x · W + b + r · (h₋₁ · U + d)), h = (1 − z) · n + z · h₋₁. A state is h.
 */
export class Gru extends RecurrentCore {
  readonly stateSize: number;

  constructor(options: RecurrentOptions) {
    const { inputs, units } = options;
    super('gru', 3, options, {
      ...{ input: [inputs, 3 * units], hidden: [units, 3 * units], bias: [3 * units], hiddenBias: [units] },
    });
    this.stateSize = units;
  }

  /** Addresses of the record's arrays. Each is [steps, batch, …], so that a step of all sequences is one block. */
  #arrays(record: number, batch: number, steps: number) {
    const rows = FLOAT * batch * steps;
    const gates = record + rows * this.inputs;
    const fromHidden = gates + rows * 3 * this.units;
    // h before each step, and after the last.
    return { x: record, gates, fromHidden, hidden: fromHidden + rows * 3 * this.units };
  }

  recordSize(batch: number, steps: number): number {
    return batch * (steps * (this.inputs + 7 * this.units) + this.units);
  }

  #parameters(parameters: number) {
    const hidden = parameters + FLOAT * this.inputs * 3 * this.units;
    const bias = hidden + FLOAT * this.units * 3 * this.units;
    return { input: parameters, hidden, bias, hiddenBias: bias + FLOAT * 3 * this.units };
  }

  /** Forward a row of biases. Back the gradients of both parts of the gates, of h or x by step, and transposed weights. */
  scratch(batch: number, steps: number): number {
    const widest = Math.max(this.inputs, this.units);
    return batch * steps * (6 * this.units + widest) + this.units * 3 * this.units;
  }

  forward(heap: Heap, sequences: ForwardSequences): void {
    const { batch, steps, x, y, state, scratch } = sequences;
    const { units, inputs } = this;
    const { kernels } = heap;
    const at = this.#arrays(sequences.record, batch, steps);
    const { input, hidden, bias, hiddenBias } = this.#parameters(sequences.parameters);
    const n = 3 * units;
    swapAxes(heap, x, at.x, batch, steps, inputs);
    multiply(kernels, { a: at.x, b: input, c: at.gates, bias, m: batch * steps, n, k: inputs });
    // Only the candidate has a bias here, because r multiplies it.
    heap.fill(scratch, 2 * units, 0);
    heap.copy(hiddenBias, scratch + FLOAT * 2 * units, units);
    heap.write(at.hidden, state);
    const multiplyHidden = productOf(kernels, { m: batch, n, k: units, bias: scratch });
    const [one, block, gap] = [FLOAT * units, FLOAT * batch * units, FLOAT * 2 * units];
    for (let step = 0; step < steps; step++) {
      const h = at.hidden + step * block;
      for (const b of beginning(sequences, step)) heap.fill(h + FLOAT * b * units, units, 0);
      const [r, hr] = [at.gates + step * 3 * block, at.fromHidden + step * 3 * block];
      multiplyHidden(h, hidden, hr);
      const both = [r, r + one, r + 2 * one, hr, hr + one, hr + 2 * one] as const;
      kernels.gruCell(...both, h, h + block, units, batch, gap);
      heap.copyRows(h + block, units, y + FLOAT * step * units, steps * units, batch, units);
    }
    state.set(heap.read(at.hidden + steps * block, state.length));
  }

  backward(heap: Heap, sequences: BackwardSequences, gradient: number): void {
    const { batch, steps, dy, scratch: dGates } = sequences;
    const { units, inputs } = this;
    const { kernels } = heap;
    const rows = batch * steps;
    const n = 3 * units;
    const at = this.#arrays(sequences.record, batch, steps);
    const transposed = dGates + FLOAT * rows * n;
    const dFromHidden = transposed + FLOAT * units * n;
    const dHidden = dFromHidden + FLOAT * rows * n;
    kernels.transpose(this.#parameters(sequences.parameters).hidden, transposed, units, n);
    swapAxes(heap, dy, dHidden, batch, steps, units);
    const back = productOf(kernels, { m: batch, n: units, k: n, accumulate: true });
    const [one, block, gap] = [FLOAT * units, FLOAT * batch * units, FLOAT * 2 * units];
    for (let step = steps - 1; step >= 0; step--) {
      const now = step * block;
      const [r, hn] = [at.gates + 3 * now, at.fromHidden + 3 * now + 2 * one];
      const [dr, dhr] = [dGates + 3 * now, dFromHidden + 3 * now];
      kernels.gruCellGradient(
        ...[r, r + one, r + 2 * one, hn, at.hidden + now, dHidden + now, dr, dr + one, dr + 2 * one],
        ...[dhr, dhr + one, dhr + 2 * one, units, batch, gap],
      );
      if (step === 0) break;
      const before = dHidden + now - block;
      for (const b of beginning(sequences, step)) heap.fill(dHidden + now + FLOAT * b * units, units, 0);
      kernels.accumulate(before, dHidden + now, batch * units);
      this.butFirst(heap, sequences, step, before, () => back(dhr, transposed, before));
    }
    if (gradient !== 0) {
      const { input, hidden, bias, hiddenBias } = this.#parameters(gradient);
      const common = { transposeA: true, n, k: rows };
      multiply(kernels, { ...common, a: at.x, b: dGates, c: input, m: inputs });
      multiply(kernels, { ...common, a: at.hidden, b: dFromHidden, c: hidden, m: units });
      kernels.columnSums(dFromHidden, bias, rows, n);
      heap.copy(bias + FLOAT * 2 * units, hiddenBias, units);
      kernels.columnSums(dGates, bias, rows, n);
    }
  }

  composeStep([input, hidden, bias, hiddenBias]: tf.Tensor[], x: tf.Tensor2D, h: tf.Tensor2D): tf.Tensor2D {
    const [xr, xz, xn] = tf.split(tf.add(tf.matMul(x, input as tf.Tensor2D), bias!), 3, 1) as tf.Tensor[];
    const [hr, hz, hn] = tf.split(tf.matMul(h, hidden as tf.Tensor2D), 3, 1) as tf.Tensor[];
    const reset = tf.sigmoid(tf.add(xr!, hr!));
    const update = tf.sigmoid(tf.add(xz!, hz!));
    const candidate = tf.tanh(tf.add(xn!, tf.mul(reset, tf.add(hn!, hiddenBias!))));
    return tf.add(candidate, tf.mul(update, tf.sub(h, candidate)));
  }
}

export function gru(options: RecurrentOptions): Gru {
  return new Gru(options);
}
