import { type Limits, readBits, readMap, readNumbers, saveBits } from '../saved.js';
import type { Screen } from '../screen.js';
import { HEIGHT, WIDTH } from '../size.js';
import { SHIELD_Y, type Shields } from './shields.js';
import { INVADERS, SKY } from './sprites.js';

const ROWS = 6;
export const COLUMNS = 6;
export const COUNT = ROWS * COLUMNS;
export const INVADER_WIDTH = 10;
export const INVADER_HEIGHT = 8;
/** How far the invaders keep from the sides of the screen. */
export const MARGIN = 6;
/** Frames between two marches when all invaders live. */
export const SLOWEST = 30;

/** What the invaders of each row are worth, from the top. */
const VALUES = [30, 25, 20, 15, 10, 5] as const;
export const MAX_VALUE = VALUES[0];

const PITCH_X = 16;
const PITCH_Y = 12;
const START_X = 32;
const START_Y = 36;
/** How much lower each wave begins, until the fifth. */
const WAVE_DROP = 8;
const MARCH = 2;
const DROP = 6;
const FASTEST = 2;

const LIMITS = {
  direction: [-1, 1],
  marchIn: [0, SLOWEST],
  pose: [0, 1],
  x: [-WIDTH, WIDTH],
  y: [0, HEIGHT],
} as const satisfies Limits<string>;

/** The invaders: which of them live, where they are, how they march. */
export class Formation {
  /** With the gap after the last column. */
  readonly width = COLUMNS * PITCH_X;
  /** Of the invader in the upper left corner, in pixels; -1 or 1 for the direction. */
  readonly now = { x: 0, y: 0, direction: 1, marchIn: 0, pose: 0 };
  /** 1 for each that lives, row by row. */
  readonly alive = new Uint8Array(COUNT);
  #count = 0;
  /** What the screen shows. */
  readonly #shown = { x: 0, y: 0, pose: 0, alive: new Uint8Array(COUNT) };

  /** Invaders that live. */
  get count(): number {
    return this.#count;
  }

  /** Frames between two marches. */
  get period(): number {
    return FASTEST + Math.floor(((SLOWEST - FASTEST) * this.#count) / COUNT);
  }

  assemble(wave: number): void {
    const { now } = this;
    now.x = START_X;
    now.y = START_Y + WAVE_DROP * Math.min(wave, 4);
    now.direction = 1;
    now.marchIn = SLOWEST;
    now.pose = 0;
    this.alive.fill(1);
    this.#count = COUNT;
  }

  left(invader: number): number {
    return this.now.x + (invader % COLUMNS) * PITCH_X;
  }

  top(invader: number): number {
    return this.now.y + Math.floor(invader / COLUMNS) * PITCH_Y;
  }

  /** The lowest invader of a column; -1 if none lives. */
  lowest(column: number): number {
    for (let row = ROWS - 1; row >= 0; row--) {
      if (this.alive[row * COLUMNS + column] === 1) return row * COLUMNS + column;
    }
    return -1;
  }

  /** Takes an invader out. Returns what it is worth. */
  kill(invader: number): number {
    this.alive[invader] = 0;
    this.#count--;
    return VALUES[Math.floor(invader / COLUMNS)]!;
  }

  /**
   * Lets a frame pass; when it is time all invaders step to the side, or down where one stands at the edge, and trample
   * the shields. Returns the lower end of the lowest.
   */
  march(shields: Shields): number {
    const { now } = this;
    if (--now.marchIn > 0) return 0;
    now.marchIn = this.period;
    now.pose = 1 - now.pose;
    let left = WIDTH;
    let right = 0;
    let bottom = 0;
    for (let i = 0; i < COUNT; i++) {
      if (this.alive[i] === 0) continue;
      left = Math.min(left, this.left(i));
      right = Math.max(right, this.left(i) + INVADER_WIDTH);
      bottom = Math.max(bottom, this.top(i) + INVADER_HEIGHT);
    }
    const isAtEdge = now.direction > 0 ? right + MARCH > WIDTH - MARGIN : left - MARCH < MARGIN;
    if (isAtEdge) {
      now.y += DROP;
      bottom += DROP;
      now.direction = -now.direction;
    } else {
      now.x += now.direction * MARCH;
    }
    if (bottom > SHIELD_Y) {
      for (let i = 0; i < COUNT; i++) {
        if (this.alive[i] === 1) shields.trample(this.left(i), this.top(i), INVADER_WIDTH, INVADER_HEIGHT);
      }
    }
    return bottom;
  }

  /** Takes invaders that moved or died off the background of the screen, where they stay between two marches. */
  erase(screen: Screen): void {
    const shown = this.#shown;
    const moved = this.#moved;
    for (let i = 0; i < COUNT; i++) {
      if (shown.alive[i] === 0 || (this.alive[i] === 1 && !moved)) continue;
      const x = shown.x + (i % COLUMNS) * PITCH_X;
      const y = shown.y + Math.floor(i / COLUMNS) * PITCH_Y;
      screen.paintRect(x, y, INVADER_WIDTH, INVADER_HEIGHT, SKY);
    }
  }

  /** Paints them where they are now. */
  paint(screen: Screen): void {
    const { now, alive } = this;
    const shown = this.#shown;
    const moved = this.#moved;
    for (let i = 0; i < COUNT; i++) {
      if (alive[i] === 0 || (shown.alive[i] === 1 && !moved)) continue;
      const sprite = INVADERS[Math.floor(i / COLUMNS)]![now.pose]!;
      screen.paintSprite(sprite, this.left(i), this.top(i));
    }
    shown.x = now.x;
    shown.y = now.y;
    shown.pose = now.pose;
    shown.alive.set(alive);
  }

  get #moved(): boolean {
    const { now } = this;
    const shown = this.#shown;
    return now.x !== shown.x || now.y !== shown.y || now.pose !== shown.pose;
  }

  save(): unknown {
    return { ...this.now, alive: saveBits(this.alive) };
  }

  /** Returns what takes `saved` back. Throws `bad_snapshot` if it is nothing that `save` gave. */
  loader(saved: unknown): () => void {
    const numbers = readNumbers(saved, LIMITS);
    const alive = readBits(readMap(saved).alive, COUNT);
    return () => {
      Object.assign(this.now, numbers);
      this.alive.set(alive);
      this.#count = alive.reduce((sum, one) => sum + one, 0);
    };
  }
}
