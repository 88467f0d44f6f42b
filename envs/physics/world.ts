/**
 * The simulator that all physics envs share: a matter-js engine with a fixed time step whose future depends on
 * nothing but its own state, and which can be saved and put back.
 *
 * - Matter numbers bodies by a counter of the whole process, and the solver takes the two bodies of a pair in the
 *   order of their numbers. Here a number is a place in the world, so what else runs in the process does not matter.
 *   (Matter's random seed is global too, but nothing except colours comes from it.)
 * - Between steps matter keeps more than positions and velocities: the impulses from which the solver starts, which
 *   parts touch and in which order they are solved, the order of bodies in the broad phase, and corners which were
 *   moved along step by step and so differ in their last bits from what position and angle would give. `save` takes
 *   all of it.
 * - Bodies never sleep and no constraints are used (joints are kinematic), so neither has state to keep.
 */
import Matter from 'matter-js';
import { type Body, STEP_RATE, solidParts, UNIT } from './body.js';
import { CONTACT_LENGTH, contactNumbers, type Pair, pairFromNumbers } from './contact.js';
import { checkWorldState, eachNumber, type WorldState } from './world-state.js';

/** Milliseconds of an engine step. */
const TIME_STEP = 1000 / STEP_RATE;

/** What matter-js has and its typings leave out. */
interface Pairs {
  readonly table: Record<string, Pair>;
  readonly list: Pair[];
}
const { setModified } = Matter.Composite as unknown as {
  setModified(this: void, composite: Matter.Composite, isModified: boolean): void;
};

export class World {
  readonly #engine: Matter.Engine;
  #bodies: readonly Body[] = [];
  #moving: readonly Body[] = [];
  /** What collides; the number that matter knows a part by is its index. */
  #parts: readonly Body[] = [];

  /** `gravity` in length units a second squared, along y, which points down. */
  constructor(gravity = 0) {
    // Matter wants it in its own units a millisecond squared.
    this.#engine = Matter.Engine.create({ gravity: { x: 0, y: 1, scale: (gravity * UNIT) / 1e6 } });
  }

  /** Starts anew with these bodies, which the caller has placed. No contact is known and no time has passed. */
  reset(bodies: readonly Body[]): void {
    const { world, detector, timing } = this.#engine;
    const members = bodies as unknown as Matter.Body[];
    if (bodies !== this.#bodies) {
      this.#bodies = bodies;
      this.#moving = bodies.filter((body) => !body.isStatic);
      this.#parts = bodies.flatMap(solidParts);
      for (const [i, part] of this.#parts.entries()) part.id = i;
      world.bodies = members;
      setModified(world, true); // forgets the cached list of its bodies
      setModified(world, false); // or the next step would set the order of the broad phase
    }
    Matter.Pairs.clear(this.#engine.pairs);
    Matter.Detector.setBodies(detector, members);
    timing.timestamp = 0;
  }

  /** Advances by one engine step. */
  step(): void {
    Matter.Engine.update(this.#engine, TIME_STEP);
  }

  /** Takes the weight off a body for the next engine step. */
  hold(body: Body): void {
    body.force.y = -body.mass * this.#engine.gravity.scale;
  }

  /**
   * How deep two parts stick in each other; 0 if they do not touch. Things at rest overlap a little, pressed ones
   * more.
   */
  overlap(a: Body, b: Body): number {
    for (const { bodyA, bodyB, collision } of (this.#engine.pairs as Pairs).list) {
      if ((bodyA.id === a.id && bodyB.id === b.id) || (bodyA.id === b.id && bodyB.id === a.id)) {
        return collision.depth / UNIT;
      }
    }
    return 0;
  }

  save(): WorldState {
    const bodies: number[] = [];
    for (const body of this.#moving) eachNumber(body, (holder, key) => bodies.push(holder[key]!));
    const { detector, pairs, timing } = this.#engine;
    return {
      time: timing.timestamp,
      bodies,
      order: detector.bodies.map((body) => this.#bodies.indexOf(body as unknown as Body)),
      contacts: (pairs as Pairs).list.flatMap(contactNumbers),
    };
  }

  /**
   * Takes back what `save` gave in a world of the same bodies. Throws `bad_snapshot`, and then nothing has changed.
   */
  load(state: unknown): void {
    const { time, bodies, order, contacts } = checkWorldState(state, this.#bodies, this.#moving, this.#parts);
    let next = 0;
    for (const body of this.#moving) {
      eachNumber(body, (holder, key) => {
        holder[key] = bodies[next++]!;
      });
    }
    const { detector, timing } = this.#engine;
    const pairs = this.#engine.pairs as Pairs;
    timing.timestamp = time;
    detector.bodies = order.map((index) => this.#bodies[index] as unknown as Matter.Body);
    Matter.Pairs.clear(this.#engine.pairs);
    for (let from = 0; from < contacts.length; from += CONTACT_LENGTH) {
      // Found in the step before, that is; the next one drops what it does not find again.
      const numbers = contacts.slice(from, from + CONTACT_LENGTH);
      const pair = pairFromNumbers(numbers, this.#parts, time - TIME_STEP);
      pairs.list.push(pair);
      pairs.table[pair.id] = pair;
    }
  }
}
