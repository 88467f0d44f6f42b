/** What is on the table in all envs seen from above: a rim that keeps things in, and a hand that pushes them. */
import { Box } from '../../protocol/spaces/index.js';
import {
  type Body,
  disc,
  drive,
  place,
  positionX,
  positionY,
  rectangle,
  velocityX,
  velocityY,
} from './body.js';
import type { Frame } from './painter.js';

/** The table from -1 to 1 along x (right) and y (down), with a margin. */
export const TABLE_FRAME: Frame = { left: -1.1, top: -1.1, width: 2.2, height: 2.2 };

/** Engine steps in a step of an env: agents act 20 times a second. */
export const SUBSTEPS = 3;

/** The hand: a disc, how fast it goes, and how much that may change in an engine step (length units a second). */
export const HAND_RADIUS = 0.08;
export const HAND_SPEED = 1.8;
const HAND_GRIP = 0.6;

export const makeHand = (): Body => disc(HAND_RADIUS, { friction: 0, frictionAir: 0, density: 0.002 });

/** Moves the hand towards the commanded velocity, two numbers from -1 to 1, for the next engine step. */
export const driveHand = (hand: Body, action: Float32Array): void =>
  drive(hand, HAND_SPEED * action[0]!, HAND_SPEED * action[1]!, HAND_GRIP);

export const PUCK_RADIUS = 0.1;

/** A smooth wall around (x, y). */
export function makeWall(x: number, y: number, width: number, height: number): Body {
  const wall = rectangle(width, height, { isStatic: true, friction: 0 });
  place(wall, x, y);
  return wall;
}

/** Thickness of outer walls: more than anything moves in an engine step. */
export const WALL = 0.2;

/** Walls above, below, left and right of a table `width` by `height` about the origin. */
export const makeRim = (width: number, height: number): [Body, Body, Body, Body] => [
  makeWall(0, -(height + WALL) / 2, width + 2 * WALL, WALL),
  makeWall(0, (height + WALL) / 2, width + 2 * WALL, WALL),
  makeWall(-(width + WALL) / 2, 0, WALL, height),
  makeWall((width + WALL) / 2, 0, WALL, height),
];

/** Writes position and velocity of a body at index `at` of `out`. */
export function writeBody(body: Body, out: Float32Array, at: number): void {
  out[at] = positionX(body);
  out[at + 1] = positionY(body);
  out[at + 2] = velocityX(body);
  out[at + 3] = velocityY(body);
}

/** A Box whose elements lie between the negatives of these numbers and them. */
export const symmetricBox = (most: readonly number[]): Box =>
  new Box(
    most.map((x) => -x),
    most,
    [most.length],
  );

/** A Box without bounds, as Gymnasium-Robotics has it for what a simulator computes. */
export const openBox = (size: number): Box => new Box(-Infinity, Infinity, [size]);
