import type { TypedArray } from '../../protocol/dtypes.js';
import {
  Dict,
  Discrete,
  MultiBinary,
  MultiDiscrete,
  type Space,
  Tuple,
} from '../../protocol/spaces/index.js';

/** One of the integers that an observation is made of: one of `n` from `start`. */
interface Digit {
  readonly n: number;
  readonly start: number;
}

/** The digits of each leaf. Throws where the space holds more than integers from a finite range. */
function digitsOf(space: Space, whole: Space): readonly (readonly Digit[])[] {
  if (space instanceof Discrete) return [[space]];
  if (space instanceof MultiDiscrete) return [space.nvec.map((n, i) => ({ n, start: space.start[i]! }))];
  if (space instanceof MultiBinary) return [Array.from({ length: space.size }, () => ({ n: 2, start: 0 }))];
  if (space instanceof Tuple) return space.spaces.flatMap((part) => digitsOf(part, whole));
  if (space instanceof Dict) return Object.values(space.spaces).flatMap((part) => digitsOf(part, whole));
  const box = space === whole ? '' : `, with ${space.toString()} in it`;
  throw new Error(
    'a tabular agent takes observations that can be counted: Discrete, MultiDiscrete, MultiBinary, or a Tuple or ' +
      `Dict of them; the env has ${whole.toString()}${box}`,
  );
}

/**
 * Numbers the observations of a finite space from 0: an observation is read as a number in mixed radix, a digit for
 * each integer in it, the first one counting most (numpy's `ravel_multi_index`).
 */
export class StateIndex {
  /** How many observations there are. */
  readonly size: number;
  readonly #leaves;

  /** Throws on a space that is not finite. */
  constructor(space: Space) {
    const leaves = digitsOf(space, space);
    this.size = leaves.flat().reduce((product, { n }) => product * n, 1);
    let weight = this.size;
    this.#leaves = leaves.map((digits) =>
      digits.map(({ n, start }) => {
        weight /= n;
        return { start, weight };
      }),
    );
  }

  /** The number of each row's observation. int32 [B] */
  read(observations: readonly TypedArray[]): Int32Array {
    const numbers = new Int32Array(observations[0]!.length / this.#leaves[0]!.length);
    this.write(observations, numbers);
    return numbers;
  }

  /** Writes the number of each row's observation into `out`, whose length tells how many rows there are. */
  write(observations: readonly TypedArray[], out: Int32Array): void {
    out.fill(0);
    for (let leaf = 0; leaf < this.#leaves.length; leaf++) {
      const slab = observations[leaf]!;
      const digits = this.#leaves[leaf]!;
      for (let i = 0; i < digits.length; i++) {
        const { start, weight } = digits[i]!;
        for (let row = 0, at = i; row < out.length; row++, at += digits.length) {
          out[row]! += ((slab[at] as number) - start) * weight;
        }
      }
    }
  }
}
