import { Starts } from './table.js';

/** What a cell is, as an index of rewards. */
export const GOAL = 0;
export const HOLE = 1;
export const ICE = 2;

/** Ways from a cell, and how they lead along a row and along a column. */
export const WAYS = 4;
const ALONG_X = [-1, 0, 1, 0] as const;
const ALONG_Y = [0, 1, 0, -1] as const;

/** A frozen lake, ready to be walked on. A cell is row * columns + column. */
export class Lake {
  readonly columns: number;
  /** GOAL, HOLE or ICE of every cell. */
  readonly tiles: Uint8Array;
  /** Where each way leads to, [cells, ways]; at the edge of the lake one stays. */
  readonly next: Int32Array;
  readonly starts: Starts;

  /** @param rows - of the letters S, F, H and G */
  constructor(readonly rows: readonly string[]) {
    const letters = rows.join('');
    this.columns = rows[0]!.length;
    this.tiles = Uint8Array.from(letters, (letter) => (letter === 'G' ? GOAL : letter === 'H' ? HOLE : ICE));
    this.next = new Int32Array(letters.length * WAYS);
    for (let cell = 0; cell < letters.length; cell++) {
      const x = cell % this.columns;
      const y = Math.floor(cell / this.columns);
      for (let way = 0; way < WAYS; way++) {
        const newX = Math.min(Math.max(x + ALONG_X[way]!, 0), this.columns - 1);
        const newY = Math.min(Math.max(y + ALONG_Y[way]!, 0), rows.length - 1);
        this.next[cell * WAYS + way] = newY * this.columns + newX;
      }
    }
    this.starts = new Starts([...letters.matchAll(/S/g)].map(({ index }) => index));
  }
}
