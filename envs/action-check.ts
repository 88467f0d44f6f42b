import type { TypedArray } from '../protocol/dtypes.js';
import {
  Box,
  Dict,
  Discrete,
  MultiBinary,
  MultiDiscrete,
  type Space,
  Tuple,
} from '../protocol/spaces/index.js';

/** The least and greatest value of each element of one leaf. */
interface Bounds {
  readonly space: Space;
  /** How messages call the leaf: `action`, `action.arm`, `action[1]`. */
  readonly name: string;
  readonly low: ArrayLike<number>;
  readonly high: ArrayLike<number>;
}

/** Tells whether the rows of a batch of actions lie in the action space, without allocating. */
export class ActionCheck {
  readonly #bounds: readonly Bounds[];
  readonly #slabs: readonly TypedArray[];
  /** Of an action that is one number, as most are, for a check without loops. */
  readonly #low: number;
  readonly #high: number;
  readonly #numbers: Float64Array | undefined;

  constructor(space: Space, slabs: readonly TypedArray[]) {
    this.#bounds = boundsOf(space, 'action');
    this.#slabs = slabs;
    const [first] = this.#bounds;
    this.#low = first?.low[0] ?? 0;
    this.#high = first?.high[0] ?? 0;
    if (this.#bounds.length === 1 && first?.low.length === 1) this.#numbers = slabs[0] as Float64Array;
  }

  contains(row: number): boolean {
    if (this.#numbers !== undefined) {
      const x = this.#numbers[row]!;
      return x >= this.#low && x <= this.#high;
    }
    for (let leaf = 0; leaf < this.#bounds.length; leaf++) {
      const { low, high } = this.#bounds[leaf]!;
      const slab = this.#slabs[leaf] as Float64Array;
      const first = row * low.length;
      for (let i = 0; i < low.length; i++) {
        const x = slab[first + i]!;
        // Written so that NaN is outside. A bigint compares with a number by value.
        if (!(x >= low[i]! && x <= high[i]!)) return false;
      }
    }
    return true;
  }

  /** What is wrong with a row that `contains` refused: `action[1] = NaN is outside Box(...)`. */
  explain(row: number): string {
    for (const [leaf, { space, name, low, high }] of this.#bounds.entries()) {
      for (let i = 0; i < low.length; i++) {
        const x = this.#slabs[leaf]![row * low.length + i]!;
        const where = space instanceof Discrete ? name : `${name}[${i}]`;
        if (!(x >= low[i]! && x <= high[i]!)) return `${where} = ${x} is outside ${space.toString()}`;
      }
    }
    throw new RangeError(`row ${row} is inside`);
  }
}

function boundsOf(space: Space, name: string): Bounds[] {
  if (space instanceof Discrete) {
    return [{ space, name, low: [space.start], high: [space.start + space.n - 1] }];
  }
  if (space instanceof MultiDiscrete) {
    return [{ space, name, low: space.start, high: space.nvec.map((n, i) => space.start[i]! + n - 1) }];
  }
  if (space instanceof MultiBinary) {
    return [{ space, name, low: new Array(space.size).fill(0), high: new Array(space.size).fill(1) }];
  }
  if (space instanceof Box) return [{ space, name, low: space.low, high: space.high }];
  if (space instanceof Tuple) return space.spaces.flatMap((child, i) => boundsOf(child, `${name}[${i}]`));
  if (space instanceof Dict) {
    return Object.entries(space.spaces).flatMap(([key, child]) => boundsOf(child, `${name}.${key}`));
  }
  throw new TypeError(`${name}: an action space cannot hold ${space.toString()}`);
}
