import type { Rng } from './rng.js';
import { seedSequence } from './seed-sequence.js';
import { words } from './words.js';

/**
 * `numpy.random.default_rng(seed)`: PCG64, that is PCG XSL RR 128/64 (O'Neill, PCG: A Family of Simple Fast
 * Space-Efficient Statistically Good Algorithms for Random Number Generation, 2014), seeded through SeedSequence.
 *
 * The 128-bit state lives in four 32-bit words, least significant first; draws allocate nothing.
 */

/** Words of the multiplier 0x2360ed051fc65da44385df649fccf645. */
const M0 = 0x9fccf645;
const M1 = 0x4385df64;
const M2 = 0x1fc65da4;
const M3 = 0x2360ed05;

const LOW_HALF = 0xffff;

/** High word of the 64-bit product of two words, from the products of their halves. */
function highWord(a: number, b: number): number {
  const aLow = a & LOW_HALF;
  const aHigh = a >>> 16;
  const bLow = b & LOW_HALF;
  const bHigh = b >>> 16;
  // No sum exceeds 32 bits: (2^16 - 1)^2 + 2^16 - 1 < 2^32.
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const middle2 = (Math.imul(aLow, bHigh) + (middle & LOW_HALF)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (middle2 >>> 16)) | 0;
}

export class Pcg64 implements Rng {
  readonly #state = new Int32Array(4);
  /** The stream: an odd 128-bit number. */
  readonly #increment = new Int32Array(4);
  /** The last 64-bit output. */
  #low = 0;
  #high = 0;
  /** NumPy hands out a 64-bit output as two 32-bit ones: whether the high word still waits, and that word. */
  #hasHalf = false;
  #half = 0;

  constructor(seed: number) {
    // Four uint64 as pairs of words: the state's high and low half, then the increment's.
    const s = seedSequence(seed, 8);
    this.#increment.set([
      (s[6]! << 1) | 1,
      (s[7]! << 1) | (s[6]! >>> 31),
      (s[4]! << 1) | (s[7]! >>> 31),
      (s[5]! << 1) | (s[4]! >>> 31),
    ]);
    this.#advance();
    let carry = 0;
    for (const [i, word] of [s[2]!, s[3]!, s[0]!, s[1]!].entries()) {
      const sum = (this.#state[i]! >>> 0) + word + carry;
      this.#state[i] = sum;
      carry = sum >= 2 ** 32 ? 1 : 0;
    }
    this.#advance();
    this.#advance();
  }

  random(): number {
    this.#next64();
    return ((this.#high >>> 0) * 0x200000 + (this.#low >>> 11)) * 2 ** -53;
  }

  uniform(low: number, high: number): number {
    return low + (high - low) * this.random();
  }

  /** Lemire's multiplication with rejection, on 32-bit draws. Throws RangeError if `high - low` exceeds 2^32. */
  integers(low: number, high: number): number {
    const n = high - low;
    if (!(n >= 1 && n <= 2 ** 32)) throw new RangeError(`integers: no range [${low}, ${high})`);
    if (n === 1) return low;
    let draw = this.#next32();
    if (n === 2 ** 32) return low + (draw >>> 0);
    let leftover = Math.imul(draw, n) >>> 0;
    if (leftover < n) {
      const threshold = (2 ** 32 - n) % n;
      while (leftover < threshold) {
        draw = this.#next32();
        leftover = Math.imul(draw, n) >>> 0;
      }
    }
    return low + (highWord(draw, n) >>> 0);
  }

  getState(): number[] {
    const all = [...this.#state, ...this.#increment, Number(this.#hasHalf), this.#half];
    return all.map((word) => word >>> 0);
  }

  setState(state: unknown): void {
    const all = words(state, 10);
    this.#state.set(all.slice(0, 4));
    this.#increment.set(all.slice(4, 8));
    this.#hasHalf = all[8] !== 0;
    this.#half = all[9]! | 0;
  }

  #next32(): number {
    if (this.#hasHalf) {
      this.#hasHalf = false;
      return this.#half;
    }
    this.#next64();
    this.#hasHalf = true;
    this.#half = this.#high;
    return this.#low;
  }

  /** Folds the halves of the state together and rotates by its top six bits; then advances. */
  #next64(): void {
    const state = this.#state;
    const low = state[0]! ^ state[2]!;
    const high = state[1]! ^ state[3]!;
    const rotation = state[3]! >>> 26;
    const isSwapped = (rotation & 32) !== 0;
    const lower = isSwapped ? high : low;
    const upper = isSwapped ? low : high;
    const r = rotation & 31;
    // A shift by 32 would be a shift by none, so the bits that cross over move by 1 and then by 31 - r.
    this.#low = (lower >>> r) | ((upper << 1) << (31 - r));
    this.#high = (upper >>> r) | ((lower << 1) << (31 - r));
    // NumPy advances before each draw. To be a step ahead lets the processor do so while the draw is used.
    this.#advance();
  }

  /**
   * state = state * multiplier + increment, modulo 2^128, by the schoolbook, one column of words at a time. Columns are
   * summed in halves of 16 bits, whose carries fit an integer: doubles in between would halve the speed.
   */
  #advance(): void {
    const state = this.#state;
    const increment = this.#increment;
    const s0 = state[0]!;
    const s1 = state[1]!;
    const s2 = state[2]!;
    const s3 = state[3]!;

    let a = Math.imul(s0, M0);
    let b = increment[0]!;
    let low = (a & LOW_HALF) + (b & LOW_HALF);
    let high = (a >>> 16) + (b >>> 16) + (low >>> 16);
    state[0] = (low & LOW_HALF) | (high << 16);

    a = highWord(s0, M0);
    b = Math.imul(s0, M1);
    let c = Math.imul(s1, M0);
    let d = increment[1]!;
    low = (a & LOW_HALF) + (b & LOW_HALF) + (c & LOW_HALF) + (d & LOW_HALF) + (high >>> 16);
    high = (a >>> 16) + (b >>> 16) + (c >>> 16) + (d >>> 16) + (low >>> 16);
    state[1] = (low & LOW_HALF) | (high << 16);

    a = highWord(s0, M1);
    b = highWord(s1, M0);
    c = Math.imul(s0, M2);
    d = Math.imul(s1, M1);
    const e = Math.imul(s2, M0);
    const f = increment[2]!;
    low =
      (a & LOW_HALF) +
      (b & LOW_HALF) +
      (c & LOW_HALF) +
      (d & LOW_HALF) +
      (e & LOW_HALF) +
      (f & LOW_HALF) +
      (high >>> 16);
    high = (a >>> 16) + (b >>> 16) + (c >>> 16) + (d >>> 16) + (e >>> 16) + (f >>> 16) + (low >>> 16);
    state[2] = (low & LOW_HALF) | (high << 16);

    // Nothing carries out of the last column.
    state[3] =
      highWord(s0, M2) +
      highWord(s1, M1) +
      highWord(s2, M0) +
      Math.imul(s0, M3) +
      Math.imul(s1, M2) +
      Math.imul(s2, M1) +
      Math.imul(s3, M0) +
      increment[3]! +
      (high >>> 16);
  }
}
