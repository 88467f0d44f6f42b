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
 * Long short-term memory (Hochreiter and Schmidhuber 1997; with the forget gate of Gers et al. 2000), as PyTorch's but
 * for its one bias: i, f, g, o = σ, σ, tanh, σ of x · W + h₋₁ · U + b, c = f · c₋₁ + i · g, h = o · tanh(c). A state is
 * [h, c].
 */
export class Lstm extends RecurrentCore {
  readonly stateSize: number;

  constructor(options: RecurrentOptions) {
    const { inputs, units } = options;
    super('lstm', 4, options, { input: [inputs, 4 * units], hidden: [units, 4 * units], bias: [4 * units] });
    this.stateSize = 2 * units;
  }

  /** Addresses of the record's arrays. Each is [steps, batch, …], so that a step of all sequences is one block. */
  #arrays(record: number, batch: number, steps: number) {
    const rows = FLOAT * batch * steps;
    const gates = record + rows * this.inputs;
    const squashed = gates + rows * 4 * this.units;
    // h and c before each step, and after the last.
    const hidden = squashed + rows * this.units;
    const cell = hidden + (rows + FLOAT * batch) * this.units;
    return { x: record, gates, squashed, hidden, cell };
  }

  recordSize(batch: number, steps: number): number {
    return batch * (steps * (this.inputs + 7 * this.units) + 2 * this.units);
  }

  #parameters(parameters: number) {
    const hidden = parameters + FLOAT * this.inputs * 4 * this.units;
    return { input: parameters, hidden, bias: hidden + FLOAT * this.units * 4 * this.units };
  }

  /** Forward a state. Back the gradients of the gates, of h or x by step, and of c, and transposed weights. */
  scratch(batch: number, steps: number): number {
    const widest = Math.max(this.inputs, this.units);
    return batch * (steps * (4 * this.units + widest) + this.stateSize) + this.units * 4 * this.units;
  }

  forward(heap: Heap, sequences: ForwardSequences): void {
    const { batch, steps, x, y, state, scratch } = sequences;
    const { units, inputs } = this;
    const { kernels } = heap;
    const at = this.#arrays(sequences.record, batch, steps);
    const { input, hidden, bias } = this.#parameters(sequences.parameters);
    const n = 4 * units;
    swapAxes(heap, x, at.x, batch, steps, inputs);
    multiply(kernels, { a: at.x, b: input, c: at.gates, bias, m: batch * steps, n, k: inputs });
    heap.write(scratch, state);
    heap.copyRows(scratch, 2 * units, at.hidden, units, batch, units);
    heap.copyRows(scratch + FLOAT * units, 2 * units, at.cell, units, batch, units);
    const fromHidden = productOf(kernels, { m: batch, n, k: units, accumulate: true });
    const [one, block, gap] = [FLOAT * units, FLOAT * batch * units, FLOAT * 3 * units];
    for (let step = 0; step < steps; step++) {
      const [h, c] = [at.hidden + step * block, at.cell + step * block];
      for (const b of beginning(sequences, step)) {
        heap.fill(h + FLOAT * b * units, units, 0);
        heap.fill(c + FLOAT * b * units, units, 0);
      }
      const [i, squashed] = [at.gates + step * 4 * block, at.squashed + step * block];
      fromHidden(h, hidden, i);
      const [f, g, o] = [i + one, i + 2 * one, i + 3 * one];
      kernels.lstmCell(i, f, g, o, c, c + block, squashed, h + block, units, batch, gap);
      heap.copyRows(h + block, units, y + FLOAT * step * units, steps * units, batch, units);
    }
    heap.copyRows(at.hidden + steps * block, units, scratch, 2 * units, batch, units);
    heap.copyRows(at.cell + steps * block, units, scratch + FLOAT * units, 2 * units, batch, units);
    state.set(heap.read(scratch, state.length));
  }

  backward(heap: Heap, sequences: BackwardSequences, gradient: number): void {
    const { batch, steps, dy, scratch: dGates } = sequences;
    const { units, inputs } = this;
    const { kernels } = heap;
    const rows = batch * steps;
    const n = 4 * units;
    const at = this.#arrays(sequences.record, batch, steps);
    const transposed = dGates + FLOAT * rows * n;
    const dCell = transposed + FLOAT * units * n;
    const dHidden = dCell + FLOAT * batch * this.stateSize;
    kernels.transpose(this.#parameters(sequences.parameters).hidden, transposed, units, n);
    swapAxes(heap, dy, dHidden, batch, steps, units);
    const back = productOf(kernels, { m: batch, n: units, k: n, accumulate: true });
    const [one, block, gap] = [FLOAT * units, FLOAT * batch * units, FLOAT * 3 * units];
    heap.fill(dCell, batch * units, 0);
    for (let step = steps - 1; step >= 0; step--) {
      const now = step * block;
      const [i, di] = [at.gates + 4 * now, dGates + 4 * now];
      kernels.lstmCellGradient(
        ...[i, i + one, i + 2 * one, i + 3 * one, at.squashed + now, at.cell + now, dHidden + now, dCell],
        ...[di, di + one, di + 2 * one, di + 3 * one, units, batch, gap],
      );
      if (step === 0) break;
      for (const b of beginning(sequences, step)) heap.fill(dCell + FLOAT * b * units, units, 0);
      const before = dHidden + now - block;
      this.butFirst(heap, sequences, step, before, () => back(di, transposed, before));
    }
    if (gradient !== 0) {
      const { input, hidden, bias } = this.#parameters(gradient);
      const common = { transposeA: true, b: dGates, n, k: rows };
      multiply(kernels, { ...common, a: at.x, c: input, m: inputs });
      multiply(kernels, { ...common, a: at.hidden, c: hidden, m: units });
      kernels.columnSums(dGates, bias, rows, n);
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
