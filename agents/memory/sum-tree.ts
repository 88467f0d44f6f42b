/**
 * Weights of which one is drawn with a probability proportional to it, in logarithmic time (Schaul et al. 2015, appendix
 * B.2.1). A binary tree whose leaves are the weights and whose inner nodes are the sums of their children. A sum is made
 * anew from the children each time, so that no error of rounding grows.
 */
export class SumTree {
  /** Node i has children 2i and 2i + 1; the root is 1, and leaf k is node `#leaves + k`. */
  readonly #nodes: Float64Array;
  readonly #leaves: number;

  constructor(readonly length: number) {
    this.#leaves = 2 ** Math.ceil(Math.log2(Math.max(1, length)));
    this.#nodes = new Float64Array(2 * this.#leaves);
  }

  get total(): number {
    return this.#nodes[1]!;
  }

  /** The weights, to be read; after changing them, call `rebuild`. float64 [length] */
  get weights(): Float64Array {
    return this.#nodes.subarray(this.#leaves, this.#leaves + this.length);
  }

  get(index: number): number {
    return this.#nodes[this.#leaves + index]!;
  }

  set(index: number, weight: number): void {
    const nodes = this.#nodes;
    let node = this.#leaves + index;
    nodes[node] = weight;
    for (node >>= 1; node > 0; node >>= 1) nodes[node] = nodes[2 * node]! + nodes[2 * node + 1]!;
  }

  /** The index whose share of [0, total) `mass` lies in; never one of weight 0. */
  find(mass: number): number {
    const nodes = this.#nodes;
    let node = 1;
    let rest = mass;
    while (node < this.#leaves) {
      const left = nodes[2 * node]!;
      // Rounding may leave a rest that no leaf on the right accounts for.
      if (rest < left || nodes[2 * node + 1] === 0) node = 2 * node;
      else {
        rest -= left;
        node = 2 * node + 1;
      }
    }
    return node - this.#leaves;
  }

  rebuild(): void {
    const nodes = this.#nodes;
    for (let node = this.#leaves - 1; node > 0; node--) nodes[node] = nodes[2 * node]! + nodes[2 * node + 1]!;
  }
}
