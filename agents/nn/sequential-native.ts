/**
 * The two ways through a sequential network on TensorFlow, by the layers' operations. Parameters live on the host, where
 * the optimizers are: each layer's are brought over once after a change, and the gradients are read back.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type Layer, sizeOf } from './layers/layer.js';
import { ownerOf } from './params.js';
import type { Backward, SavedTensors, Stack } from './sequential-op.js';
import type { TensorFlow } from './tensorflow.js';

/** The network's parameters in their shapes. */
function parametersOf(network: Stack, params: tf.TensorInfo): readonly tf.Tensor[] {
  const owner = ownerOf(params);
  if (owner !== undefined) return owner.views(network.layout);
  const values = tf.engine().readSync(params.dataId) as Float32Array;
  return network.layout.map(({ shape, offset }) =>
    tf.tensor(values.slice(offset, offset + sizeOf(shape)), shape),
  );
}

function activate(ops: TensorFlow, { activation }: Layer, z: tf.Tensor): tf.Tensor {
  return activation === 'linear' ? z : ops.activate(activation, z);
}

/**
 * @returns the output, and each layer's output for the way back. tfjs makes a tensor of zeros for every output without
 *   a gradient, so these say they have one element; TensorFlow knows better.
 */
export function nativeForward(
  ops: TensorFlow,
  network: Stack,
  params: tf.TensorInfo,
  x: tf.TensorInfo,
): tf.TensorInfo[] {
  const { layers } = network;
  const outputs = tf.tidy(() => {
    const parameters = parametersOf(network, params);
    let from = x as tf.Tensor;
    return layers.map((layer, i) => {
      from = activate(ops, layer, layer.native!.forward(ops, from, network.parametersOf(i, parameters)));
      return from;
    });
  });

  const records = outputs.map((output) => {
    ops.backend.incRef(output.dataId);
    return { dataId: output.dataId, shape: [1], dtype: output.dtype };
  });
  const output = ops.reshape(
    outputs.at(-1)!,
    network.batched(network.batchOf(x.shape), [network.widths.at(-1)!]),
  );
  tf.dispose(outputs.filter((tensor) => tensor !== output));
  return [output, ...records];
}

export class NativeBackward implements Backward {
  readonly #parameters: readonly tf.Tensor[];

  constructor(
    readonly ops: TensorFlow,
    readonly network: Stack,
    readonly tensors: SavedTensors,
  ) {
    this.#parameters = parametersOf(network, tensors.params);
  }

  params(): tf.Tensor {
    const gradient = new Float32Array(this.network.numParams);
    this.#walk(gradient);
    return tf.tensor1d(gradient);
  }

  x(): tf.Tensor {
    const { ops, network, tensors } = this;
    const dz = this.#walk(undefined);
    return network.layers[0]!.native!.inputGradient(
      ops,
      tensors.x,
      dz,
      network.parametersOf(0, this.#parameters),
    );
  }

  /** A layer's output as the forward pass made it, in its true shape. */
  #outputOf(layer: number): tf.Tensor {
    const { dataId, dtype } = this.tensors.records[layer]!;
    this.ops.backend.incRef(dataId);
    const batch = this.network.batchOf(this.tensors.x.shape);
    const shape = this.network.batched(batch, this.network.layers[layer]!.outputs);
    return tf.engine().makeTensorFromTensorInfo({ dataId, shape, dtype });
  }

  /** Goes back to dL/dz of the first layer, filling in the parameters' gradient on the way where it is wanted. */
  #walk(gradient: Float32Array | undefined): tf.Tensor {
    const { ops, network, tensors } = this;
    const { layers } = network;
    const batch = network.batchOf(tensors.x.shape);
    let dz = ops.reshape(tensors.dy, network.batched(batch, layers.at(-1)!.outputs));
    for (let i = layers.length - 1; ; i--) {
      const layer = layers[i]!;
      const parameters = network.parametersOf(i, this.#parameters);
      const x = i === 0 ? tensors.x : this.#outputOf(i - 1);
      if (layer.activation !== 'linear') dz = ops.undoActivation(layer.activation, dz, this.#outputOf(i));
      if (gradient !== undefined) {
        let offset = network.offsets[i]!;
        for (const part of layer.native!.parameterGradient(ops, x, dz, parameters)) {
          gradient.set(part.dataSync<'float32'>(), offset);
          offset += part.size;
        }
      }
      if (i === 0) return dz;
      dz = layer.native!.inputGradient(ops, x, dz, parameters);
    }
  }
}
