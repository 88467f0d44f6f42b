import type { TypedArray } from '../protocol/dtypes.js';
import { arrayType } from '../protocol/dtypes.js';
import { Box, type Space } from '../protocol/spaces/index.js';

/** A Box of actions as a policy sees it: each number of an action lies between −1 and 1. */
export class ActionBox {
  /** Numbers of an action, A. */
  readonly size: number;
  readonly #dtype;
  readonly #middle: Float64Array;
  readonly #half: Float64Array;

  /** @throws Error where actions are not numbers between finite bounds */
  constructor(space: Space) {
    if (!(space instanceof Box) || !space.dtype.startsWith('float')) {
      throw new Error(`this agent takes a Box of actions, the env has ${space.toString()}`);
    }
    const { low, high } = space;
    const open = low.findIndex((least, i) => !Number.isFinite(least) || !Number.isFinite(high[i]));
    if (open >= 0) {
      throw new Error(
        `this agent takes actions between finite bounds, action[${open}] has none in ${space.toString()}`,
      );
    }
    this.size = space.size;
    this.#dtype = space.dtype;
    this.#middle = low.map((least, i) => (least + high[i]!) / 2);
    this.#half = low.map((least, i) => (high[i]! - least) / 2);
  }

  /** Actions of the env [B, A] for those between −1 and 1. */
  fromUnit(unit: Float32Array): TypedArray {
    const actions = new (arrayType(this.#dtype))(unit.length) as Float32Array;
    for (let i = 0; i < unit.length; i++) {
      const j = i % this.size;
      actions[i] = this.#middle[j]! + this.#half[j]! * Math.max(-1, Math.min(1, unit[i]!));
    }
    return actions;
  }

  /** The reverse. */
  toUnit(actions: TypedArray): Float32Array {
    const unit = new Float32Array(actions.length);
    for (let i = 0; i < unit.length; i++) {
      const j = i % this.size;
      unit[i] = (Number(actions[i]) - this.#middle[j]!) / this.#half[j]!;
    }
    return unit;
  }
}
