import { HEIGHT, WIDTH } from './size.js';

/** Each row of the screen consists of 20 tiles of 8 pixels. */
export const TILE = 8;
const ALL = (1 << (WIDTH / TILE)) - 1;

/**
 * The parts of a screen that changed: for each row the set of its tiles, the first in the lowest bit. A set is read tile
 * by tile, `for (let rest = set; rest !== 0; rest &= rest - 1)`: `rest & -rest` is the first tile, and how many zeros
 * that ends in is its number.
 */
export class Tiles {
  readonly rows = new Int32Array(HEIGHT);

  /** Adds the pixels of a row from `left` up to, not including, `right`; both are on the screen. */
  add(row: number, left: number, right: number): void {
    if (left < right) this.rows[row]! |= (1 << ((right + TILE - 1) >> 3)) - (1 << (left >> 3));
  }

  addAll(other: Tiles): void {
    for (let row = 0; row < this.rows.length; row++) this.rows[row]! |= other.rows[row]!;
  }

  fill(): void {
    this.rows.fill(ALL);
  }

  clear(): void {
    this.rows.fill(0);
  }
}
