import type { SampleSource } from '../protocol/spaces/index.js';

/** What a generator is seeded with: numbers and words that together name one stream. */
export type SeedKey = readonly (number | string)[];

/** One step of splitmix32: a state and the well-mixed word that belongs to it. */
function splitmix32(state: number): readonly [state: number, word: number] {
  const next = (state + 0x9e3779b9) | 0;
  let z = next;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return [next, (z ^ (z >>> 15)) >>> 0];
}

/** The 32-bit words of a key. Words and numbers never give the same ones. */
function* wordsOf(key: SeedKey): Generator<number> {
  for (const part of key) {
    if (typeof part === 'number') {
      yield part >>> 0;
      yield Math.floor(part / 2 ** 32) >>> 0;
    } else {
      yield part.length ^ 0x5bd1e995;
      for (let i = 0; i < part.length; i++) yield part.charCodeAt(i);
    }
  }
}

/**
 * The agents' random generator: xoshiro128++ (Blackman and Vigna 2021), whose state is four numbers, so that a
 * checkpoint can hold it. Streams with different keys are independent for every practical purpose:
 * `new Random(seed, 'explore')` and `new Random(seed, 'replay')`.
 */
export class Random implements SampleSource {
  readonly #state = new Uint32Array(4);

  constructor(...key: SeedKey) {
    let state = 0;
    let word = 0;
    for (const part of wordsOf(key)) [state, word] = splitmix32(state ^ word ^ part);
    for (let i = 0; i < 4; i++) {
      [state, word] = splitmix32(state ^ word);
      this.#state[i] = word;
    }
    // All zeros is the one state that the generator never leaves.
    if (this.#state.every((x) => x === 0)) this.#state[0] = 1;
  }

  /** Uniform in [0, 2^32). */
  #next(): number {
    const s = this.#state;
    const sum = (s[0]! + s[3]!) | 0;
    const result = (((sum << 7) | (sum >>> 25)) + s[0]!) >>> 0;
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = (s[3]! << 11) | (s[3]! >>> 21);
    return result;
  }

  /** Uniform in [0, 1), 53 bits. */
  random(): number {
    const high = this.#next() >>> 5;
    const low = this.#next() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** Uniform integer in [low, high). The bias is below (high − low) / 2^53. */
  integers(low: number, high: number): number {
    return low + Math.floor(this.random() * (high - low));
  }

  /** Standard normal (Box and Muller 1958). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.random()));
    return radius * Math.cos(2 * Math.PI * this.random());
  }

  getState(): number[] {
    return Array.from(this.#state);
  }

  setState(state: readonly number[]): void {
    this.#state.set(state);
  }
}
