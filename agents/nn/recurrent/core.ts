import * as tf from '@tensorflow/tfjs-core';
import { isHigherOrder } from '../gradients/register.js';
import { type Heap, type TensorHeap, tensorHeap } from '../heap.js';
import { glorotUniform, type Initializer, zeros } from '../init.js';
import { sizeOf } from '../layers/layer.js';
import type { ParameterSlot, Params } from '../params.js';

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
  /** What the forward pass leaves for the way back: `recordSize` floats a step. */
  readonly record: number;
}

export interface ForwardSequences extends Sequences {
  /** Where the outputs go, [batch, steps, units]. */
  readonly y: number;
  /** [batch · stateSize]; becomes the state after the last step. */
  readonly state: Float32Array;
  readonly resets: Uint8Array | undefined;
  readonly scratch: number;
}

export interface BackwardSequences extends Sequences {
  readonly dy: number;
  readonly resets: Uint8Array | undefined;
  readonly scratch: number;
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

  protected constructor(
    name: string,
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

  /** Floats that one step of one sequence leaves for the way back. */
  abstract readonly recordSize: number;
  /** Floats of working memory that either way needs. */
  abstract scratch(batch: number, steps: number): number;
  abstract forward(heap: Heap, sequences: ForwardSequences): void;
  /**
   * Goes back through time and writes the parameters' gradient at `gradient` unless that is 0.
   * @returns where the gradient of the input's part of the gates lies, for `inputGradient`
   */
  abstract backward(heap: Heap, sequences: BackwardSequences, gradient: number): number;
  /** dL/dx from the gradient of the gates. */
  abstract inputGradient(heap: Heap, sequences: BackwardSequences, dGates: number, dx: number): void;
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
    if (tensorHeap() === undefined) return this.compose(params, x, state, resets);
    const attrs = { core: this, state, before: state.slice(), resets } as unknown as tf.NamedAttrMap;
    return tf.engine().runKernel<tf.Tensor[]>(KERNEL, { params, x }, attrs)[0] as tf.Tensor3D;
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
   * One step for acting, without tape or tensors on wasm.
   * @param x [B · inputs]
   * @param state [B · stateSize]; becomes the state after the step
   * @returns outputs [B · units]
   */
  step(params: Params, x: Float32Array, state: Float32Array, batch: number): Float32Array {
    this.#check(params.size, [batch, 1, x.length / batch], state.length, batch);
    const heap = tensorHeap();
    if (heap === undefined) {
      return tf.tidy(() =>
        this.compose(params.tensor, tf.tensor3d(x, [batch, 1, this.inputs]), state).dataSync<'float32'>(),
      );
    }
    const outputs = batch * this.units;
    const start = heap.scratch(x.length + outputs + batch * this.recordSize + this.scratch(batch, 1));
    const y = start + FLOAT * x.length;
    const record = y + FLOAT * outputs;
    const scratch = record + FLOAT * batch * this.recordSize;
    heap.write(start, x);
    const { address: parameters } = params;
    this.forward(heap, {
      batch,
      steps: 1,
      parameters,
      x: start,
      record,
      y,
      state,
      resets: undefined,
      scratch,
    });
    return heap.read(y, outputs);
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

const KERNEL = 'FarstepRecurrent';

interface RecurrentAttrs {
  readonly core: RecurrentCore;
  /** Overwritten by the forward pass. */
  readonly state: Float32Array;
  /** What `state` held before it. */
  readonly before: Float32Array;
  readonly resets: Uint8Array | undefined;
}

tf.registerKernel({
  kernelName: KERNEL,
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs }) => {
    const heap = tensorHeap()!;
    const { core, state, resets } = attrs as unknown as RecurrentAttrs;
    const [batch, steps] = inputs.x!.shape as [number, number];
    const output = heap.output([batch, steps, core.units]);
    const record = heap.output([batch * steps * core.recordSize]);
    core.forward(heap, {
      ...{ batch, steps, state, resets },
      ...{ parameters: heap.pointer(inputs.params!), x: heap.pointer(inputs.x!), y: heap.pointer(output) },
      ...{ record: heap.pointer(record), scratch: heap.scratch(core.scratch(batch, steps)) },
    });
    // As one element, so that no zeros are made for a gradient it never has.
    return [output, { ...record, shape: [1] }];
  },
});

tf.registerGradient({
  kernelName: KERNEL,
  inputsToSave: ['params', 'x'],
  outputsToSave: [false, true],
  gradFunc: (dys, saved, attrs) => {
    const [params, x, record] = saved as [tf.Tensor1D, tf.Tensor3D, tf.Tensor];
    const { core, before, resets } = attrs as unknown as RecurrentAttrs;
    const dy = (dys as tf.Tensor[])[0]!;
    if (isHigherOrder()) {
      const both = tf.grads((p, input) =>
        core.compose(p as tf.Tensor1D, input as tf.Tensor3D, before.slice(), resets),
      );
      return { params: () => both([params, x], dy)[0]!, x: () => both([params, x], dy)[1]! };
    }
    const heap = tensorHeap() as TensorHeap;
    const [batch, steps] = x.shape;
    const sequences: BackwardSequences = {
      ...{ batch, steps, resets },
      ...{ parameters: heap.pointer(params), x: heap.pointer(x), dy: heap.pointer(dy) },
      ...{ record: heap.pointer(record), scratch: heap.scratch(core.scratch(batch, steps)) },
    };
    let dGates: number | undefined;
    // Where both are asked for, params comes first, and the scratch still holds what it found.
    return {
      params: () => {
        const gradient = heap.tensor([core.numParams]);
        dGates = core.backward(heap, sequences, heap.pointer(gradient));
        return gradient;
      },
      x: () => {
        const gradient = heap.tensor(x.shape);
        core.inputGradient(
          heap,
          sequences,
          dGates ?? core.backward(heap, sequences, 0),
          heap.pointer(gradient),
        );
        return gradient;
      },
    };
  },
});

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
