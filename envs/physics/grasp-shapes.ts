/** The objects of Physics/Grasp: a fixed library of convex polygons, some for training and others held out. */
import { Pcg64 } from '../rng/pcg64.js';
import type { Rng } from '../rng/rng.js';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A way in which a shape stands on one of its sides. */
export interface Stance {
  /** By which it is turned for that. */
  readonly angle: number;
  /** How far it then reaches from its centre of mass to the left, to the right and down. */
  readonly left: number;
  readonly right: number;
  readonly down: number;
}

export interface Shape {
  /** Corners around the centre of mass, clockwise (y down). */
  readonly points: readonly Point[];
  /** At least one. */
  readonly stances: readonly Stance[];
  /** The least distance of two parallel lines that have the shape between them, and its extent along these lines. */
  readonly width: number;
  readonly length: number;
  /** The direction across these lines, in radians. */
  readonly narrow: number;
}

const TRAIN = 48;
const TEST = 16;
/** Chooses the library: another seed gives other objects. */
const LIBRARY_SEED = 1;

/** Half the longer axis of the ellipse on which the corners lie, and the least width of a shape. */
const SIZES = [0.12, 0.18] as const;
const LEAST_WIDTH = 0.12;
/**
 * The least and greatest angle between neighbouring corners, as the ellipse's middle sees them before it is squeezed.
 */
const LEAST_TURN = 0.4;
const MOST_TURN = 2.6;
/** How far the centre of mass of a shape that stands safely is from the ends of the side below. */
const SAFE = 0.02;

/** A random shape: three to seven corners on an ellipse. */
function drawShape(rng: Rng): Shape | undefined {
  const corners = rng.integers(3, 8);
  const size = rng.uniform(...SIZES);
  const squeeze = rng.uniform(0.55, 1);
  const angles = Array.from({ length: corners }, () => rng.uniform(0, 2 * Math.PI)).sort((a, b) => a - b);
  const turns = angles.map((angle, i) => (angles[i + 1] ?? angles[0]! + 2 * Math.PI) - angle);
  if (turns.some((turn) => turn < LEAST_TURN || turn > MOST_TURN)) return undefined;
  const shape = measure(
    angles.map((angle) => ({ x: size * Math.cos(angle), y: size * squeeze * Math.sin(angle) })),
  );
  return shape.width >= LEAST_WIDTH && shape.stances.length > 0 ? shape : undefined;
}

function measure(corners: readonly Point[]): Shape {
  const { x, y } = centroid(corners);
  const points = corners.map((point) => ({ x: point.x - x, y: point.y - y }));
  const sides = points.map((from, i) => ({ from, to: points[(i + 1) % points.length]! }));

  const stances: Stance[] = [];
  let [width, length, narrow] = [Infinity, 0, 0];
  for (const { from, to } of sides) {
    const side = Math.atan2(to.y - from.y, to.x - from.x);
    // Turned so, this side runs to the left and the shape, which lies to the right of it, stands on it.
    const angle = Math.PI - side;
    const turned = points.map((point) => turn(point, angle));
    const [start, end] = [turn(from, angle), turn(to, angle)];
    const xs = turned.map((point) => point.x);
    const ys = turned.map((point) => point.y);
    const down = Math.max(...ys);
    if (start.x > SAFE && end.x < -SAFE) {
      stances.push({ angle, left: -Math.min(...xs), right: Math.max(...xs), down });
    }
    // Of all directions the narrowest is across one of the sides.
    const across = down - Math.min(...ys);
    if (across < width) {
      [width, length, narrow] = [across, Math.max(...xs) - Math.min(...xs), side + Math.PI / 2];
    }
  }
  return { points, stances, width, length, narrow };
}

const turn = ({ x, y }: Point, angle: number): Point => ({
  x: x * Math.cos(angle) - y * Math.sin(angle),
  y: x * Math.sin(angle) + y * Math.cos(angle),
});

function centroid(points: readonly Point[]): Point {
  let [x, y, area] = [0, 0, 0];
  for (const [i, a] of points.entries()) {
    const b = points[(i + 1) % points.length]!;
    const cross = a.x * b.y - b.x * a.y;
    x += (a.x + b.x) * cross;
    y += (a.y + b.y) * cross;
    area += 3 * cross;
  }
  return { x: x / area, y: y / area };
}

function drawLibrary(count: number): Shape[] {
  const rng = new Pcg64(LIBRARY_SEED);
  const shapes: Shape[] = [];
  while (shapes.length < count) {
    const shape = drawShape(rng);
    if (shape !== undefined) shapes.push(shape);
  }
  return shapes;
}

/** Every shape; those for training come first. */
export const SHAPES: readonly Shape[] = drawLibrary(TRAIN + TEST);

/** The indices from and to which each choice of objects reaches. */
export const OBJECT_SETS = {
  train: [0, TRAIN],
  test: [TRAIN, TRAIN + TEST],
  all: [0, TRAIN + TEST],
} as const satisfies Record<string, readonly [number, number]>;
