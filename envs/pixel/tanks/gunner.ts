import type { Rng } from '../../rng/rng.js';
import type { Opponent, Strength } from '../duel.js';
import { FIRE, LEFT, RIGHT, UP } from '../joystick.js';
import { pixel } from '../motion.js';
import { canHit, HEADINGS, headingOf, Pathfinder, turnBetween } from './arena.js';
import type { TankArena } from './tanks.js';

interface Skill {
  /** Frames from when a shot can hit until it is fired. */
  readonly reaction: number;
  /** How many of ten shots go beside. */
  readonly misses: number;
}

const SKILLS: Readonly<Record<Strength, Skill>> = {
  easy: { reaction: 80, misses: 6 },
  medium: { reaction: 40, misses: 3 },
  hard: { reaction: 5, misses: 0 },
};

/** How near a shell must come to a tank's middle for a shot to be worth it, in pixels. */
const REACH = 5;
/** Frames for which it keeps to its way and its aim. */
const THINK = 8;

/**
 * Plays the second tank: turns towards the first and fires where a shot can hit it, and else drives towards it by the
 * shortest way.
 */
export class Gunner implements Opponent {
  /** `way` is the heading of the way, `beside` how far off it aims, `ready` for how long a shot could have hit. */
  readonly mind = { thinkIn: 0, way: 0, beside: 0, ready: 0 };
  readonly limits = {
    thinkIn: [0, THINK],
    way: [0, HEADINGS - 1],
    beside: [-1, 1],
    ready: [0, SKILLS.easy.reaction],
  } as const;
  readonly #arena: TankArena;
  readonly #skill: Skill;
  readonly #pathfinder = new Pathfinder();
  #rng: Rng | undefined;

  constructor(arena: TankArena, strength: Strength) {
    this.#arena = arena;
    this.#skill = SKILLS[strength];
  }

  start(rng: Rng): void {
    this.#rng = rng;
    Object.assign(this.mind, { thinkIn: 0, way: 0, beside: 0, ready: 0 });
  }

  choose(): number {
    const { mind } = this;
    const { first, second, isPaused } = this.#arena;
    if (isPaused) {
      mind.thinkIn = mind.ready = 0;
      return 0;
    }
    const x = pixel(second.x);
    const y = pixel(second.y);
    const goalX = pixel(first.x);
    const goalY = pixel(first.y);
    if (mind.thinkIn === 0) {
      mind.thinkIn = THINK;
      mind.way = this.#pathfinder.headingTo(x, y, goalX, goalY);
      mind.beside = this.#rng!.integers(0, 10) < this.#skill.misses ? this.#rng!.integers(0, 2) * 2 - 1 : 0;
    }
    mind.thinkIn--;

    const aim = headingOf(goalX - x, goalY - y);
    if (!canHit(x, y, aim, goalX, goalY, REACH)) {
      mind.ready = 0;
      const turn = turnBetween(second.heading, mind.way);
      return Math.abs(turn) <= 2 ? wheel(turn) | UP : wheel(turn);
    }
    mind.ready = Math.min(mind.ready + 1, this.#skill.reaction);
    const turn = turnBetween(second.heading, (aim + mind.beside + HEADINGS) % HEADINGS);
    return turn === 0 && mind.ready === this.#skill.reaction ? FIRE : wheel(turn);
  }
}

/** The joystick that turns a tank so many steps clockwise. */
const wheel = (turn: number): number => (turn === 0 ? 0 : turn > 0 ? RIGHT : LEFT);
