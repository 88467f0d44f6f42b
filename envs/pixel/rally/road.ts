import { Pcg64 } from '../../rng/pcg64.js';
import { clamp, UNIT } from '../motion.js';
import { WIDTH } from '../size.js';

/** Half the width of the road, and how far beyond its edge a car can still drive, in pixels. */
export const HALF_WIDTH = 24;
export const SHOULDER = 12;
/** The middle of the right lane from the middle of the road. */
export const LANE = HALF_WIDTH / 2;

/** The middle of the road keeps this far from the sides of the screen. */
const MARGIN = 44;
/** How far the middle moves across for each pixel along the road, at most, and by how much that changes in a pixel. */
const MAX_SLOPE = 218;
const BEND = 5;
/** The road begins straight. */
const STRAIGHT = 120;

/** A tree or a stone stands on either side about every so many pixels. */
export const OBJECT_SPACING = 36;
const OBJECT_WIDTH = 12;
const OBJECT_KINDS = 2;
export const THEMES = 4;

/**
 * The road of a level: for each pixel along it where its middle is, and what stands beside it. The same number always
 * gives the same road, which is laid out as far as it is asked for.
 */
export class Road {
  /** Middle of the road in 1/256 of a pixel, by distance from the start. */
  readonly middle: Int32Array;
  /** Left ends of the objects, two (left and right of the road) every OBJECT_SPACING pixels; and their kinds. */
  readonly objectX: Int16Array;
  readonly objectKind: Uint8Array;
  #level = -1;
  #theme = 0;
  readonly #rng = new Pcg64(0);
  /** The length laid out, the slope there, and that which the road bends to for so many pixels more. */
  #length = 0;
  #slope = 0;
  #aim = 0;
  #bendLeft = 0;

  /** `length` in pixels. */
  constructor(length: number) {
    this.middle = new Int32Array(length);
    const objects = Math.ceil(length / OBJECT_SPACING) * 2;
    this.objectX = new Int16Array(objects);
    this.objectKind = new Uint8Array(objects);
  }

  get level(): number {
    return this.#level;
  }

  /** Which colours the land has. */
  get theme(): number {
    return this.#theme;
  }

  /** Begins the road of a level, unless it is this one. */
  begin(level: number): void {
    if (level === this.#level) return;
    this.#level = level;
    this.#rng.seed(level);
    this.#theme = this.#rng.integers(0, THEMES);
    this.#length = 0;
    this.#slope = 0;
    this.#aim = 0;
    this.#bendLeft = STRAIGHT;
  }

  /** Lays the road out up to a distance, or its end. */
  reach(distance: number): void {
    const end = Math.min(distance, this.middle.length);
    while (this.#length < end) {
      const at = this.#length++;
      const x = at === 0 ? (WIDTH / 2) * UNIT : this.middle[at - 1]!;
      if (this.#bendLeft-- === 0) this.#turn(x);
      this.#slope += clamp(this.#goal(x) - this.#slope, -BEND, BEND);
      this.middle[at] = x + this.#slope;
      if (at % OBJECT_SPACING === 0) this.#placeObjects(at / OBJECT_SPACING, x / UNIT);
    }
  }

  /** Draws the next bend; the nearer the road is to a side of the screen, the more it tends away from it. */
  #turn(x: number): void {
    const away = Math.round((MAX_SLOPE * ((WIDTH / 2) * UNIT - x)) / ((WIDTH / 2 - MARGIN) * UNIT));
    this.#aim = clamp(this.#rng.integers(-MAX_SLOPE, MAX_SLOPE + 1) + away, -MAX_SLOPE, MAX_SLOPE);
    this.#bendLeft = this.#rng.integers(30, 120);
  }

  /** The slope to bend to: another than the one drawn where the road would leave the margins before it is straight. */
  #goal(x: number): number {
    const straightAt = x + (this.#slope * Math.abs(this.#slope)) / (2 * BEND);
    if (straightAt < MARGIN * UNIT) return MAX_SLOPE;
    if (straightAt > (WIDTH - MARGIN) * UNIT) return -MAX_SLOPE;
    return this.#aim;
  }

  #placeObjects(slot: number, middle: number): void {
    for (let side = 0; side < 2; side++) {
      const gap = HALF_WIDTH + SHOULDER + this.#rng.integers(6, 48);
      const x = side === 0 ? middle - gap - OBJECT_WIDTH : middle + gap;
      this.objectX[slot * 2 + side] = Math.floor(x);
      this.objectKind[slot * 2 + side] = this.#rng.integers(0, OBJECT_KINDS);
    }
  }
}
