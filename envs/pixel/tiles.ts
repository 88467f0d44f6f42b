import { HEIGHT, WIDTH } from './size.js';

/** Each row of the screen consists of 20 tiles of 8 pixels. */
export const TILE = 8;
const ALL = (1 << (WIDTH / TILE)) - 1;

/** The parts of a screen that changed: for each row the set of its tiles, the first in the lowest bit. */
export class Tiles {
  readonly rows = new Int32Array(HEIGHT);

  /** Adds the pixels of a row from `left` up to, not including, `right`; both are on the screen. */
  add(row: number, left: number, right: number): void {
    if (left < right) this.rows[row]! |= (1 << ((right + TILE - 1) >> 3)) - (1 << (left >> 3));
  }

  addAll(other: Tiles): void {
    for (let row = 0; row < HEIGHT; row++) this.rows[row]! |= other.rows[row]!;
  }

  fill(): void {
    this.rows.fill(ALL);
  }

  clear(): void {
    this.rows.fill(0);
  }
}

// A set is read tile by tile, `for (let rest = set; rest !== 0; rest = afterFirst(rest))`, or run by run.

/** The first tile, as a set. */
export const lowestBit = (set: number): number => set & -set;

/** The number of the first tile. */
export const firstTile = (set: number): number => 31 - Math.clz32(lowestBit(set));

/** The set without its first tile. */
export const afterFirst = (set: number): number => set & (set - 1);

/** The number of the tile behind the first run of tiles. */
export const runEnd = (set: number): number => firstTile(~(set | (lowestBit(set) - 1)));

/** The set without its first run. */
export const afterRun = (set: number): number => set & (set + lowestBit(set));

/** The set with tiles that lie alone between two others: fewer runs are worth more than fewer tiles. */
export const closeGaps = (set: number): number => set | ((set << 1) & (set >> 1));
