import { BLACK, Canvas, type Color } from '../raster.js';

/** Pixels along a side of a cell. */
export const CELL = 48;

const LINE_COLOR: Color = [180, 200, 230];
const PLAYER_COLOR: Color = [214, 60, 60];
const POLE_COLOR: Color = [90, 70, 50];
const FLAG_COLOR: Color = [40, 160, 80];

/** A world of square cells to draw on, each with its colour and a border. */
export class GridPicture {
  readonly canvas: Canvas;
  readonly #columns: number;

  constructor(rows: number, columns: number, color: (cell: number) => Color) {
    this.canvas = new Canvas(columns * CELL, rows * CELL, LINE_COLOR);
    this.#columns = columns;
    for (let cell = 0; cell < rows * columns; cell++) {
      const [x, y] = this.#corner(cell);
      this.canvas.rect(x + 1, y + 1, CELL - 2, CELL - 2, color(cell));
    }
  }

  hole(cell: number, color: Color): void {
    const [x, y] = this.#corner(cell);
    this.canvas.circle(x + CELL / 2, y + CELL / 2, CELL * 0.4, color);
  }

  letter(cell: number, letter: string): void {
    const [x, y] = this.#corner(cell);
    this.canvas.text(letter, x + 4, y + 4, BLACK);
  }

  flag(cell: number): void {
    const [x, y] = this.#corner(cell);
    const pole = x + CELL * 0.4;
    this.canvas.rect(pole, y + CELL * 0.2, 3, CELL * 0.65, POLE_COLOR);
    this.canvas.polygon(
      [
        [pole + 3, y + CELL * 0.2],
        [pole + 3, y + CELL * 0.5],
        [pole + CELL * 0.4, y + CELL * 0.35],
      ],
      FLAG_COLOR,
    );
  }

  player(cell: number): void {
    const [x, y] = this.#corner(cell);
    this.canvas.circle(x + CELL / 2, y + CELL / 2, CELL * 0.26, PLAYER_COLOR);
  }

  #corner(cell: number): readonly [x: number, y: number] {
    return [(cell % this.#columns) * CELL, Math.floor(cell / this.#columns) * CELL];
  }
}
