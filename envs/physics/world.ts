/**
 * The simulator that all physics envs share: matter-js with a fixed time step, so that its future depends on nothing
 * but its own state, and which can be saved and put back.
 *
 * - Matter numbers bodies by a counter of the whole process, and the solver takes the two bodies of a pair in the
 *   order of their numbers. Here a number is a place in the world, so what else runs in the process does not matter.
 *   (Matter's random seed is global too, but nothing except colours comes from it.)
 * - Between steps matter keeps more than positions and velocities: the impulses from which the solver starts, which
 *   parts touch and in which order they are solved, the order of bodies in the broad phase, and corners which were
 *   moved along step by step and so differ in their last bits from what position and angle would give. `save` takes
 *   all of it.
 * - Bodies never sleep and no constraints are used (joints are kinematic), so neither has state to keep.
 * - `step` does what `Matter.Engine.update` does, without what is not used here and takes memory: events, a clock, and
 *   a sort of the broad phase in new memory. What is still taken is a record of each contact that begins.
 */
import Matter from 'matter-js';
import { type Body, STEP_RATE, solidParts, UNIT } from './body.js';
import { CONTACT_LENGTH, contactNumbers, type Pair, pairFromNumbers } from './contact.js';
import { checkWorldState, eachNumber, type WorldState } from './world-state.js';

/** Milliseconds of an engine step. */
const TIME_STEP = 1000 / STEP_RATE;
/** Rounds of the solver in a step, and the share of an overlap that a round takes away: matter's defaults. */
const POSITION_ROUNDS = 6;
const VELOCITY_ROUNDS = 4;
const POSITION_DAMPING = 1;

/** What matter-js has and its typings leave out, or have otherwise. */
interface Pairs {
  table: Record<string, Pair>;
  readonly list: Pair[];
}
interface Detector {
  bodies: Body[];
  pairs: Pairs | null;
}
type Collisions = readonly Matter.Collision[];
const matter = Matter as unknown as {
  readonly Body: { update(body: Body, delta: number): void };
  readonly Detector: {
    create(): Detector;
    collisions(detector: Detector): Collisions;
  };
  readonly Pairs: {
    create(): Pairs;
    update(pairs: Pairs, collisions: Collisions, step: number): void;
    clear(pairs: Pairs): void;
  };
  readonly Resolver: {
    preSolvePosition(pairs: readonly Pair[]): void;
    solvePosition(pairs: readonly Pair[], delta: number, damping: number): void;
    postSolvePosition(bodies: readonly Body[]): void;
    preSolveVelocity(pairs: readonly Pair[]): void;
    solveVelocity(pairs: readonly Pair[], delta: number): void;
  };
};

/**
 * What matter sorts in every step, and what hardly changes its order. The built-in sort, which is as stable as this one,
 * takes memory.
 */
class AlmostSorted<T> extends Array<T> {
  override sort(compare: (a: T, b: T) => number): this {
    for (let i = 1; i < this.length; i++) {
      const item = this[i]!;
      let at = i;
      for (; at > 0 && compare(this[at - 1]!, item) > 0; at--) this[at] = this[at - 1]!;
      this[at] = item;
    }
    return this;
  }
}

export class World {
  readonly #gravity: number;
  readonly #pairs = matter.Pairs.create();
  readonly #detector = Object.assign(matter.Detector.create(), { pairs: this.#pairs });
  /** Engine steps since the reset. */
  #steps = 0;
  #bodies: readonly Body[] = [];
  #moving: readonly Body[] = [];
  /** What collides; the number that matter knows a part by is its index. */
  #parts: readonly Body[] = [];

  /** `gravity` in length units a second squared, along y, which points down. */
  constructor(gravity = 0) {
    // Matter wants it in its own units a millisecond squared.
    this.#gravity = (gravity * UNIT) / 1e6;
  }

  /** Starts anew with these bodies, which the caller has placed. No contact is known and no time has passed. */
  reset(bodies: readonly Body[]): void {
    if (bodies !== this.#bodies) {
      this.#bodies = bodies;
      this.#moving = bodies.filter((body) => !body.isStatic);
      this.#parts = bodies.flatMap(solidParts);
      for (const [i, part] of this.#parts.entries()) part.id = i;
    }
    matter.Pairs.clear(this.#pairs);
    this.#detector.bodies = AlmostSorted.from(bodies);
    this.#steps = 0;
  }

  /** Advances by one engine step. */
  step(): void {
    const pairs = this.#pairs;
    for (let i = 0; i < this.#moving.length; i++) {
      const body = this.#moving[i]!;
      body.force.y += body.mass * this.#gravity;
      matter.Body.update(body, TIME_STEP);
    }
    matter.Pairs.update(pairs, matter.Detector.collisions(this.#detector), this.#steps);
    this.#steps++;

    matter.Resolver.preSolvePosition(pairs.list);
    for (let i = 0; i < POSITION_ROUNDS; i++) {
      matter.Resolver.solvePosition(pairs.list, TIME_STEP, POSITION_DAMPING);
    }
    matter.Resolver.postSolvePosition(this.#moving);
    matter.Resolver.preSolveVelocity(pairs.list);
    for (let i = 0; i < VELOCITY_ROUNDS; i++) matter.Resolver.solveVelocity(pairs.list, TIME_STEP);

    for (let i = 0; i < this.#moving.length; i++) {
      const { force } = this.#moving[i]!;
      force.x = 0;
      force.y = 0;
    }
  }

  /** Takes the weight off a body for the next engine step. */
  hold(body: Body): void {
    body.force.y = -body.mass * this.#gravity;
  }

  /**
   * How deep two parts stick in each other; 0 if they do not touch. Things at rest overlap a little, pressed ones
   * more.
   */
  overlap(a: Body, b: Body): number {
    for (const { bodyA, bodyB, collision } of this.#pairs.list) {
      if ((bodyA.id === a.id && bodyB.id === b.id) || (bodyA.id === b.id && bodyB.id === a.id)) {
        return collision.depth / UNIT;
      }
    }
    return 0;
  }

  save(): WorldState {
    const bodies: number[] = [];
    for (const body of this.#moving) eachNumber(body, (holder, key) => bodies.push(holder[key]!));
    return {
      steps: this.#steps,
      bodies,
      order: this.#detector.bodies.map((body) => this.#bodies.indexOf(body)),
      contacts: this.#pairs.list.flatMap(contactNumbers),
    };
  }

  /**
   * Takes back what `save` gave in a world of the same bodies. Throws `bad_snapshot`, and then nothing has changed.
   */
  load(state: unknown): void {
    const { steps, bodies, order, contacts } = checkWorldState(
      state,
      this.#bodies,
      this.#moving,
      this.#parts,
    );
    let next = 0;
    for (const body of this.#moving) {
      eachNumber(body, (holder, key) => {
        holder[key] = bodies[next++]!;
      });
    }
    this.#steps = steps;
    this.#detector.bodies = AlmostSorted.from(order, (index) => this.#bodies[index]!);
    matter.Pairs.clear(this.#pairs);
    for (let from = 0; from < contacts.length; from += CONTACT_LENGTH) {
      // Found in the step before, that is; the next one drops what it does not find again.
      const numbers = contacts.slice(from, from + CONTACT_LENGTH);
      const pair = pairFromNumbers(numbers, this.#parts, steps - 1);
      this.#pairs.list.push(pair);
      this.#pairs.table[pair.id] = pair;
    }
  }
}
