import type { Rng } from '../rng/rng.js';
import { type Body, disc, place, positionX, positionY, setVelocity, velocityX, velocityY } from './body.js';
import { SUBSTEPS, writeBody } from './table.js';
import { World } from './world.js';

export const RING_RADIUS = 1;
export const WRESTLER_RADIUS = 0.16;
/** How far from the middle the wrestlers start, opposite each other. */
const START = 0.45;
/** Speed gained in an engine step at full thrust, and the share of it that friction takes: 1.8 is the top speed. */
const THRUST = 0.072;
const FRICTION = 0.04;

/** Numbers that a wrestler sees: its position and velocity, then the other's. */
export const SUMO_VIEW = 8;

const makeWrestler = (): Body =>
  disc(WRESTLER_RADIUS, { friction: 0, frictionAir: FRICTION, restitution: 0.5 });

/**
 * Two wrestlers in a ring: who leaves it has lost. The match treats both seats alike; who sits there, an agent or a
 * script, is not its business.
 */
export class SumoMatch {
  readonly wrestlers: readonly [Body, Body] = [makeWrestler(), makeWrestler()];
  readonly #world = new World();

  begin(rng: Rng): void {
    const angle = rng.uniform(-Math.PI, Math.PI);
    const x = START * Math.cos(angle);
    const y = START * Math.sin(angle);
    place(this.wrestlers[0], x, y);
    place(this.wrestlers[1], -x, -y);
    this.#world.reset(this.wrestlers);
  }

  /** Advances by a step of an env, or to the engine step in which somebody leaves. Thrusts are two numbers each. */
  step(first: ArrayLike<number>, second: ArrayLike<number>): void {
    for (let i = 0; i < SUBSTEPS && !this.isOut(0) && !this.isOut(1); i++) {
      thrust(this.wrestlers[0], first);
      thrust(this.wrestlers[1], second);
      this.#world.step();
    }
  }

  /** Whether the wrestler in a seat has its middle outside the ring. */
  isOut(seat: 0 | 1): boolean {
    const wrestler = this.wrestlers[seat];
    return positionX(wrestler) ** 2 + positionY(wrestler) ** 2 > RING_RADIUS ** 2;
  }

  /** Writes what the wrestler in a seat sees. */
  writeView(seat: 0 | 1, out: Float32Array): void {
    writeBody(this.wrestlers[seat], out, 0);
    writeBody(this.wrestlers[1 - seat]!, out, 4);
  }

  save(): unknown {
    return this.#world.save();
  }

  load(state: unknown): void {
    this.#world.load(state);
  }
}

/** Accelerates for the next engine step. No direction is stronger than another: what is longer than 1 counts as 1. */
function thrust(wrestler: Body, command: ArrayLike<number>): void {
  const x = command[0]!;
  const y = command[1]!;
  const length = Math.sqrt(x * x + y * y);
  const gain = length > 1 ? THRUST / length : THRUST;
  setVelocity(wrestler, velocityX(wrestler) + gain * x, velocityY(wrestler) + gain * y);
}
