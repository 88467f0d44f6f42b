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

const TWO_32 = 2 ** 32;
const TWO_M32 = 2 ** -32;
const TWO_M53 = 2 ** -53;

/**
 * High word of the 64-bit product of two words, given its low word. The product in double precision is off by at most
 * 2^11, which after taking away the low word and dividing by 2^32 is far below one half: rounding finds the word.
 */
const highWord = (a: number, b: number, low: number): number => Math.floor((a * b - low) * TWO_M32 + 0.5);

export class Pcg64 implements Rng {
  readonly #state = new Uint32Array(4);
  /** The stream: an odd 128-bit number. */
  readonly #increment = new Uint32Array(4);
  /** The last 64-bit output, low word first. */
  readonly #output = new Uint32Array(2);
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
      const sum = this.#state[i]! + word + carry;
      this.#state[i] = sum;
      carry = sum >= TWO_32 ? 1 : 0;
    }
    this.#advance();
  }

  random(): number {
    this.#next64();
    return (this.#output[1]! * 0x200000 + (this.#output[0]! >>> 11)) * TWO_M53;
  }

  uniform(low: number, high: number): number {
    return low + (high - low) * this.random();
  }

  /** Lemire's multiplication with rejection on 32-bit draws. Throws RangeError if `high - low` exceeds 2^32. */
  integers(low: number, high: number): number {
    const n = high - low;
    if (!(n >= 1 && n <= TWO_32)) throw new RangeError(`integers: no range [${low}, ${high})`);
    if (n === 1) return low;
    let draw = this.#next32();
    if (n === TWO_32) return low + draw;
    let leftover = Math.imul(draw, n) >>> 0;
    if (leftover < n) {
      const threshold = (TWO_32 - n) % n;
      while (leftover < threshold) {
        draw = this.#next32();
        leftover = Math.imul(draw, n) >>> 0;
      }
    }
    return low + highWord(draw, n, leftover);
  }

  getState(): number[] {
    return [...this.#state, ...this.#increment, Number(this.#hasHalf), this.#half];
  }

  setState(state: unknown): void {
    const all = words(state, 10);
    this.#state.set(all.slice(0, 4));
    this.#increment.set(all.slice(4, 8));
    this.#hasHalf = all[8] !== 0;
    this.#half = all[9]!;
  }

  #next32(): number {
    if (this.#hasHalf) {
      this.#hasHalf = false;
      return this.#half;
    }
    this.#next64();
    this.#hasHalf = true;
    this.#half = this.#output[1]!;
    return this.#output[0]!;
  }

  /** Advances, then folds the halves of the state together and rotates by its top six bits. */
  #next64(): void {
    this.#advance();
    const state = this.#state;
    let low = state[0]! ^ state[2]!;
    let high = state[1]! ^ state[3]!;
    const rotation = state[3]! >>> 26;
    if (rotation & 32) [low, high] = [high, low];
    const r = rotation & 31;
    if (r !== 0) {
      const rotated = (low >>> r) | (high << (32 - r));
      high = (high >>> r) | (low << (32 - r));
      low = rotated;
    }
    this.#output[0] = low;
    this.#output[1] = high;
  }

  /** state = state * multiplier + increment, modulo 2^128, by the schoolbook: one column of words at a time. */
  #advance(): void {
    const state = this.#state;
    const increment = this.#increment;
    const s0 = state[0]!;
    const s1 = state[1]!;
    const s2 = state[2]!;
    const s3 = state[3]!;

    const l00 = Math.imul(s0, M0) >>> 0;
    const l01 = Math.imul(s0, M1) >>> 0;
    const l10 = Math.imul(s1, M0) >>> 0;
    const l02 = Math.imul(s0, M2) >>> 0;
    const l11 = Math.imul(s1, M1) >>> 0;
    const l20 = Math.imul(s2, M0) >>> 0;

    const column0 = l00 + increment[0]!;
    const column1 = l01 + l10 + highWord(s0, M0, l00) + increment[1]! + (column0 >= TWO_32 ? 1 : 0);
    const column2 =
      l02 +
      l11 +
      l20 +
      highWord(s0, M1, l01) +
      highWord(s1, M0, l10) +
      increment[2]! +
      Math.floor(column1 * TWO_M32);
    const column3 =
      Math.imul(s0, M3) +
      Math.imul(s1, M2) +
      Math.imul(s2, M1) +
      Math.imul(s3, M0) +
      highWord(s0, M2, l02) +
      highWord(s1, M1, l11) +
      highWord(s2, M0, l20) +
      increment[3]! +
      Math.floor(column2 * TWO_M32);

    // A Uint32Array keeps the low 32 bits of what is stored into it.
    state[0] = column0;
    state[1] = column1;
    state[2] = column2;
    state[3] = column3;
  }
}
