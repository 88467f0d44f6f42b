import * as tf from '@tensorflow/tfjs-core';
import type { ActivationName } from './activations.js';
import { fanInUniform, type Initializer } from './init.js';
import { ensembleDense } from './layers/ensemble-dense.js';
import { Sequential } from './sequential.js';

export interface EnsembleOptions {
  readonly members: number;
  readonly inputs: number;
  readonly hidden: readonly number[];
  /** Of one member. */
  readonly outputs: number;
  /** After each layer but the last; relu unless told. */
  readonly activation?: ActivationName;
  readonly init?: Initializer;
}

/**
 * Networks of one architecture side by side, with one flat parameter vector, evaluated together: `apply` takes
 * [members, B, inputs] to [members, B, outputs], `predict` the same in row-major order for a batch of B.
 */
export class Ensemble extends Sequential<tf.Tensor3D> {
  declare readonly members: number;

  constructor(options: EnsembleOptions) {
    const { members, inputs, hidden, outputs, activation = 'relu', init = fanInUniform } = options;
    const widths = [inputs, ...hidden, outputs];
    const layers = widths
      .slice(1)
      .map((units, i) =>
        ensembleDense(members, widths[i]!, units, i === hidden.length ? 'linear' : activation, init),
      );
    super([inputs], layers, 1, members);
  }

  /** Inputs [B, inputs] for every member alike, as [members, B, inputs]. */
  share(x: tf.Tensor2D): tf.Tensor3D {
    return tf.tile(tf.expandDims(x, 0), [this.members, 1, 1]) as tf.Tensor3D;
  }
}

export function ensemble(options: EnsembleOptions): Ensemble {
  return new Ensemble(options);
}
