import type { Image } from '../env.js';
import { BLACK, Canvas, type Color, type Point, place } from '../raster.js';

const WIDTH = 600;
const HEIGHT = 400;
const MIN_POSITION = -1.2;
const MAX_POSITION = 0.6;
const SCALE = WIDTH / (MAX_POSITION - MIN_POSITION);
const CLEARANCE = 10;
const WHEEL_COLOR: Color = [128, 128, 128];
const FLAG_COLOR: Color = [204, 204, 0];

/** Where a place on the mountain lies in the picture. */
const onMountain = (position: number): Point => [
  (position - MIN_POSITION) * SCALE,
  HEIGHT - (Math.sin(3 * position) * 0.45 + 0.55) * SCALE,
];

/** The car on its mountain, and the flag that it is to reach: what both mountain cars look like. */
export function drawMountainCar(position: number, goal: number): Image {
  const canvas = new Canvas(WIDTH, HEIGHT);
  for (let x = 0; x < WIDTH; x += 4) {
    canvas.line(onMountain(MIN_POSITION + x / SCALE), onMountain(MIN_POSITION + (x + 4) / SCALE), BLACK, 1.5);
  }

  const [x, y] = onMountain(position);
  const tilt = -Math.cos(3 * position);
  const part = (point: Point) => place(point, tilt, x, y - CLEARANCE);
  const body: Point[] = [
    [-20, 0],
    [-20, -20],
    [20, -20],
    [20, 0],
  ];
  canvas.polygon(body.map(part), BLACK);
  for (const offset of [10, -10]) {
    const [wheelX, wheelY] = part([offset, 0]);
    canvas.circle(wheelX, wheelY, 8, WHEEL_COLOR);
  }

  const [flagX, ground] = onMountain(goal);
  canvas.rect(flagX, ground - 50, 1, 50, BLACK);
  canvas.polygon(
    [
      [flagX, ground - 50],
      [flagX, ground - 40],
      [flagX + 25, ground - 45],
    ],
    FLAG_COLOR,
  );
  return canvas;
}
