/**
 * A sequential network as one differentiable operation on wasm: a kernel and its gradient, registered with tfjs, so
 * that the engine records one node where the plain composition would record one an op.
 */
import * as tf from '@tensorflow/tfjs-core';
import { isHigherOrder } from './gradients/register.js';
import { currentHeap, type Heap } from './heap.js';

import type { Sequential } from './network.js';

const KERNEL = 'FarstepSequential';
const FLOAT = 4;

/** `network.apply` on the wasm backend; shapes are checked already. */
export function applyNetwork(network: Sequential, params: tf.Tensor1D, x: tf.Tensor): tf.Tensor2D {
  const outputs = tf.engine().runKernel(KERNEL, { params, x }, { network: network as never });
  return (outputs as tf.Tensor[])[0] as tf.Tensor2D;
}

tf.registerKernel({
  kernelName: KERNEL,
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs }) => {
    const network = attrs!.network as unknown as Sequential;
    return forward(currentHeap()!, network, inputs.params!, inputs.x!);
  },
});

tf.registerGradient({
  kernelName: KERNEL,
  inputsToSave: ['params', 'x'],
  outputsToSave: [false, true],
  gradFunc: (dys, saved, attrs) => {
    const [params, x, record] = saved as [tf.Tensor1D, tf.Tensor, tf.Tensor];
    const network = attrs.network as unknown as Sequential;
    const dy = (dys as tf.Tensor[])[0]!;
    if (isHigherOrder()) {
      const both = tf.grads((p, input) => network.compose(p as tf.Tensor1D, input!));
      return { params: () => both([params, x], dy)[0]!, x: () => both([params, x], dy)[1]! };
    }
    // The engine asks only for what is differentiated, params first and x right after it.
    const pass = new BackwardPass(currentHeap()!, network, { params, x, record, dy });
    return { params: () => pass.params(), x: () => pass.x() };
  },
});

/**
 * @returns the output and a record of what the backward pass needs: the outputs of all layers but the last, each
 *   [batch, width]. tfjs makes a tensor of zeros for every output without a gradient, so the record says it has one
 *   element; nothing but `backward` looks into it.
 */
function forward(heap: Heap, network: Sequential, params: tf.TensorInfo, x: tf.TensorInfo): tf.TensorInfo[] {
  const { layers, widths, offsets } = network;
  const batch = x.shape[0]!;
  const hidden = widths.slice(0, -1).reduce((sum, width) => sum + width, 0);
  const record = heap.allocate([batch * hidden]);
  const output = heap.allocate([batch, network.outputs]);
  const scratch = heap.scratch(Math.max(...layers.map((layer) => layer.scratch(batch))));
  const parameters = heap.pointer(params);
  let from = heap.pointer(x);
  let next = heap.pointer(record);
  for (const [i, layer] of layers.entries()) {
    const y = i === layers.length - 1 ? heap.pointer(output) : next;
    layer.forward(heap, { batch, parameters: parameters + FLOAT * offsets[i]!, x: from, y, scratch });
    from = y;
    next += FLOAT * batch * widths[i]!;
  }
  return [output, { ...record, shape: [1] }];
}

/** The way back through the layers, done once however many of the two gradients are asked for. */
class BackwardPass {
  readonly #batch: number;
  readonly #scratch: number;
  /** Two buffers that hold the gradients between layers in turn, and behind them the layers' own scratch. */
  readonly #buffers: readonly number[];
  readonly #layerScratch: number;
  /** Where the gradient of the first layer's affine output lies, once it is known. */
  #first: number | undefined;

  constructor(
    readonly heap: Heap,
    readonly network: Sequential,
    readonly tensors: Record<'params' | 'x' | 'record' | 'dy', tf.Tensor>,
  ) {
    const { layers, widths } = network;
    this.#batch = tensors.x.shape[0]!;
    const buffer = this.#batch * Math.max(...widths);
    const own = Math.max(...layers.map((layer) => layer.scratch(this.#batch)));
    this.#scratch = heap.scratch(2 * buffer + own);
    this.#buffers = [this.#scratch, this.#scratch + FLOAT * buffer];
    this.#layerScratch = this.#scratch + FLOAT * 2 * buffer;
  }

  params(): tf.Tensor {
    const gradient = this.heap.tensor([this.network.numParams]);
    this.#first = this.#walk(this.heap.pointer(gradient));
    return gradient;
  }

  x(): tf.Tensor {
    const { heap, network, tensors } = this;
    const dz = this.#first ?? this.#walk(0);
    const gradient = heap.tensor(tensors.x.shape);
    network.layers[0]!.inputGradient(heap, {
      batch: this.#batch,
      parameters: heap.pointer(tensors.params),
      dz,
      dx: heap.pointer(gradient),
      scratch: this.#layerScratch,
    });
    return gradient;
  }

  /** Goes back to the first layer's affine output; writes the parameters' gradient at `gradient` unless it is 0. */
  #walk(gradient: number): number {
    const { heap, network, tensors } = this;
    const { layers, offsets, widths } = network;
    const batch = this.#batch;
    const scratch = this.#layerScratch;
    const params = heap.pointer(tensors.params);
    const record = heap.pointer(tensors.record);
    const last = layers.length - 1;
    let y = record + FLOAT * batch * widths.slice(0, last).reduce((sum, width) => sum + width, 0);
    let dz = this.#buffers[last % 2]!;
    const dy = heap.pointer(tensors.dy) / FLOAT;
    heap.floats.copyWithin(dz / FLOAT, dy, dy + batch * network.outputs);
    for (let i = last; ; i--) {
      const layer = layers[i]!;
      if (i < last) layer.undoActivation(heap, { batch, y, dy: dz });
      const below = i === 0 ? 0 : y - FLOAT * batch * widths[i - 1]!;
      const x = i === 0 ? heap.pointer(tensors.x) : below;
      if (gradient !== 0) {
        layer.parameterGradient(heap, { batch, x, dz, gradient: gradient + FLOAT * offsets[i]!, scratch });
      }
      if (i === 0) return dz;
      const dx = this.#buffers[(i - 1) % 2]!;
      layer.inputGradient(heap, { batch, parameters: params + FLOAT * offsets[i]!, dz, dx, scratch });
      dz = dx;
      y = below;
    }
  }
}
