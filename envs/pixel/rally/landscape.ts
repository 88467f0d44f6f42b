import { pixel } from '../motion.js';
import type { Screen } from '../screen.js';
import { HEIGHT, WIDTH } from '../size.js';
import { TRANSPARENT } from '../sprite.js';
import { TILE } from '../tiles.js';
import { OBJECT_SPACING, type Road } from './road.js';
import { ASPHALT, landOf, OBJECTS, PATTERN, ROAD_ROWS, ROAD_WIDTH } from './scenery.js';

export const PANEL_HEIGHT = 14;
/** Row of the screen at which the car's middle stays, and how far one sees from there, in pixels. */
export const CAR_Y = 172;
export const AHEAD = CAR_Y - PANEL_HEIGHT;
export const BEHIND = HEIGHT - 1 - CAR_Y;

const VIEW = HEIGHT - PANEL_HEIGHT;
/** Rows by which the view can move before the memory is tidied up. */
const SLACK = 200;
const ROWS = VIEW + SLACK;

/**
 * The land that the car drives through, as it scrolls over the screen. A row is drawn once, when it comes into sight, in
 * a memory that holds the far rows first; to show the land is to copy a part of that.
 */
export class Landscape {
  readonly #road: Road;
  readonly #pixels = new Uint8Array(ROWS * WIDTH);
  /** The view from each row of the memory. */
  readonly #views = Array.from({ length: SLACK + 1 }, (_, row) =>
    this.#pixels.subarray(row * WIDTH, (row + VIEW) * WIDTH),
  );
  /** The same memory. */
  readonly #words = new Int32Array(this.#pixels.buffer);
  /** Of each row in memory what tells its looks from those of other rows of the level. */
  readonly #looks = new Int32Array(ROWS);
  /** Which of its tiles are all asphalt, and which neither that nor all land. */
  readonly #asphalt = new Int32Array(ROWS);
  readonly #mixed = new Int32Array(ROWS);
  /** Level and distance of the row with which the view begins, and where in memory that is. */
  #level = -1;
  #far = 0;
  #top = 0;

  constructor(road: Road) {
    this.#road = road;
  }

  /** Shows the land around a car at a distance from the start; the road is laid out as far as can be seen. */
  show(screen: Screen, distance: number): void {
    const far = distance + AHEAD;
    const ahead = far - this.#far;
    if (this.#road.level !== this.#level || ahead < 0 || ahead > SLACK) {
      this.#level = this.#road.level;
      this.#far = far;
      this.#top = SLACK;
      for (let i = 0; i < VIEW; i++) this.#drawRow(SLACK + i, far - i);
      screen.touched.fill();
    } else {
      if (ahead > this.#top) this.#tidy();
      for (let i = 1; i <= ahead; i++) this.#drawRow(this.#top - i, this.#far + i);
      this.#far = far;
      this.#top -= ahead;
      this.#touch(screen.touched.rows, ahead);
    }
    screen.showRows(PANEL_HEIGHT, this.#views[this.#top]!);
  }

  /** Moves the view to the end of the memory. */
  #tidy(): void {
    this.#pixels.copyWithin(SLACK * WIDTH, this.#top * WIDTH, (this.#top + VIEW) * WIDTH);
    this.#looks.copyWithin(SLACK, this.#top, this.#top + VIEW);
    this.#asphalt.copyWithin(SLACK, this.#top, this.#top + VIEW);
    this.#mixed.copyWithin(SLACK, this.#top, this.#top + VIEW);
    this.#top = SLACK;
  }

  /** Notes which tiles of the screen are other than `ahead` rows before: not those that stay all land or all asphalt. */
  #touch(touched: Int32Array, ahead: number): void {
    const looks = this.#looks;
    const asphalt = this.#asphalt;
    const mixed = this.#mixed;
    let row = PANEL_HEIGHT;
    for (let now = this.#top; now < this.#top + VIEW; now++, row++) {
      const then = now + ahead;
      if (looks[now] === looks[then]) continue;
      touched[row]! |= (asphalt[now]! ^ asphalt[then]!) | mixed[now]! | mixed[then]!;
    }
  }

  /** Draws what lies at a distance from the start. */
  #drawRow(row: number, distance: number): void {
    const pixels = this.#pixels;
    const start = row * WIDTH;
    const land = landOf(this.#road.theme);
    pixels.fill(land, start, start + WIDTH);
    const hasObjects = this.#drawObjects(start, distance);
    // Four rows make the pattern: the middle line begins or ends every time, kerbs change every other.
    const pattern = Math.floor(distance / PATTERN) & 3;
    const middle = pixel(this.#road.middle[distance]!);
    pixels.set(ROAD_ROWS[pattern]!, start + middle - ROAD_WIDTH / 2);
    this.#looks[row] = hasObjects ? -distance : middle * 4 + pattern;

    const words = this.#words;
    const allLand = plain(land);
    const allAsphalt = plain(ASPHALT);
    let asphalt = 0;
    let mixed = 0;
    for (let tile = 0; tile < WIDTH / TILE; tile++) {
      const first = (start + tile * TILE) >> 2;
      const word = words[first]!;
      const isPlain = word === words[first + 1];
      if (isPlain && word === allAsphalt) asphalt |= 1 << tile;
      else if (!isPlain || word !== allLand) mixed |= 1 << tile;
    }
    this.#asphalt[row] = asphalt;
    this.#mixed[row] = mixed;
  }

  /** Draws the part of the trees and stones that is seen at a distance; tells whether there is any. */
  #drawObjects(start: number, distance: number): boolean {
    let hasObjects = false;
    const { objectX, objectKind, theme } = this.#road;
    const slot = Math.round(distance / OBJECT_SPACING);
    for (let i = 2 * slot; i < 2 * slot + 2; i++) {
      const { width, height, colors } = OBJECTS[theme]![objectKind[i]!]!;
      const y = slot * OBJECT_SPACING + (height >> 1) - distance;
      if (y < 0 || y >= height) continue;
      hasObjects = true;
      for (let x = 0; x < width; x++) {
        const color = colors[y * width + x]!;
        const column = objectX[i]! + x;
        if (color !== TRANSPARENT && column >= 0 && column < WIDTH) this.#pixels[start + column] = color;
      }
    }
    return hasObjects;
  }
}

/** Four pixels of a colour in a word. */
const plain = (color: number): number => Math.imul(color, 0x01010101);
