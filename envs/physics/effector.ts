import type { Goals } from '../goal-env.js';
import type { Rng } from '../rng/rng.js';
import { stateNumbers } from '../snapshot.js';
import type { Painter } from './painter.js';
import { HAND } from './palette.js';

/** What Reach moves. Nothing touches it, so it is plain kinematics and needs no engine. */
export interface Effector {
  /** How many commands it takes, each from -1 to 1. */
  readonly commands: number;
  /** The greatest magnitude of each element of its state. */
  readonly most: readonly number[];
  /** Where its tip is. */
  readonly x: number;
  readonly y: number;

  begin(rng: Rng): void;
  /** Draws a place that the tip can reach. */
  drawGoal(rng: Rng, out: Goals): void;
  act(commands: Float32Array): void;
  writeState(out: Float32Array): void;
  save(): number[];
  load(state: unknown): void;
  draw(painter: Painter): void;
  /** Draws the effector with its tip at (x, y). */
  drawAt(painter: Painter, x: number, y: number): void;
}

/** Length units a step at full speed, along each axis. */
export const POINT_SPEED = 0.1;
/** The workspace: both coordinates from -1 to 1, and goals from -0.9 to 0.9. */
const EDGE = 1;
const GOAL_EDGE = 0.9;

/**
 * A point gripper: it flies over the table and follows its commanded velocity with a lag.
 *
 * State: position, velocity (a step).
 */
export class PointGripper implements Effector {
  readonly commands = 2;
  readonly most = [EDGE, EDGE, POINT_SPEED, POINT_SPEED];
  x = 0;
  y = 0;
  #vx = 0;
  #vy = 0;

  begin(rng: Rng): void {
    this.x = rng.uniform(-GOAL_EDGE, GOAL_EDGE);
    this.y = rng.uniform(-GOAL_EDGE, GOAL_EDGE);
    this.#vx = 0;
    this.#vy = 0;
  }

  drawGoal(rng: Rng, out: Goals): void {
    out[0] = rng.uniform(-GOAL_EDGE, GOAL_EDGE);
    out[1] = rng.uniform(-GOAL_EDGE, GOAL_EDGE);
  }

  act(commands: Float32Array): void {
    const x = this.x + (this.#vx + POINT_SPEED * commands[0]!) / 2;
    const y = this.y + (this.#vy + POINT_SPEED * commands[1]!) / 2;
    const insideX = Math.min(Math.max(x, -EDGE), EDGE);
    const insideY = Math.min(Math.max(y, -EDGE), EDGE);
    this.#vx = insideX - this.x;
    this.#vy = insideY - this.y;
    this.x = insideX;
    this.y = insideY;
  }

  writeState(out: Float32Array): void {
    out[0] = this.x;
    out[1] = this.y;
    out[2] = this.#vx;
    out[3] = this.#vy;
  }

  save(): number[] {
    return [this.x, this.y, this.#vx, this.#vy];
  }

  load(state: unknown): void {
    [this.x, this.y, this.#vx, this.#vy] = stateNumbers(state, 4) as [number, number, number, number];
  }

  draw(painter: Painter): void {
    this.drawAt(painter, this.x, this.y);
  }

  drawAt(painter: Painter, x: number, y: number): void {
    painter.disc(x, y, 0.07, HAND);
  }
}
