import type { Image } from '../env.js';
import { BLACK, Canvas, type Color, WHITE } from '../raster.js';
import { isOpen, SIDE, STANDS, type TaxiState } from './city.js';

/** Pixels along a side of a square. */
const SQUARE = 64;
const MARGIN = 16;

const ROAD: Color = [225, 225, 220];
const WALL: Color = [90, 90, 90];
const TAXI: Color = [250, 200, 40];
const STAND_COLORS: readonly Color[] = [
  [230, 120, 110],
  [120, 200, 120],
  [235, 225, 120],
  [130, 160, 235],
];
const PASSENGER: Color = [60, 40, 110];

/** The city from above: the stands, a ring at the destination, the passenger as a dot, the taxi with its front light. */
export function drawTaxi({ row, column, passenger, destination }: TaxiState, lastAction: number): Image {
  const side = SIDE * SQUARE + 2 * MARGIN;
  const canvas = new Canvas(side, side, WALL);
  canvas.rect(MARGIN, MARGIN, SIDE * SQUARE, SIDE * SQUARE, ROAD);
  const corner = (y: number, x: number) => [MARGIN + x * SQUARE, MARGIN + y * SQUARE] as const;

  for (const [stand, [y, x]] of STANDS.entries()) {
    const [left, top] = corner(y, x);
    canvas.rect(left + 4, top + 4, SQUARE - 8, SQUARE - 8, STAND_COLORS[stand]!);
    if (stand === destination) {
      canvas.circle(left + SQUARE / 2, top + SQUARE / 2, 27, BLACK);
      canvas.circle(left + SQUARE / 2, top + SQUARE / 2, 24, STAND_COLORS[stand]!);
    }
    canvas.text('RGYB'[stand]!, left + 8, top + 8, BLACK, 3);
  }
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE - 1; x++) {
      if (!isOpen(y, x, 'east')) {
        canvas.rect(MARGIN + (x + 1) * SQUARE - 3, MARGIN + y * SQUARE, 6, SQUARE, WALL);
      }
    }
  }

  const [left, top] = corner(row, column);
  const [x, y] = [left + SQUARE / 2, top + SQUARE / 2];
  canvas.rect(x - 18, y - 18, 36, 36, BLACK);
  canvas.rect(x - 16, y - 16, 32, 32, TAXI);
  const [dx, dy] = [
    [0, 1],
    [0, -1],
    [1, 0],
    [-1, 0],
  ][lastAction] ?? [0, 1];
  canvas.circle(x + dx! * 12, y + dy! * 12, 4, WHITE);
  if (passenger < STANDS.length) {
    const [standRow, standColumn] = STANDS[passenger]!;
    const [standX, standY] = corner(standRow, standColumn);
    canvas.circle(standX + SQUARE - 14, standY + SQUARE - 14, 9, PASSENGER);
  } else {
    canvas.circle(x, y, 9, PASSENGER);
  }
  return canvas;
}
