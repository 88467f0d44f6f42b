import * as tf from '@tensorflow/tfjs-core';
import type { Heap } from '../heap.js';
import { glorotUniform, type Initializer, zeros } from '../init.js';
import { sizeOf } from '../layers/layer.js';
import { multiply } from '../multiply.js';
import type { ParameterSlot, Params } from '../params.js';
import { applyRecurrent } from './op.js';

const FLOAT = 4;

export interface RecurrentOptions {
  /** Numbers of one step's input. */
  readonly inputs: number;
  /** Numbers of one step's output. */
  readonly units: number;
  /** Draws the weights; `glorotUniform` unless told. Biases begin at 0. */
  readonly init?: Initializer;
}

/** Sequences of one length, side by side: addresses of arrays in the heap, [batch, steps, …]. */
export interface Sequences {
  readonly batch: number;
  readonly steps: number;
  /** The core's parameters. */
  readonly parameters: number;
  /** [batch, steps, inputs]. */
  readonly x: number;
  /** What the forward pass leaves for the way back: `recordSize` floats. */
  readonly record: number;
  /** [batch · steps], 1 where an episode begins. */
  readonly resets: Uint8Array | undefined;
  /** Room for `scratch` floats. */
  readonly scratch: number;
}

export interface ForwardSequences extends Sequences {
  /** Where the outputs go, [batch, steps, units]. */
  readonly y: number;
  /** [batch · stateSize]; becomes the state after the last step. */
  readonly state: Float32Array;
}

export interface BackwardSequences extends Sequences {
  readonly dy: number;
}

/** The sequences in which an episode begins at this step. */
export function beginning({ batch, steps, resets }: Sequences, step: number): number[] {
  if (resets === undefined) return [];
  return [...Array(batch).keys()].filter((b) => resets[b * steps + step] === 1);
}

/**
 * A recurrent layer over sequences, with a flat parameter vector. Its state travels as plain numbers: gradients do not
 * flow from one call into the last (truncated backpropagation through time).
 */
export abstract class RecurrentCore {
  readonly inputs: number;
  readonly units: number;
  /** Numbers of one sequence's state. */
  abstract readonly stateSize: number;
  readonly numParams: number;
  readonly layout: readonly ParameterSlot[];
  readonly architecture: string;
  readonly #init: Initializer;

  /** @param gates how many there are, each of `units` columns of the first parameter, the weights of the input */
  protected constructor(
    name: string,
    readonly gates: number,
    { inputs, units, init = glorotUniform }: RecurrentOptions,
    parameters: Record<string, number[]>,
  ) {
    this.inputs = inputs;
    this.units = units;
    this.#init = init;
    this.architecture = `[${inputs}] → ${name}(${units})`;
    let offset = 0;
    this.layout = Object.entries(parameters).map(([parameter, shape]) => {
      const slot = { name: `${name}.${parameter}`, shape, offset };
      offset += sizeOf(shape);
      return slot;
    });
    this.numParams = offset;
  }

  /** Floats that the forward pass leaves for the way back. */
  abstract recordSize(batch: number, steps: number): number;
  /** Floats of working memory that either way needs. */
  abstract scratch(batch: number, steps: number): number;
  abstract forward(heap: Heap, sequences: ForwardSequences): void;
  /**
   * Goes back through time and writes the parameters' gradient at `gradient` unless that is 0. Leaves the gradient of the
   * gates, [steps, batch, gates · units], at the beginning of the scratch.
   */
  abstract backward(heap: Heap, sequences: BackwardSequences, gradient: number): void;
  /** One step as plain tensor operations: the state after it, [B, stateSize], whose first part is the output. */
  abstract composeStep(parameters: tf.Tensor[], x: tf.Tensor2D, state: tf.Tensor2D): tf.Tensor2D;

