import { HEIGHT, WIDTH } from './size.js';

/** The parts of a screen that changed: of each row the columns from `left` up to, not including, `right`. */
export class Spans {
  /** `WIDTH` in a row without changes. */
  readonly left = new Uint8Array(HEIGHT).fill(WIDTH);
  /** 0 in a row without changes. */
  readonly right = new Uint8Array(HEIGHT);

  /** Widens the span of one row so that it holds the columns from `left` up to `right`. */
  add(row: number, left: number, right: number): void {
    if (left < this.left[row]!) this.left[row] = left;
    if (right > this.right[row]!) this.right[row] = right;
  }

  addAll(other: Spans): void {
    for (let row = 0; row < HEIGHT; row++) this.add(row, other.left[row]!, other.right[row]!);
  }

  fill(): void {
    this.left.fill(0);
    this.right.fill(WIDTH);
  }

  clear(): void {
    this.left.fill(WIDTH);
    this.right.fill(0);
  }
}
