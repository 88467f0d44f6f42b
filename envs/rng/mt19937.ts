import type { Rng } from './rng.js';
import { words } from './words.js';

/**
 * `numpy.random.RandomState(seed)`: the Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998) with the legacy ways
 * of drawing doubles and integers.
 */
const N = 624;
const M = 397;
const UPPER = 0x80000000;
const LOWER = 0x7fffffff;
const TWIST = 0x9908b0df;

export class Mt19937 implements Rng {
  readonly #key = new Uint32Array(N);
  /** Index of the next word to hand out; at N a new block is made. */
  #position = N;

  /** The seed is an integer from 0 to 2^32 - 1. */
  constructor(seed: number) {
    const key = this.#key;
    key[0] = seed;
    for (let i = 1; i < N; i++) {
      const previous = key[i - 1]!;
      key[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
    }
  }

  random(): number {
    const a = this.#next32() >>> 5;
    const b = this.#next32() >>> 6;
    return (a * 0x4000000 + b) * 2 ** -53;
  }

  uniform(low: number, high: number): number {
    return low + (high - low) * this.random();
  }

  /** Masked rejection: draws of as many bits as the range needs until one fits. The range is at most 2^32. */
  integers(low: number, high: number): number {
    const last = high - low - 1;
    if (!(last >= 0 && last < 2 ** 32)) throw new RangeError(`integers: no range [${low}, ${high})`);
    if (last === 0) return low;
    const mask = 0xffffffff >>> Math.clz32(last);
    let draw: number;
    do draw = (this.#next32() & mask) >>> 0;
    while (draw > last);
    return low + draw;
  }

  getState(): number[] {
    return [...this.#key, this.#position];
  }

  setState(state: unknown): void {
    const all = words(state, N + 1);
    this.#key.set(all.slice(0, N));
    this.#position = Math.min(all[N]!, N);
  }

  /** As a signed number, which V8 need not put on the heap. */
  #next32(): number {
    if (this.#position === N) this.#twist();
    let y = this.#key[this.#position++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return y ^ (y >>> 18);
  }

  #twist(): void {
    const key = this.#key;
    for (let i = 0; i < N; i++) {
      const y = (key[i]! & UPPER) | (key[(i + 1) % N]! & LOWER);
      key[i] = key[(i + M) % N]! ^ (y >>> 1) ^ (y & 1 ? TWIST : 0);
    }
    this.#position = 0;
  }
}
