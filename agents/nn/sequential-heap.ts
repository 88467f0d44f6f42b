/** The two ways through a sequential network on the wasm backend, by the layers' kernels. */
import type * as tf from '@tensorflow/tfjs-core';
import type { TensorHeap } from './heap.js';
import { undoActivation } from './layers/layer.js';
import type { Backward, SavedTensors, Stack } from './sequential-op.js';

const FLOAT = 4;

/** Floats of one example's outputs of the layers before `layer`. */
function widthBefore(network: Stack, layer: number): number {
  return network.widths.slice(0, layer).reduce((sum, width) => sum + width, 0);
}

/** Whether the way back needs the network's own output. */
function keepsOutput({ layers }: Stack): boolean {
  return layers.at(-1)!.activation !== 'linear';
}

/**
 * @returns the output and a record of the layers' outputs, each [batch, width] one behind the other. tfjs makes a
 *   tensor of zeros for every output without a gradient, so the record says it has one element; nothing but
 *   HeapBackward looks into it.
 */
export function heapForward(
  heap: TensorHeap,
  network: Stack,
  params: tf.TensorInfo,
  x: tf.TensorInfo,
): tf.TensorInfo[] {
  const { layers, widths, offsets } = network;
  const batch = network.batchOf(x.shape);
  const last = layers.length - 1;
  const recorded = widthBefore(network, keepsOutput(network) ? last + 1 : last);
  const record = heap.output([batch * recorded]);
  const output = heap.output(network.batched(batch, [widths.at(-1)!]));
  const scratch = heap.scratch(Math.max(...layers.map((layer) => layer.scratch(batch))));
  const parameters = heap.pointer(params);
  let from = heap.pointer(x);
  let next = heap.pointer(record);
  for (const [i, layer] of layers.entries()) {
    const y = i === last ? heap.pointer(output) : next;
    layer.forward(heap, { batch, parameters: parameters + FLOAT * offsets[i]!, x: from, y, scratch });
    from = y;
    if (i < last) next += FLOAT * batch * widths[i]!;
  }
  if (keepsOutput(network)) heap.copy(from, next, batch * widths[last]!);
  return [output, { ...record, shape: [1] }];
}

export class HeapBackward implements Backward {
  readonly #batch: number;
  /** Two buffers that hold the gradients between layers in turn, and behind them the layers' own scratch. */
  readonly #buffers: readonly [number, number];
  readonly #scratch: number;
  /** Where dL/dz of the first layer lies, once it is known. */
  #first: number | undefined;

  constructor(
    readonly heap: TensorHeap,
    readonly network: Stack,
    readonly tensors: SavedTensors,
  ) {
    const { layers, widths } = network;
    this.#batch = network.batchOf(tensors.x.shape);
    const buffer = this.#batch * Math.max(...widths);
    const own = Math.max(...layers.map((layer) => layer.scratch(this.#batch)));
    const scratch = heap.scratch(2 * buffer + own);
    this.#buffers = [scratch, scratch + FLOAT * buffer];
    this.#scratch = scratch + FLOAT * 2 * buffer;
  }

  params(): tf.Tensor {
    const gradient = this.heap.tensor([this.network.numParams]);
    this.#first = this.#walk(this.heap.pointer(gradient));
    return gradient;
  }

  /** Right after `params`, the buffers still hold what it found. */
  x(): tf.Tensor {
    const { heap, network, tensors } = this;
    const dz = this.#first ?? this.#walk(0);
    const gradient = heap.tensor(tensors.x.shape);
    network.layers[0]!.inputGradient(heap, {
      batch: this.#batch,
      parameters: heap.pointer(tensors.params),
      x: heap.pointer(tensors.x),
      dz,
      dx: heap.pointer(gradient),
      scratch: this.#scratch,
    });
    return gradient;
  }

  /** Goes back to dL/dz of the first layer; writes the parameters' gradient at `gradient` unless it is 0. */
  #walk(gradient: number): number {
    const { heap, network, tensors } = this;
    const { layers, offsets, widths } = network;
    const batch = this.#batch;
    const scratch = this.#scratch;
    const record = heap.pointer(tensors.records[0]!);
    const outputOf = (layer: number): number => record + FLOAT * batch * widthBefore(network, layer);
    const last = layers.length - 1;
    let dz = this.#buffers[last % 2]!;
    heap.copy(heap.pointer(tensors.dy), dz, batch * widths[last]!);
    for (let i = last; ; i--) {
      const layer = layers[i]!;
      const parameters = heap.pointer(tensors.params) + FLOAT * offsets[i]!;
      const x = i === 0 ? heap.pointer(tensors.x) : outputOf(i - 1);
      undoActivation(heap, layer.activation, dz, outputOf(i), batch * widths[i]!);
      if (gradient !== 0) {
        const own = gradient + FLOAT * offsets[i]!;
        layer.parameterGradient(heap, { batch, parameters, x, dz, gradient: own, scratch });
      }
      if (i === 0) return dz;
      const dx = this.#buffers[(i - 1) % 2]!;
      layer.inputGradient(heap, { batch, parameters, x, dz, dx, scratch });
      dz = dx;
    }
  }
}
