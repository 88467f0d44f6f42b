import * as tf from '@tensorflow/tfjs-core';
import type { ActivationName } from '../activations.js';
import { type Initializer, zeros } from '../init.js';
import { multiply } from '../multiply.js';
import { activate, activationLabel, type Layer, sizeOf } from './layer.js';

const FLOAT = 4;

/**
 * One dense layer of each member of an ensemble: z[e] = x[e] · W[e] + b[e], where x is [members, batch, inputs] and W
 * [members, inputs, units].
 */
export function ensembleDense(
  members: number,
  inputs: number,
  units: number,
  activation: ActivationName,
  init: Initializer,
): Layer {
  const weights = inputs * units;
  const biases = FLOAT * members * weights;
  const all = [...Array(members).keys()];
  /** Where a member's part of a [members, batch, width] or [members, size] array begins, in bytes. */
  const part = (member: number, floats: number): number => FLOAT * member * floats;
  return {
    kind: 'ensembleDense',
    label: `dense(${units}${activationLabel(activation)})`,
    outputs: [members * units],
    multiplyAdds: members * weights,
    activation,
    parameters: [
      { name: 'weight', shape: [members, inputs, units], init: eachMember(init) },
      { name: 'bias', shape: [members, units], init: zeros },
    ],
    scratch: () => 0,
    forward(heap, { batch, parameters, x, y }) {
      for (const e of all) {
        multiply(heap.kernels, {
          ...{
            a: x + part(e, batch * inputs),
            b: parameters + part(e, weights),
            c: y + part(e, batch * units),
          },
          ...{ m: batch, n: units, k: inputs },
          ...{ bias: parameters + biases + part(e, units), relu: activation === 'relu' },
        });
      }
      activate(heap, activation, y, members * batch * units);
    },
    parameterGradient({ kernels }, { batch, x, dz, gradient }) {
      for (const e of all) {
        const [a, b] = [x + part(e, batch * inputs), dz + part(e, batch * units)];
        const c = gradient + part(e, weights);
        multiply(kernels, { a, transposeA: true, b, c, m: inputs, n: units, k: batch });
        kernels.columnSums(b, gradient + biases + part(e, units), batch, units);
      }
    },
    inputGradient({ kernels }, { batch, parameters, dz, dx }) {
      for (const e of all) {
        const [a, c] = [dz + part(e, batch * units), dx + part(e, batch * inputs)];
        const b = parameters + part(e, weights);
        multiply(kernels, { a, b, transposeB: true, c, m: batch, n: inputs, k: units });
      }
    },
    compose: (x, [weight, bias]) => tf.add(tf.matMul(x, weight as tf.Tensor3D), tf.expandDims(bias!, 1)),
    native: {
      forward: (ops, x, [weight, bias]) =>
        ops.add(ops.matMul(x, weight!, false, false), ops.reshape(bias!, [members, 1, units])),
      parameterGradient: (ops, x, dz) => [ops.matMul(x, dz, true, false), tf.sum(dz, 1)],
      inputGradient: (ops, _, dz, [weight]) => ops.matMul(dz, weight!, false, true),
    },
  };
}

/** Draws each member's parameter by itself. */
function eachMember(init: Initializer): Initializer {
  return ([members, ...shape], random) => {
    const drawn = new Float32Array(members! * sizeOf(shape));
    for (let e = 0; e < members!; e++) drawn.set(init(shape, random), e * sizeOf(shape));
    return drawn;
  };
}
