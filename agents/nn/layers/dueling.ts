import * as tf from '@tensorflow/tfjs-core';
import type { Heap } from '../heap.js';
import { type Initializer, zeros } from '../init.js';
import { multiply } from '../multiply.js';
import type { Layer } from './layer.js';

const FLOAT = 4;

/**
 * The last layer of a dueling network (Wang et al. 2016, equation 9): Q = V + A − mean(A), where V is linear in the
 * first half of the input and the advantages A in the second. Everything here is linear, so it is one dense layer whose
 * matrix [2 · stream, actions] is made from the two: V's column in every column above, A's columns less their mean
 * below.
 */
export function dueling(stream: number, actions: number, init: Initializer): Layer {
  const inputs = 2 * stream;
  const weights = inputs * actions;
  /** Offsets of the parameters, in floats. */
  const at = {
    value: 0,
    valueBias: stream,
    advantage: stream + 1,
    advantageBias: stream + 1 + stream * actions,
  };

  /** Writes the matrix and behind it the bias at `to`. */
  const expand = (heap: Heap, parameters: number, to: number): void => {
    const { floats } = heap;
    const from = parameters / FLOAT;
    const row = (value: number, advantages: number, out: number): void => {
      let mean = 0;
      for (let a = 0; a < actions; a++) mean += floats[advantages + a]! / actions;
      for (let a = 0; a < actions; a++) floats[out + a] = value + floats[advantages + a]! - mean;
    };
    for (let i = 0; i < stream; i++) {
      const out = to / FLOAT + i * actions;
      floats.fill(floats[from + at.value + i]!, out, out + actions);
      row(0, from + at.advantage + i * actions, out + stream * actions);
    }
    row(floats[from + at.valueBias]!, from + at.advantageBias, to / FLOAT + weights);
  };

  /** The transpose of `expand`: the gradient of the parameters from that of the matrix and bias. */
  const fold = (heap: Heap, expanded: number, gradient: number): void => {
    const { floats } = heap;
    const [from, to] = [expanded / FLOAT, gradient / FLOAT];
    const sum = (row: number): number => {
      let total = 0;
      for (let a = 0; a < actions; a++) total += floats[row + a]!;
      return total;
    };
    const center = (row: number, out: number): void => {
      const mean = sum(row) / actions;
      for (let a = 0; a < actions; a++) floats[out + a] = floats[row + a]! - mean;
    };
    for (let i = 0; i < stream; i++) {
      floats[to + at.value + i] = sum(from + i * actions);
      center(from + (stream + i) * actions, to + at.advantage + i * actions);
    }
    floats[to + at.valueBias] = sum(from + weights);
    center(from + weights, to + at.advantageBias);
  };

  const expandTensors = ([value, valueBias, advantage, advantageBias]: tf.Tensor[]): [
    tf.Tensor,
    tf.Tensor,
  ] => {
    const center = (x: tf.Tensor): tf.Tensor => tf.sub(x, tf.mean(x, -1, true));
    const above = tf.tile(value!, [1, actions]);
    return [tf.concat([above, center(advantage!)], 0), tf.add(valueBias!, center(advantageBias!))];
  };

  return {
    kind: 'dueling',
    label: `dueling(${actions})`,
    outputs: [actions],
    multiplyAdds: weights,
    activation: 'linear',
    parameters: [
      { name: 'value.weight', shape: [stream, 1], init },
      { name: 'value.bias', shape: [1], init: zeros },
      { name: 'advantage.weight', shape: [stream, actions], init },
      { name: 'advantage.bias', shape: [actions], init: zeros },
    ],
    scratch: () => weights + actions,
    forward(heap, { batch, parameters, x, y, scratch }) {
      expand(heap, parameters, scratch);
      const bias = scratch + FLOAT * weights;
      multiply(heap.kernels, { a: x, b: scratch, c: y, m: batch, n: actions, k: inputs, bias });
    },
    parameterGradient(heap, { batch, x, dz, gradient, scratch }) {
      multiply(heap.kernels, { a: x, transposeA: true, b: dz, c: scratch, m: inputs, n: actions, k: batch });
      heap.kernels.columnSums(dz, scratch + FLOAT * weights, batch, actions);
      fold(heap, scratch, gradient);
    },
    inputGradient(heap, { batch, parameters, dz, dx, scratch }) {
      expand(heap, parameters, scratch);
      multiply(heap.kernels, { a: dz, b: scratch, transposeB: true, c: dx, m: batch, n: inputs, k: actions });
    },
    compose(x, parameters) {
      const [matrix, bias] = expandTensors(parameters);
      return tf.add(tf.matMul(tf.reshape(x, [-1, inputs]), matrix as tf.Tensor2D), bias);
    },
    native: {
      forward(ops, x, parameters) {
        const [matrix, bias] = expandTensors(parameters);
        return ops.biasAdd(ops.matMul(x, matrix, false, false), bias);
      },
      parameterGradient(ops, x, dz) {
        const center = (rows: tf.Tensor): tf.Tensor => tf.sub(rows, tf.mean(rows, -1, true));
        const [above, below] = tf.split(ops.matMul(x, dz, true, false), 2) as [tf.Tensor, tf.Tensor];
        const bias = ops.biasGradient(dz);
        return [tf.sum(above, -1), tf.sum(bias), center(below), center(bias)];
      },
      inputGradient: (ops, _, dz, parameters) => ops.matMul(dz, expandTensors(parameters)[0], false, true),
    },
  };
}
