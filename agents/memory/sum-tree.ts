/** Children of a node: a cache line of numbers, so that each level costs one. A power of two: 1 << SHIFT. */
const WIDTH = 16;
const SHIFT = 4;

/**
 * Weights of which one is drawn with a probability proportional to it, in logarithmic time (Schaul et al. 2015, appendix
 * B.2.1): a tree whose leaves are the weights and whose inner nodes are the sums of their children. A sum is made anew
 * from the children each time, so that no error of rounding grows.
 */
export class SumTree {
  /** Level 0 are the weights, each level above the sums of every `WIDTH` numbers of the one below, the last one number. */
  readonly #levels: readonly Float32Array[];

  constructor(readonly length: number) {
    const levels: Float32Array[] = [];
    for (let size = length; ; size = Math.ceil(size / WIDTH)) {
      levels.push(new Float32Array(size === 1 ? 1 : Math.ceil(size / WIDTH) * WIDTH));
      if (size === 1) break;
    }
    this.#levels = levels;
  }

  get total(): number {
    return this.#levels.at(-1)![0]!;
  }

  /** The weights, to be read; after changing them, call `rebuild`. float32 [length] */
  get weights(): Float32Array {
    return this.#levels[0]!.subarray(0, this.length);
  }

  get(index: number): number {
    return this.#levels[0]![index]!;
  }

  set(index: number, weight: number): void {
    this.#levels[0]![index] = weight;
    let node = index;
    for (let level = 1; level < this.#levels.length; level++) {
      node >>= SHIFT;
      this.#levels[level]![node] = sumOf(this.#levels[level - 1]!, node);
    }
  }

  /** Sets many weights, level by level for all of them; fastest where the indices ascend. */
  setEach(indices: Int32Array, weights: ArrayLike<number>): void {
    for (let i = 0; i < indices.length; i++) this.#levels[0]![indices[i]!] = weights[i]!;
    const nodes = indices.slice();
    for (let level = 1; level < this.#levels.length; level++) {
      const [below, sums] = [this.#levels[level - 1]!, this.#levels[level]!];
      let done = -1;
      for (let i = 0; i < nodes.length; i++) {
        const node = nodes[i]! >> SHIFT;
        nodes[i] = node;
        if (node === done) continue;
        sums[node] = sumOf(below, node);
        done = node;
      }
    }
  }

  /**
   * Writes into `indices` for each of `masses` the index whose share of [0, total) it lies in; never one of weight 0.
   * Level by level for all of them, so that the processor waits for many lines of the cache at a time. `masses` is used up.
   */
  find(masses: Float64Array, indices: Int32Array): void {
    indices.fill(0);
    const ends = new Float32Array(indices.length);
    for (let level = this.#levels.length - 2; level >= 0; level--) {
      const numbers = this.#levels[level]!;
      // First a look at every node's ends, so that the lines of the cache come side by side.
      for (let i = 0; i < indices.length; i++) {
        ends[i] = numbers[indices[i]! * WIDTH]! + numbers[indices[i]! * WIDTH + WIDTH - 1]!;
      }
      for (let i = 0; i < indices.length; i++) {
        let node = indices[i]! * WIDTH;
        let mass = masses[i]!;
        // Halved four times, each time by a number in place of a branch, which the processor would guess wrong.
        let half = sumOfFour(numbers, node) + sumOfFour(numbers, node + 4);
        let right = Number(mass >= half);
        mass -= right * half;
        node += right * 8;
        half = sumOfFour(numbers, node);
        right = Number(mass >= half);
        mass -= right * half;
        node += right * 4;
        half = numbers[node]! + numbers[node + 1]!;
        right = Number(mass >= half);
        mass -= right * half;
        node += right * 2;
        half = numbers[node]!;
        right = Number(mass >= half);
        mass -= right * half;
        node += right;
        // Rounding may leave a mass that nothing accounts for: then the last one that has a weight is it.
        while (numbers[node] === 0) node--;
        indices[i] = node;
        masses[i] = mass;
      }
    }
  }

  rebuild(): void {
    for (let level = 1; level < this.#levels.length; level++) {
      const [below, sums] = [this.#levels[level - 1]!, this.#levels[level]!];
      for (let node = 0; node * WIDTH < below.length; node++) sums[node] = sumOf(below, node);
    }
  }
}

/** The sum of the children of `node`. */
function sumOf(numbers: Float32Array, node: number): number {
  const first = node * WIDTH;
  return (
    sumOfFour(numbers, first) +
    sumOfFour(numbers, first + 4) +
    (sumOfFour(numbers, first + 8) + sumOfFour(numbers, first + 12))
  );
}

/** Added in pairs, which the processor does side by side. */
function sumOfFour(numbers: Float32Array, first: number): number {
  return numbers[first]! + numbers[first + 1]! + (numbers[first + 2]! + numbers[first + 3]!);
}
