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
const GATES = [0, 1, 2, 3];

/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997; with the forget gate of Gers et al. 2000), as PyTorch's but
 * for its one bias: i, f, g, o = σ, σ, tanh, σ of x · W + h₋₁ · U + b, c = f · c₋₁ + i · g, h = o · tanh(c). A state is
 * [h, c].
 */
export class Lstm extends RecurrentCore {
  readonly stateSize: number;
  readonly recordSize: number;

  constructor(options: RecurrentOptions) {
    const { inputs, units } = options;
    super('lstm', options, { input: [inputs, 4 * units], hidden: [units, 4 * units], bias: [4 * units] });
    this.stateSize = 2 * units;
    // The four gates, the cell, and both parts of the state before the step.
    this.recordSize = 7 * units;
  }

  /** Addresses of the arrays in a record. Each is [steps, batch, …], so that a step of all sequences is one block. */
  #arrays(record: number, rows: number) {
    const block = FLOAT * rows * this.units;
    const cells = record + 4 * block;
    const gates = GATES.map((gate) => record + gate * block);
    return { gates, cells, hBefore: cells + block, cBefore: cells + 2 * block };
  }

  #parameters(parameters: number) {
    const hidden = parameters + FLOAT * this.inputs * 4 * this.units;
    return { input: parameters, hidden, bias: hidden + FLOAT * this.units * 4 * this.units };
  }

  /** The gates' gradients (forward, the outputs by step), transposed weights, the gradients of h and c, and x by step. */
  scratch(batch: number, steps: number): number {
    const weights = Math.max(this.inputs, this.units) * 4 * this.units;
    return batch * steps * (4 * this.units + this.inputs) + weights + 2 * batch * this.units;
  }

  forward(heap: Heap, sequences: ForwardSequences): void {
    const { batch, steps, x, state, resets } = sequences;
    const { units, inputs } = this;
    const { kernels } = heap;
    const size = batch * units;
    const block = FLOAT * size;
    const { gates, cells, hBefore, cBefore } = this.#arrays(sequences.record, batch * steps);
    const { input, hidden, bias } = this.#parameters(sequences.parameters);
    const outputs = sequences.scratch;
    const [bStride, n] = [4 * units, units];
    for (let b = 0; b < batch; b++) {
      const a = x + FLOAT * b * steps * inputs;
      for (const gate of GATES) {
        const at = FLOAT * gate * units;
        const c = gates[gate]! + FLOAT * b * units;
        const product = {
          a,
          b: input + at,
          c,
          bias: bias + at,
          bStride,
          cStride: size,
          m: steps,
          n,
          k: inputs,
        };
        multiply(kernels, product);
      }
      const [own, from] = [b * units, b * this.stateSize];
      heap.write(hBefore + FLOAT * own, state.subarray(from, from + units));
      heap.write(cBefore + FLOAT * own, state.subarray(from + units, from + 2 * units));
    }
    for (let step = 0; step < steps; step++) {
      const now = step * block;
      if (step > 0) {
        heap.copy(outputs + now - block, hBefore + now, size);
        heap.copy(cells + now - block, cBefore + now, size);
      }
      for (let b = 0; b < batch; b++) {
        if (resets?.[b * steps + step] !== 1) continue;
        heap.fill(hBefore + now + FLOAT * b * units, units, 0);
        heap.fill(cBefore + now + FLOAT * b * units, units, 0);
      }
      for (const gate of GATES) {
        const [b, c] = [hidden + FLOAT * gate * units, gates[gate]! + now];
        multiply(kernels, { a: hBefore + now, b, bStride, c, m: batch, n, k: units, accumulate: true });
      }
      const [i, f, g, o] = gates.map((gate) => gate + now) as [number, number, number, number];
      kernels.lstmCell(i, f, g, o, cBefore + now, cells + now, outputs + now, size);
    }
    swapAxes(heap, outputs, sequences.y, steps, batch, units);
    const last = (steps - 1) * block;
    for (let b = 0; b < batch; b++) {
      const own = last + FLOAT * b * units;
      state.set(heap.read(outputs + own, units), b * this.stateSize);
      state.set(heap.read(cells + own, units), b * this.stateSize + units);
    }
  }

  backward(heap: Heap, sequences: BackwardSequences, gradient: number): number {
    const { batch, steps, x, dy, resets, scratch } = sequences;
    const { units, inputs } = this;
    const { kernels } = heap;
    const rows = batch * steps;
    const size = batch * units;
    const block = FLOAT * size;
    const { gates, cells, hBefore, cBefore } = this.#arrays(sequences.record, rows);
    const dGates = GATES.map((gate) => scratch + gate * steps * block);
    const transposed = scratch + 4 * steps * block;
    const dHidden = transposed + FLOAT * Math.max(inputs, units) * 4 * units;
    const dCell = dHidden + block;
    kernels.transpose(this.#parameters(sequences.parameters).hidden, transposed, units, 4 * units);
    heap.fill(dHidden, 2 * size, 0);
    for (let step = steps - 1; step >= 0; step--) {
      const now = step * block;
      for (let b = 0; b < batch; b++) {
        kernels.accumulate(dHidden + FLOAT * b * units, dy + FLOAT * (b * steps + step) * units, units);
      }
      const forward = [...gates, cells, cBefore].map((array) => array + now);
      kernels.lstmCellGradient(...forward, dHidden, dCell, ...dGates.map((array) => array + now), size);
      for (const gate of GATES) {
        const [a, b] = [dGates[gate]! + now, transposed + FLOAT * gate * units * units];
        multiply(kernels, { a, b, c: dHidden, m: batch, n: units, k: units, accumulate: gate > 0 });
      }
      for (let b = 0; b < batch; b++) {
        if (resets?.[b * steps + step] !== 1) continue;
        heap.fill(dHidden + FLOAT * b * units, units, 0);
        heap.fill(dCell + FLOAT * b * units, units, 0);
      }
    }
    if (gradient !== 0) {
      const { input, hidden, bias } = this.#parameters(gradient);
      const bySteps = dCell + block;
      swapAxes(heap, x, bySteps, batch, steps, inputs);
      for (const gate of GATES) {
        const at = FLOAT * gate * units;
        const [dGate, cStride] = [dGates[gate]!, 4 * units];
        const common = { transposeA: true, b: dGate, cStride, n: units, k: rows };
        multiply(kernels, { ...common, a: hBefore, c: hidden + at, m: units });
        multiply(kernels, { ...common, a: bySteps, c: input + at, m: inputs });
        kernels.columnSums(dGate, bias + at, rows, units);
      }
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
    const transposed = scratch + 4 * block;
    heap.kernels.transpose(parameters, transposed, inputs, 4 * units);
    for (let b = 0; b < batch; b++) {
      const c = dx + FLOAT * b * steps * inputs;
      for (const gate of GATES) {
        const a = dGates + gate * block + FLOAT * b * units;
        const own = { a, aStride: batch * units, b: transposed + FLOAT * gate * units * inputs, c };
        multiply(heap.kernels, { ...own, m: steps, n: inputs, k: units, accumulate: gate > 0 });
      }
    }
  }

  composeStep([input, hidden, bias]: tf.Tensor[], x: tf.Tensor2D, state: tf.Tensor2D): tf.Tensor2D {
    const [h, c] = tf.split(state, 2, 1) as [tf.Tensor2D, tf.Tensor2D];
    const z = tf.add(tf.add(tf.matMul(x, input as tf.Tensor2D), tf.matMul(h, hidden as tf.Tensor2D)), bias!);
    const [i, f, g, o] = tf.split(z, 4, 1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const cell = tf.add(tf.mul(tf.sigmoid(f), c), tf.mul(tf.sigmoid(i), tf.tanh(g)));
    return tf.concat([tf.mul(tf.sigmoid(o), tf.tanh(cell)), cell], 1) as tf.Tensor2D;
  }
}

export function lstm(options: RecurrentOptions): Lstm {
  return new Lstm(options);
}
