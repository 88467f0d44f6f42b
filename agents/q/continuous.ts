import * as tf from '@tensorflow/tfjs-core';
import type { TypedArray } from '../../protocol/dtypes.js';
import { ActionBox } from '../action-box.js';
import type { Task } from '../agent.js';
import { type Features, featuresOf } from '../features.js';
import type { Batch } from '../memory/index.js';
import { inputTensor } from '../nn/input.js';
import { fusedLoss } from '../nn/losses.js';

/** A batch as networks of states and actions take it. */
export interface Transitions {
  /** s_t [B, S] */
  readonly s_t: Float32Array;
  /** a_t [B, A], each number between −1 and 1 */
  readonly a_t: Float32Array;
  /** s_tpn [B, S] */
  readonly s_tpn: Float32Array;
}

/** How an env's observations and actions meet networks of both: numbers side by side, actions between −1 and 1. */
export class ContinuousSpaces {
  readonly features: Features;
  readonly actions: ActionBox;
  /** S */
  readonly stateSize: number;
  /** A */
  readonly actionSize: number;

  /** @throws Error on actions that are not a Box with bounds, and on pictures */
  constructor({ observationSpace, actionSpace }: Task) {
    this.actions = new ActionBox(actionSpace);
    this.features = featuresOf(observationSpace);
    if (this.features.shape.length !== 1) {
      throw new Error(
        `this agent takes numbers, the env observes ${observationSpace.toString()}; the setting code learns to make numbers of pictures`,
      );
    }
    this.stateSize = this.features.size;
    this.actionSize = this.actions.size;
  }

  states(observations: readonly TypedArray[]): Float32Array {
    const read = this.features.read(observations);
    return read instanceof Float32Array
      ? read
      : Float32Array.from(read, (byte) => byte * this.features.scale);
  }

  transitions({ observations, actions, nextObservations }: Batch): Transitions {
    return {
      s_t: this.states(observations),
      a_t: this.actions.toUnit(actions[0]!),
      s_tpn: this.states(nextObservations),
    };
  }

  /** States and actions side by side, [copies · B, S + A]: as many times as there are members of an ensemble. */
  join(s: Float32Array, a: Float32Array, copies = 1): Float32Array {
    const { stateSize, actionSize } = this;
    const width = stateSize + actionSize;
    const rows = a.length / actionSize;
    const joined = new Float32Array(copies * rows * width);
    for (let row = 0; row < rows; row++) {
      const to = row * width;
      for (let i = 0; i < stateSize; i++) joined[to + i] = s[row * stateSize + i]!;
      for (let i = 0; i < actionSize; i++) joined[to + stateSize + i] = a[row * actionSize + i]!;
    }
    for (let copy = 1; copy < copies; copy++) joined.copyWithin(copy * rows * width, 0, rows * width);
    return joined;
  }

  /** States as a tensor [B, S]. */
  stateTensor(s: Float32Array): tf.Tensor2D {
    return inputTensor(s, [s.length / this.stateSize, this.stateSize]) as tf.Tensor2D;
  }

  /** What `join` makes of one copy, as a tensor [B, S + A]. */
  jointTensor(s: Float32Array, a: Float32Array): tf.Tensor2D {
    return inputTensor(this.join(s, a), [
      a.length / this.actionSize,
      this.stateSize + this.actionSize,
    ]) as tf.Tensor2D;
  }
}

/** −mean of values [B, 1]: what a policy minimizes. */
export function negativeMean(values: tf.Tensor): tf.Scalar {
  return fusedLoss(
    values,
    (x, gradient) => {
      gradient.fill(-1 / x.length);
      return -x.reduce((sum, value) => sum + value, 0) / x.length;
    },
    (x) => tf.neg(tf.mean(x)),
  );
}
