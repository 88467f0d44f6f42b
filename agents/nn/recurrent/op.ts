/** A recurrent core as one differentiable operation, on the wasm backend and, by the same kernels, on the native ones. */
import * as tf from '@tensorflow/tfjs-core';
import { isHigherOrder } from '../gradients/register.js';
import { openStage } from '../stage.js';
import type { BackwardSequences, RecurrentCore } from './core.js';

const KERNEL = 'FarstepRecurrent';

interface Attrs {
  readonly core: RecurrentCore;
  /** Overwritten by the forward pass. */
  readonly state: Float32Array;
  /** What `state` held before it. */
  readonly before: Float32Array;
  readonly resets: Uint8Array | undefined;
}

/** `core.apply` on the wasm and TensorFlow backends; shapes are checked already. */
export function applyRecurrent(
  core: RecurrentCore,
  params: tf.Tensor1D,
  x: tf.Tensor3D,
  state: Float32Array,
  resets: Uint8Array | undefined,
): tf.Tensor3D {
  const attrs: Attrs = { core, state, before: state.slice(), resets };
  const outputs = tf.engine().runKernel(KERNEL, { params, x }, attrs as unknown as tf.NamedAttrMap);
  return (outputs as tf.Tensor[])[0] as tf.Tensor3D;
}

function forward({ inputs, attrs }: { inputs: tf.NamedTensorInfoMap; attrs?: object }): tf.TensorInfo[] {
  const { core, state, resets } = attrs as Attrs;
  const { params, x } = inputs as { params: tf.TensorInfo; x: tf.TensorInfo };
  const [batch, steps] = x.shape as [number, number];
  const [outputs, recorded] = [batch * steps * core.units, core.recordSize(batch, steps)];
  const room = core.scratch(batch, steps);
  const stage = openStage(room, core.numParams + batch * steps * core.inputs + outputs + recorded);
  const y = stage.output([batch, steps, core.units]);
  const record = stage.output([recorded]);
  core.forward(stage.heap, {
    ...{ batch, steps, state, resets },
    ...{ parameters: stage.input(params), x: stage.input(x), y: y.address },
    ...{ record: record.address, scratch: stage.room(room) },
  });
  // As one element, so that no zeros are made for a gradient it never has.
  return [y.info(), record.info([1])];
}

for (const backendName of ['wasm', 'tensorflow']) {
  tf.registerKernel({ kernelName: KERNEL, backendName, kernelFunc: forward });
}

tf.registerGradient({
  kernelName: KERNEL,
  inputsToSave: ['params', 'x'],
  outputsToSave: [false, true],
  gradFunc: (dys, saved, attrs) => {
    const [params, x, record] = saved as [tf.Tensor1D, tf.Tensor3D, tf.Tensor];
    const { core, before, resets } = attrs as unknown as Attrs;
    const dy = (dys as tf.Tensor[])[0]!;
    if (isHigherOrder()) {
      const both = tf.grads((p, input) =>
        core.compose(p as tf.Tensor1D, input as tf.Tensor3D, before.slice(), resets),
      );
      return { params: () => both([params, x], dy)[0]!, x: () => both([params, x], dy)[1]! };
    }
    const [batch, steps] = x.shape;
    const room = core.scratch(batch, steps);
    const tensors = 2 * (core.numParams + x.size) + dy.size + core.recordSize(batch, steps);
    const stage = openStage(room, tensors);
    const sequences: BackwardSequences = {
      ...{ batch, steps, resets },
      ...{ parameters: stage.input(params), x: stage.input(x), dy: stage.input(dy) },
      ...{ record: stage.input(record), scratch: stage.room(room) },
    };
    const finish = (shape: number[], compute: (address: number) => void): tf.Tensor => {
      const gradient = stage.output(shape);
      compute(gradient.address);
      return tf.engine().makeTensorFromTensorInfo(gradient.info());
    };
    let back = false;
    // Where both are asked for, params comes first, and the scratch still holds what it found.
    return {
      params: () => {
        back = true;
        return finish([core.numParams], (address) => core.backward(stage.heap, sequences, address));
      },
      x: () =>
        finish(x.shape, (address) => {
          if (!back) core.backward(stage.heap, sequences, 0);
          core.inputGradient(stage.heap, sequences, address);
        }),
    };
  },
});
