import type { Goals } from '../goal-env.js';
import type { Rng } from '../rng/rng.js';
import { stateNumbers } from '../snapshot.js';
import type { Effector } from './effector.js';
import type { Painter } from './painter.js';
import { FRAME, HAND, METAL } from './palette.js';

/**
 * Lengths of the links from the base on. The first is as long as all others, so that the tip can come to the base.
 */
export const LINKS = {
  '2-joint': [0.5, 0.5],
  '3-joint': [0.5, 0.3, 0.2],
} as const satisfies Record<string, readonly number[]>;

/** Radians a step at full speed. */
export const JOINT_SPEED = 0.15;
/** Goals lie this far from the base. */
const GOAL_RADII = [0.2, 0.95] as const;

/**
 * The angles of two links, the second against the first, with which their tip is at (x, y) or as near as it gets.
 * `bend` is 1 or -1: to which side the elbow turns.
 */
export function bendTo(x: number, y: number, first: number, second: number, bend: number): [number, number] {
  const cos = (x * x + y * y - first * first - second * second) / (2 * first * second);
  const elbow = bend * Math.acos(Math.min(Math.max(cos, -1), 1));
  const shoulder = Math.atan2(y, x) - Math.atan2(second * Math.sin(elbow), first + second * Math.cos(elbow));
  return [shoulder, elbow];
}

/**
 * An arm in the plane with its base at (0, 0). Each joint turns the rest of the arm against the link before and
 * follows its commanded speed with a lag.
 *
 * State: cosine of each joint's angle, their sines, their speeds (radians a step); position and velocity of the tip.
 */
export class Arm implements Effector {
  readonly commands: number;
  readonly most: readonly number[];
  x = 0;
  y = 0;
  #vx = 0;
  #vy = 0;
  readonly #links: readonly number[];
  readonly #angles: Float64Array;
  readonly #speeds: Float64Array;

  constructor(links: readonly number[]) {
    const n = links.length;
    this.commands = n;
    this.#links = links;
    this.#angles = new Float64Array(n);
    this.#speeds = new Float64Array(n);
    // The tip is at most 1 away from each joint, and no joint is faster than at full speed.
    const each = (most: number) => new Array<number>(n).fill(most);
    this.most = [...each(1), ...each(1), ...each(JOINT_SPEED), 1, 1, n * JOINT_SPEED, n * JOINT_SPEED];
  }

  begin(rng: Rng): void {
    for (let i = 0; i < this.commands; i++) {
      this.#angles[i] = rng.uniform(-Math.PI, Math.PI);
      this.#speeds[i] = 0;
    }
    this.#locate();
    this.#vx = 0;
    this.#vy = 0;
  }

  drawGoal(rng: Rng, out: Goals): void {
    const radius = rng.uniform(...GOAL_RADII);
    const angle = rng.uniform(-Math.PI, Math.PI);
    out[0] = radius * Math.cos(angle);
    out[1] = radius * Math.sin(angle);
  }

  act(commands: Float32Array): void {
    for (let i = 0; i < this.commands; i++) {
      const speed = (this.#speeds[i]! + JOINT_SPEED * commands[i]!) / 2;
      const angle = this.#angles[i]! + speed;
      this.#speeds[i] = speed;
      // Kept within half a turn to each side, so that no precision is lost by turning on and on.
      this.#angles[i] = Math.abs(angle) > Math.PI ? angle - Math.sign(angle) * 2 * Math.PI : angle;
    }
    const { x, y } = this;
    this.#locate();
    this.#vx = this.x - x;
    this.#vy = this.y - y;
  }

  /** Finds the tip from the angles. */
  #locate(): void {
    let angle = 0;
    this.x = 0;
    this.y = 0;
    for (let i = 0; i < this.commands; i++) {
      angle += this.#angles[i]!;
      this.x += this.#links[i]! * Math.cos(angle);
      this.y += this.#links[i]! * Math.sin(angle);
    }
  }

  writeState(out: Float32Array): void {
    const n = this.commands;
    for (let i = 0; i < n; i++) {
      out[i] = Math.cos(this.#angles[i]!);
      out[n + i] = Math.sin(this.#angles[i]!);
      out[2 * n + i] = this.#speeds[i]!;
    }
    out[3 * n] = this.x;
    out[3 * n + 1] = this.y;
    out[3 * n + 2] = this.#vx;
    out[3 * n + 3] = this.#vy;
  }

  save(): number[] {
    return [...this.#angles, ...this.#speeds, this.#vx, this.#vy];
  }

  load(state: unknown): void {
    const n = this.commands;
    const numbers = stateNumbers(state, 2 * n + 2);
    this.#angles.set(numbers.slice(0, n));
    this.#speeds.set(numbers.slice(n, 2 * n));
    this.#vx = numbers[2 * n]!;
    this.#vy = numbers[2 * n + 1]!;
    this.#locate();
  }

  draw(painter: Painter): void {
    this.#drawLinks(painter, this.#angles);
  }

  drawAt(painter: Painter, x: number, y: number): void {
    const [first, ...rest] = this.#links as [number, ...number[]];
    const second = rest.reduce((sum, length) => sum + length, 0);
    this.#drawLinks(painter, bendTo(x, y, first, second, 1));
  }

  /** Links beyond the given angles stay straight. */
  #drawLinks(painter: Painter, angles: ArrayLike<number>): void {
    let [x, y, angle] = [0, 0, 0];
    painter.disc(0, 0, 0.1, FRAME);
    for (const [i, length] of this.#links.entries()) {
      angle += angles[i] ?? 0;
      const nextX = x + length * Math.cos(angle);
      const nextY = y + length * Math.sin(angle);
      painter.line(x, y, nextX, nextY, 0.07, METAL);
      painter.disc(x, y, 0.05, FRAME);
      [x, y] = [nextX, nextY];
    }
    painter.disc(x, y, 0.07, HAND);
  }
}
