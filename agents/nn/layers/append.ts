import * as tf from '@tensorflow/tfjs-core';
import { constant } from '../init.js';
import type { Layer } from './layer.js';

const FLOAT = 4;

/**
 * z = [x, p]: parameters that are the same for every input stand behind it, such as the log standard deviations of a
 * policy whose noise does not depend on the state.
 */
export function append(inputs: number, count: number, initial: number): Layer {
  const width = inputs + count;
  return {
    kind: 'append',
    label: `append(${count})`,
    outputs: [width],
    multiplyAdds: 0,
    activation: 'linear',
    parameters: [{ name: 'values', shape: [count], init: constant(initial) }],
    scratch: () => 0,
    forward(heap, { batch, parameters, x, y }) {
      heap.copyRows(x, inputs, y, width, batch, inputs);
      heap.copyRows(parameters, 0, y + FLOAT * inputs, width, batch, count);
    },
    parameterGradient(heap, { batch, dz, gradient }) {
      heap.fill(gradient, count, 0);
      const { floats } = heap;
      for (let i = 0; i < batch; i++) {
        const row = dz / FLOAT + i * width + inputs;
        for (let j = 0; j < count; j++) floats[gradient / FLOAT + j]! += floats[row + j]!;
      }
    },
    inputGradient(heap, { batch, dz, dx }) {
      heap.copyRows(dz, width, dx, inputs, batch, inputs);
    },
    compose(x, [values]) {
      const rows = tf.reshape(x, [-1, inputs]);
      return tf.concat([rows, tf.tile(tf.reshape(values!, [1, count]), [rows.shape[0]!, 1])], 1);
    },
  };
}