  /** A fresh parameter vector; `random` gives uniform numbers in [0, 1). */
  init(random: () => number): Float32Array {
    const params = new Float32Array(this.numParams);
    for (const { shape, offset } of this.layout) {
      params.set((shape.length === 1 ? zeros : this.#init)(shape, random), offset);
    }
    return params;
  }

  /** The state that every sequence begins with: zeros. */
  initialState(batch: number): Float32Array {
    return new Float32Array(batch * this.stateSize);
  }

  /**
   * Outputs [B, T, units] of sequences x [B, T, inputs], differentiable in both arguments, to any order.
   * @param state before the first step, [B · stateSize]; becomes the state after the last one
   * @param resets [B · T], 1 at the first step of an episode: the state is zero before it. None unless told
   */
  apply(params: tf.Tensor1D, x: tf.Tensor3D, state: Float32Array, resets?: Uint8Array): tf.Tensor3D {
    const [batch, steps] = x.shape;
    this.#check(params.size, x.shape, state.length, batch);
    if (resets !== undefined && resets.length !== batch * steps) {
      throw new Error(`resets: ${resets.length} numbers for ${batch} sequences of ${steps} steps`);
    }
    return tf.getBackend() === 'cpu'
      ? this.compose(params, x, state, resets)
      : applyRecurrent(this, params, x, state, resets);
  }

  /** `apply` as plain tensor operations. */
  compose(params: tf.Tensor1D, x: tf.Tensor3D, state: Float32Array, resets?: Uint8Array): tf.Tensor3D {
    const [batch, steps] = x.shape;
    const parameters = this.layout.map(({ shape, offset }) =>
      tf.reshape(tf.slice(params, offset, sizeOf(shape)), shape),
    );
    let now = tf.tensor2d(state.slice(), [batch, this.stateSize]);
    const inputs = tf.unstack(x, 1) as tf.Tensor2D[];
    const outputs = inputs.map((input, step) => {
      if (resets !== undefined) {
        const kept = Float32Array.from({ length: batch }, (_, b) => 1 - resets[b * steps + step]!);
        now = tf.mul(now, tf.tensor2d(kept, [batch, 1]));
      }
      now = this.composeStep(parameters, input, now);
      return tf.slice(now, [0, 0], [batch, this.units]);
    });
    state.set(now.dataSync<'float32'>());
    return tf.stack(outputs, 1) as tf.Tensor3D;
  }

  /**
   * One step for acting, without tape or tensors.
   * @param x [B · inputs]
   * @param state [B · stateSize]; becomes the state after the step
   * @returns outputs [B · units]
   */
  step(params: Params, x: Float32Array, state: Float32Array, batch: number): Float32Array {
    this.#check(params.size, [batch, 1, x.length / batch], state.length, batch);
    const { heap, address: parameters } = params;
    const [outputs, recorded] = [batch * this.units, this.recordSize(batch, 1)];
    const from = heap.scratch(x.length + outputs + recorded + this.scratch(batch, 1));
    heap.write(from, x);
    const y = from + FLOAT * x.length;
    const record = y + FLOAT * outputs;
    const scratch = record + FLOAT * recorded;
    const sequences = { batch, steps: 1, parameters, x: from, record, resets: undefined, scratch };
    this.forward(heap, { ...sequences, y, state });
    return heap.read(y, outputs);
  }

  /** dL/dx right after `backward`, from what it left. */
  inputGradient(heap: Heap, { batch, steps, parameters, scratch }: BackwardSequences, dx: number): void {
    const { units, inputs } = this;
    const [rows, k] = [batch * steps, this.gates * units];
    const bySteps = scratch + FLOAT * rows * k;
    const product = { a: scratch, b: parameters, transposeB: true, c: bySteps, m: rows, n: inputs, k };
    multiply(heap.kernels, product);
    swapAxes(heap, bySteps, dx, steps, batch, inputs);
  }

  /** Leaves the gradient of h before a step as it is in the sequences that begin there, whatever `add` does. */
  protected butFirst(
    heap: Heap,
    sequences: BackwardSequences,
    step: number,
    dHidden: number,
    add: () => void,
  ): void {
    const { units } = this;
    const others = beginning(sequences, step).map((b) => dHidden + FLOAT * b * units);
    const kept = others.map((row) => heap.read(row, units));
    add();
    for (const [i, row] of others.entries()) heap.write(row, kept[i]!);
  }

  #check(params: number, x: readonly number[], state: number, batch: number): void {
    if (params !== this.numParams) {
      throw new Error(`params: ${params} numbers, but ${this.architecture} has ${this.numParams}`);
    }
    if (x.length !== 3 || x[2] !== this.inputs) {
      throw new Error(`input: shape [${x.join(', ')}] does not fit [batch, steps, ${this.inputs}]`);
    }
    if (state !== batch * this.stateSize) {
      throw new Error(`state: ${state} numbers for ${batch} sequences of ${this.stateSize}`);
    }
  }
}

/** Copies [rows, columns, length] to [columns, rows, length]. */
export function swapAxes(
  heap: Heap,
  from: number,
  to: number,
  rows: number,
  columns: number,
  length: number,
): void {
  for (let row = 0; row < rows; row++) {
    const [source, target] = [from + FLOAT * row * columns * length, to + FLOAT * row * length];
    heap.copyRows(source, length, target, rows * length, columns, length);
  }
}
