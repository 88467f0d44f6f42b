import { PCG64_WASM } from './pcg64-wasm.js';
import type { Rng } from './rng.js';
import { seedSequence } from './seed-sequence.js';
import { words } from './words.js';

const { imul } = Math;

/** See pcg64.wat. */
const { memory, fill } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(PCG64_WASM, 'base64')))
  .exports as { readonly memory: WebAssembly.Memory; readonly fill: (count: number) => void };

/** Outputs are made so many at once. */
const BATCH = 64;
/** A batch in 32-bit words. */
const SIZE = 2 * BATCH;

/** Memory that all generators use in turn: what `fill` starts from and where that leads, and what it puts out. */
const scratch = new Uint32Array(memory.buffer, 0, 8);
const outputs = new Int32Array(memory.buffer, 32, SIZE);

/**
 * `numpy.random.default_rng(seed)`: PCG64, that is PCG XSL RR 128/64 (O'Neill, PCG: A Family of Simple Fast
 * Space-Efficient Statistically Good Algorithms for Random Number Generation, 2014), seeded through SeedSequence.
 *
 * Numbers of 128 bits are four 32-bit words, the least significant first. Draws allocate nothing.
 */
export class Pcg64 implements Rng {
  /** What the batch was made from: the state, and the increment that tells streams apart. */
  readonly #from = new Uint32Array(8);
  /** The state after the batch. */
  readonly #next = new Uint32Array(4);
  /**
   * The batch, from index 1 on. NumPy hands an output out as two 32-bit words, the low one first; where a whole output
   * is asked for in between, the high word waits. So outputs begin at odd indexes, and at an even one stands a word
   * that waits. Words are signed, because V8 puts greater numbers than that on the heap.
   */
  readonly #batch = new Int32Array(1 + SIZE);
  /** Of the word to hand out next. */
  #index = 1;

  constructor(seed: number) {
    this.seed(seed);
  }

  /** Begins anew, as a new generator of that seed does. */
  seed(seed: number): void {
    // Four uint64, the high word of each behind the low one: the state's high and low half, then the stream's.
    const s = seedSequence(seed, 8);
    const state = [s[2]!, s[3]!, s[0]!, s[1]!];
    const stream = [s[6]!, s[7]!, s[4]!, s[5]!];
    let carry = 0;
    for (let i = 0; i < 4; i++) {
      const increment = ((stream[i]! << 1) | (i === 0 ? 1 : stream[i - 1]! >>> 31)) >>> 0;
      const sum = state[i]! + increment + carry;
      scratch[i] = sum;
      scratch[4 + i] = increment;
      carry = sum >= 2 ** 32 ? 1 : 0;
    }
    fill(2);
    this.#from.set(scratch);
    this.#fill();
    this.#index = 1;
  }

  random(): number {
    if (this.#index >= SIZE) this.#refill();
    const batch = this.#batch;
    const index = this.#index;
    this.#index = index + 2;
    if ((index & 1) === 1) return fraction(batch[index]!, batch[index + 1]!);
    const high = batch[index + 2]!;
    batch[index + 2] = batch[index]!; // the word that waits stays in front of the next output
    return fraction(batch[index + 1]!, high);
  }

  uniform(low: number, high: number): number {
    return low + (high - low) * this.random();
  }

  /** Lemire's multiplication with rejection, on 32-bit draws. Throws RangeError if `high - low` exceeds 2^32. */
  integers(low: number, high: number): number {
    const n = high - low;
    if (n >= 2 && n <= 2 ** 15 && this.#index <= SIZE) {
      const draw = this.#batch[this.#index]!;
      // It is not to be rejected where the low word of the product is at least n, as nearly always; that it is at least
      // 2^15 can be told without a number too great for 32 bits with a sign. The high word can be had from two halves.
      if (imul(draw, n) >>> 15 !== 0) {
        this.#index++;
        return low + ((imul(draw >>> 16, n) + (imul(draw & 0xffff, n) >>> 16)) >>> 16);
      }
    }
    return low + this.#below(n);
  }

  /** What `integers` seldom meets: the end of the batch, a draw that may have to be rejected, a wide range or none. */
  #below(n: number): number {
    if (n === 1) return 0;
    if (!(n >= 1 && n <= 2 ** 32)) throw new RangeError(`integers: no range of ${n}`);
    const threshold = (2 ** 32 - n) % n;
    let draw: number;
    do draw = this.#next32() >>> 0;
    while (imul(draw, n) >>> 0 < threshold);
    // With the low word gone, a double is off by far less than a half.
    return Math.round((draw * n - (imul(draw, n) >>> 0)) * 2 ** -32);
  }

  getState(): number[] {
    scratch.set(this.#from);
    const taken = this.#index >> 1;
    if (taken > 0) fill(taken);
    const waits = (this.#index & 1) === 0;
    return [...scratch, Number(waits), waits ? this.#batch[this.#index]! >>> 0 : 0];
  }

  setState(state: unknown): void {
    const all = words(state, 10);
    this.#from.set(all.slice(0, 8));
    this.#fill();
    this.#index = all[8] === 0 ? 1 : 0;
    this.#batch[0] = all[9]!;
  }

  #next32(): number {
    if (this.#index > SIZE) this.#refill();
    return this.#batch[this.#index++]!;
  }

  /** Makes the batch that follows; a word that waits at its end comes to wait in front. */
  #refill(): void {
    for (let i = 0; i < 4; i++) this.#from[i] = this.#next[i]!;
    this.#batch[0] = this.#batch[SIZE]!;
    this.#index -= SIZE;
    this.#fill();
  }

  #fill(): void {
    for (let i = 0; i < 8; i++) scratch[i] = this.#from[i]!;
    fill(BATCH);
    for (let i = 0; i < 4; i++) this.#next[i] = scratch[i]!;
    this.#batch.set(outputs, 1);
  }
}

/** The upper 53 of 64 bits as a number in [0, 1). */
const fraction = (low: number, high: number): number => ((high >>> 0) * 2 ** 21 + (low >>> 11)) * 2 ** -53;
