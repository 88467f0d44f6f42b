import * as tf from '@tensorflow/tfjs-core';
import type { Heap } from '../heap.js';
import { multiply } from '../multiply.js';
import {
  type BackwardSequences,
  type ForwardSequences,
  RecurrentCore,
  type RecurrentOptions,
  swapAxes,
} from './core.js';

const FLOAT = 4;
const GATES = [0, 1, 2];
const CANDIDATE = 2;

/**
 * The gated recurrent unit (Cho et al. 2014) in PyTorch's form, with fewer biases: r, z = σ of x · W + h₋₁ · U + b,
 * n = tanh(x · W + b + r · (h₋₁ · U + d)), h = (1 − z) · n + z · h₋₁. A state is h.
 */
export class Gru extends RecurrentCore {
  readonly stateSize: number;
  readonly recordSize: number;

  constructor(options: RecurrentOptions) {
    const { inputs, units } = options;
    super('gru', options, {
      ...{ input: [inputs, 3 * units], hidden: [units, 3 * units], bias: [3 * units], hiddenBias: [units] },
    });
    this.stateSize = units;
    // The three gates, the hidden state's part of them, and the hidden state before the step.
    this.recordSize = 7 * units;
  }

  /** Addresses of the arrays in a record. Each is [steps, batch, …], so that a step of all sequences is one block. */
  #arrays(record: number, rows: number) {
    const block = FLOAT * rows * this.units;
    const [gates, fromHidden] = [0, 3].map((first) => GATES.map((gate) => record + (first + gate) * block));
    return { gates: gates!, fromHidden: fromHidden!, before: record + 6 * block };
  }

  #parameters(parameters: number) {
    const hidden = parameters + FLOAT * this.inputs * 3 * this.units;
    const bias = hidden + FLOAT * this.units * 3 * this.units;
    return { input: parameters, hidden, bias, hiddenBias: bias + FLOAT * 3 * this.units };
  }

  /** The gradients of both parts of the gates (forward, the outputs by step), transposed weights, that of h, and x by step. */
  scratch(batch: number, steps: number): number {
    const weights = Math.max(this.inputs, this.units) * 3 * this.units;
    return batch * steps * (6 * this.units + this.inputs) + weights + batch * this.units;
  }

  forward(heap: Heap, sequences: ForwardSequences): void {
    const { batch, steps, x, state, resets } = sequences;
    const { units, inputs } = this;
    const { kernels } = heap;
    const size = batch * units;
    const block = FLOAT * size;
    const { gates, fromHidden, before } = this.#arrays(sequences.record, batch * steps);
    const { input, hidden, bias, hiddenBias } = this.#parameters(sequences.parameters);
    const outputs = sequences.scratch;
    const bStride = 3 * units;
    for (let b = 0; b < batch; b++) {
      const a = x + FLOAT * b * steps * inputs;
      for (const gate of GATES) {
        const at = FLOAT * gate * units;
        const own = { a, b: input + at, c: gates[gate]! + FLOAT * b * units, bias: bias + at };
        multiply(kernels, { ...own, bStride, cStride: size, m: steps, n: units, k: inputs });
      }
    }
    heap.write(before, state);
    for (let step = 0; step < steps; step++) {
      const now = step * block;
      if (step > 0) heap.copy(outputs + now - block, before + now, size);
      for (let b = 0; b < batch; b++) {
        if (resets?.[b * steps + step] === 1) heap.fill(before + now + FLOAT * b * units, units, 0);
      }
      for (const gate of GATES) {
        const own = { a: before + now, b: hidden + FLOAT * gate * units, c: fromHidden[gate]! + now };
        // Only the candidate has a bias here, because r multiplies it.
        const shift = gate === CANDIDATE ? { bias: hiddenBias } : {};
        multiply(kernels, { ...own, ...shift, bStride, m: batch, n: units, k: units });
      }
      const both = [...gates, ...fromHidden].map((array) => array + now);
      kernels.gruCell(...both, before + now, outputs + now, size);
    }
    swapAxes(heap, outputs, sequences.y, steps, batch, units);
    state.set(heap.read(outputs + (steps - 1) * block, size));
  }

  backward(heap: Heap, sequences: BackwardSequences, gradient: number): number {
    const { batch, steps, x, dy, resets, scratch } = sequences;
    const { units, inputs } = this;
    const { kernels } = heap;
    const rows = batch * steps;
    const size = batch * units;
    const block = FLOAT * size;
    const { gates, fromHidden, before } = this.#arrays(sequences.record, rows);
    const [dGates, dFromHidden] = [0, 3].map((first) =>
      GATES.map((gate) => scratch + (first + gate) * steps * block),
    );
    const transposed = scratch + 6 * steps * block;
    const dHidden = transposed + FLOAT * Math.max(inputs, units) * 3 * units;
    kernels.transpose(this.#parameters(sequences.parameters).hidden, transposed, units, 3 * units);
    heap.fill(dHidden, size, 0);
    for (let step = steps - 1; step >= 0; step--) {
      const now = step * block;
      for (let b = 0; b < batch; b++) {
        kernels.accumulate(dHidden + FLOAT * b * units, dy + FLOAT * (b * steps + step) * units, units);
      }
      const forward = [...gates, fromHidden[CANDIDATE]!, before].map((array) => array + now);
      const back = [...dGates!, ...dFromHidden!].map((array) => array + now);
      kernels.gruCellGradient(...forward, dHidden, ...back, size);
      for (const gate of GATES) {
        const [a, b] = [dFromHidden![gate]! + now, transposed + FLOAT * gate * units * units];
        multiply(kernels, { a, b, c: dHidden, m: batch, n: units, k: units, accumulate: true });
      }
      for (let b = 0; b < batch; b++) {
        if (resets?.[b * steps + step] === 1) heap.fill(dHidden + FLOAT * b * units, units, 0);
      }
    }
    if (gradient !== 0) {
      const { input, hidden, bias, hiddenBias } = this.#parameters(gradient);
      const bySteps = dHidden + block;
      swapAxes(heap, x, bySteps, batch, steps, inputs);
      for (const gate of GATES) {
        const at = FLOAT * gate * units;
        const common = { transposeA: true, cStride: 3 * units, n: units, k: rows };
        multiply(kernels, { ...common, a: before, b: dFromHidden![gate]!, c: hidden + at, m: units });
        multiply(kernels, { ...common, a: bySteps, b: dGates![gate]!, c: input + at, m: inputs });
        kernels.columnSums(dGates![gate]!, bias + at, rows, units);
      }
      kernels.columnSums(dFromHidden![CANDIDATE]!, hiddenBias, rows, units);
    }
    return scratch;
  }

  inputGradient(
    heap: Heap,
    { batch, steps, parameters, scratch }: BackwardSequences,
    dGates: number,
    dx: number,
  ): void {
    const { units, inputs } = this;
    const block = FLOAT * batch * steps * units;
    const transposed = scratch + 6 * block;
    heap.kernels.transpose(parameters, transposed, inputs, 3 * units);
    for (let b = 0; b < batch; b++) {
      const c = dx + FLOAT * b * steps * inputs;
      for (const gate of GATES) {
        const a = dGates + gate * block + FLOAT * b * units;
        const own = { a, aStride: batch * units, b: transposed + FLOAT * gate * units * inputs, c };
        multiply(heap.kernels, { ...own, m: steps, n: inputs, k: units, accumulate: gate > 0 });
      }
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
