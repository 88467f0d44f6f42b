import { invalidSnapshot, stateIntegers } from '../snapshot.js';

/** More than a game can have on its screen, and no burden. */
const MAX_NUMBERS = 1000;

/**
 * A list of things on the screen, each a few small integers that start with its x and y. It behaves as the lists of lists
 * in the original do, down to what happens when an element is removed while the list is gone through; memory is taken
 * once and used again.
 */
export class Entities {
  readonly #size: number;
  /** The first `length` are in the list, in its order; those after it wait to be used again. */
  readonly #rows: Int16Array[] = [];
  length = 0;

  /** @param size - numbers of each entity */
  constructor(size: number) {
    this.#size = size;
  }

  clear(): void {
    this.length = 0;
  }

  at(i: number): Int16Array {
    return this.#rows[i]!;
  }

  /** Appends an entity, whose numbers the caller writes. */
  add(): Int16Array {
    if (this.length === this.#rows.length) this.#rows.push(new Int16Array(this.#size));
    return this.#rows[this.length++]!;
  }

  /** Removes the first entity whose numbers are those of `entity`, which need not be the same one. */
  remove(entity: Int16Array): void {
    const rows = this.#rows;
    let i = 0;
    while (!this.#areEqual(rows[i]!, entity)) i++;
    const removed = rows[i]!;
    this.length--;
    for (; i < this.length; i++) rows[i] = rows[i + 1]!;
    // Its numbers stay as they are until the next `add`: whoever removed it may still read them.
    rows[this.length] = removed;
  }

  /** The first entity at (x, y), if there is one. */
  find(x: number, y: number): Int16Array | undefined {
    for (let i = 0; i < this.length; i++) {
      const row = this.#rows[i]!;
      if (row[0] === x && row[1] === y) return row;
    }
    return undefined;
  }

  #areEqual(a: Int16Array, b: Int16Array): boolean {
    for (let i = 0; i < this.#size; i++) if (a[i] !== b[i]) return false;
    return true;
  }

  /** The numbers of all entities, one after the other. */
  save(): number[] {
    return this.#rows.slice(0, this.length).flatMap((row) => [...row]);
  }

  /** Throws `bad_snapshot` unless `numbers` may be loaded. */
  check(numbers: unknown): void {
    const { length } = Array.isArray(numbers) ? numbers : [];
    if (length % this.#size !== 0 || length > MAX_NUMBERS)
      throw invalidSnapshot('state: no list of entities');
    stateIntegers(numbers, length, -1000, 1000);
  }

  /** Takes back what `save` gave. */
  load(numbers: readonly number[]): void {
    this.clear();
    for (let i = 0; i < numbers.length; i += this.#size) this.add().set(numbers.slice(i, i + this.#size));
  }
}
