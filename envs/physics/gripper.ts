import {
  type Body,
  compound,
  corners,
  drive,
  place,
  positionX,
  positionY,
  STEP_RATE,
  shiftPart,
  spin,
  velocityX,
  velocityY,
} from './body.js';
import type { Painter } from './painter.js';
import { FRAME, HAND, METAL } from './palette.js';
import type { World } from './world.js';

/** The greatest distance between the fingers. */
const MOST_OPENING = 0.44;
/** The gripper turns this far to each side, in radians. */
const MOST_TURN = Math.PI / 3;
/** Width and height of palm and fingers. */
const PALM: readonly [number, number] = [0.54, 0.08];
const FINGER: readonly [number, number] = [0.05, 0.34];
/** From the middle of the palm down to where things are held, and to the ends of the fingers. */
const GRIP_Y = PALM[1] / 2 + 0.75 * FINGER[1];

/** Full speed, a second: lengths, radians, and distance between the fingers. */
const SPEED = 2;
const TURN_SPEED = 3;
const GRIP_SPEED = 0.8;
/** How much the speed may change in an engine step: how strong the arm is. */
const STRENGTH = 0.8;
/** Closing fingers stop when both are pressed as deep as this into what is between them. */
const GRIP_DEPTH = 0.006;

/**
 * A palm with two fingers, seen from the side, on an arm that moves, turns and holds it up. It is one body that
 * yields to what it runs into; its fingers slide along the palm.
 *
 * Matter's friction stops a motion only after gravity has moved the body in each step, so that what is held would
 * creep out of the fingers. Therefore they carry the weight of what they press on from both sides, as static friction
 * would.
 */
export class Gripper {
  readonly body: Body;
  /** Distance between the fingers. */
  opening = MOST_OPENING;
  readonly #left: Body;
  readonly #right: Body;
  /** The palm's middle and the grip point, downwards from the centre of mass. */
  readonly #palmY: number;
  readonly #gripY: number;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    const fingerX = (MOST_OPENING + FINGER[0]) / 2;
    const fingerY = (PALM[1] + FINGER[1]) / 2;
    const parts = [corners(PALM), corners(FINGER, -fingerX, fingerY), corners(FINGER, fingerX, fingerY)];
    this.body = compound(parts, { upright: true, friction: 1, frictionAir: 0, density: 0.01, slop: 1 });
    [, , this.#left, this.#right] = this.body.parts as [Body, Body, Body, Body];
    this.#palmY = -positionY(this.body);
    this.#gripY = GRIP_Y + this.#palmY;
  }

  /** Where things are held: between the fingers, near their ends. */
  get x(): number {
    return positionX(this.body) - Math.sin(this.body.angle) * this.#gripY;
  }

  get y(): number {
    return positionY(this.body) + Math.cos(this.body.angle) * this.#gripY;
  }

  /** Puts the grip point at (x, y), upright and open. */
  begin(x: number, y: number): void {
    place(this.body, x, y - this.#gripY);
    this.opening = MOST_OPENING;
  }

  /**
   * Takes a command for the next engine step: motion along x and y, turn, and grip (above 0 closes). `objects` is
   * what there is to grip, each of one part.
   */
  control(command: Float32Array, objects: readonly Body[]): void {
    const { body } = this;
    this.#world.hold(body);
    drive(body, SPEED * command[0]!, SPEED * command[1]!, STRENGTH);
    const turned = body.angle + (TURN_SPEED / STEP_RATE) * command[2]!;
    spin(body, (Math.min(Math.max(turned, -MOST_TURN), MOST_TURN) - body.angle) * STEP_RATE);

    let pressure = 0;
    for (const object of objects) {
      const pressed = this.#pressure(object);
      if (pressed > 0) this.#world.hold(object);
      pressure = Math.max(pressure, pressed);
    }
    const closing = (GRIP_SPEED / STEP_RATE) * command[3]!;
    if (closing < 0 || pressure < GRIP_DEPTH) this.#moveFingers(closing);
  }

  /** How deep the fingers are both pressed into an object; 0 unless it is between them. */
  #pressure(object: Body): number {
    return Math.min(this.#world.overlap(this.#left, object), this.#world.overlap(this.#right, object));
  }

  /** Brings the fingers nearer to each other. */
  #moveFingers(closing: number): void {
    const opening = Math.min(Math.max(this.opening - closing, 0), MOST_OPENING);
    const way = (this.opening - opening) / 2;
    const x = way * Math.cos(this.body.angle);
    const y = way * Math.sin(this.body.angle);
    shiftPart(this.#left, x, y);
    shiftPart(this.#right, -x, -y);
    this.opening = opening;
  }

  /** Writes grip point, velocity, sine and cosine of the angle, opening, and whether something is held. */
  write(out: Float32Array, objects: readonly Body[]): void {
    out[0] = this.x;
    out[1] = this.y;
    out[2] = velocityX(this.body);
    out[3] = velocityY(this.body);
    out[4] = Math.sin(this.body.angle);
    out[5] = Math.cos(this.body.angle);
    out[6] = this.opening;
    out[7] = 0;
    for (const object of objects) if (this.#pressure(object) > 0) out[7] = 1;
  }

  draw(painter: Painter): void {
    const { angle } = this.body;
    const x = positionX(this.body) - Math.sin(angle) * this.#palmY;
    const y = positionY(this.body) + Math.cos(angle) * this.#palmY;
    painter.rectangle(x, y / 2 - 0.6, 0.1, y + 1.2, FRAME);
    painter.disc(x, y, 0.08, FRAME);
    painter.body(this.body, HAND);
    painter.disc(x, y, 0.03, METAL);
  }
}

/** Numbers that `Gripper.write` writes. */
export const GRIPPER_VIEW = 8;
