import type { Image } from '../env.js';
import { AreaResize } from './area-resize.js';
import { type Channel, COLOR_BITS, type Palette } from './palette.js';
import type { Screen } from './screen.js';
import { HEIGHT, WIDTH } from './size.js';
import { TILE, Tiles } from './tiles.js';

/** Every other byte of a word of four pixels: two 16-bit lanes. */
const LANES = 0x00ff00ff;
// V8 sees through a module's own constants in its loops, but looks imported ones up each time.
const SHIFT = COLOR_BITS;
/** Words in a row of the screen and in a tile. */
const ROW = WIDTH / 4;
const TILE_WORDS = TILE / 4;

export interface CameraSettings {
  /** The channels of the picture, in order. */
  readonly channels: readonly Channel[];
  /** Width and height of the picture; null for the screen as it is. */
  readonly size: number | null;
  /** Whether the picture is the brighter of two frames, pixel by pixel, in place of the last. */
  readonly maxPool: boolean;
}

/** One channel of what the camera sees, before it is shrunk. */
interface Plane {
  readonly channel: Channel;
  readonly pixels: Uint8Array;
  /** The same memory. */
  readonly words: Int32Array;
}

/**
 * Takes pictures of a screen: looks the colours up, keeps the brighter of two frames, shrinks. What has not changed
 * since the last picture is not computed again.
 */
export class Camera {
  /** The last picture, uint8 [height, width, channels]. */
  readonly picture: Uint8Array;
  readonly shape: readonly number[];

  readonly #screen: Screen;
  readonly #planes: readonly Plane[];
  readonly #resizer: AreaResize | undefined;
  /** The memory of the picture, where the resizer writes. */
  readonly #means: Uint8ClampedArray;
  /** The frame before the last: a copy, or the screen itself if frames are not pooled. */
  readonly #before: Uint8Array;
  readonly #beforeWords: Int32Array;
  readonly #screenWords: Int32Array;
  /** What may have changed since the last picture, and where that may show another frame before than itself. */
  readonly #changed = new Tiles();
  readonly #late = new Tiles();
  /** What did change in the plane at hand. */
  readonly #seen = new Tiles();

  constructor(screen: Screen, { channels, size, maxPool }: CameraSettings) {
    this.#screen = screen;
    this.#planes = channels.map((channel) => {
      const pixels = new Uint8Array(WIDTH * HEIGHT);
      return { channel, pixels, words: new Int32Array(pixels.buffer) };
    });
    this.#resizer = size === null ? undefined : new AreaResize(size);
    const [height, width] = size === null ? [HEIGHT, WIDTH] : [size, size];
    this.shape = channels.length === 1 ? [height, width] : [height, width, channels.length];
    this.picture = new Uint8Array(height * width * channels.length);
    this.#means = new Uint8ClampedArray(this.picture.buffer);
    this.#before = maxPool ? new Uint8Array(WIDTH * HEIGHT) : screen.pixels;
    this.#beforeWords = new Int32Array(this.#before.buffer);
    this.#screenWords = new Int32Array(screen.pixels.buffer);
  }

  /** Remembers the screen as the frame before the one that `shoot` will see. */
  remember(): void {
    if (this.#before === this.#screen.pixels) return;
    this.#before.set(this.#screen.pixels);
    this.#changed.addAll(this.#screen.touched);
    this.#screen.touched.clear();
  }

  /** Takes a picture. */
  shoot(): void {
    const { touched } = this.#screen;
    this.#changed.addAll(this.#late);
    this.#changed.addAll(touched);
    for (let i = 0; i < this.#planes.length; i++) {
      const plane = this.#planes[i]!;
      this.#expose(plane);
      if (this.#resizer === undefined) this.#copy(plane, i);
      else this.#resizer.resize(plane.words, this.#seen, this.#means, i, this.#planes.length);
    }
    this.#late.clear();
    this.#late.addAll(touched);
    touched.clear();
    this.#changed.clear();
  }

  /** The frame before, for a snapshot; undefined if it is not pooled. */
  get before(): Uint8Array | undefined {
    return this.#before === this.#screen.pixels ? undefined : this.#before;
  }

  /** Takes the picture of two given frames: `before`, and what the screen shows. */
  retake(before: Uint8Array | undefined): void {
    if (before !== undefined) this.#before.set(before);
    this.#changed.fill();
    this.shoot();
    this.#late.fill();
  }

  /** Looks up the brightness of what may have changed, and notes where it did. */
  #expose({ channel: { brighter }, words }: Plane): void {
    const { rows } = this.#changed;
    const seen = this.#seen.rows;
    const screen = this.#screenWords;
    const before = this.#beforeWords;
    for (let row = 0; row < rows.length; row++) {
      let changed = rows[row]!;
      for (let rest = changed; rest !== 0; rest &= rest - 1) {
        const tile = rest & -rest;
        const i = row * ROW + (31 - Math.clz32(tile)) * TILE_WORDS;
        const left = pool(brighter, screen[i]!, before[i]!);
        const right = pool(brighter, screen[i + 1]!, before[i + 1]!);
        if (words[i] === left && words[i + 1] === right) changed ^= tile;
        words[i] = left;
        words[i + 1] = right;
      }
      seen[row] = changed;
    }
  }

  /** Copies what changed of channel `index` into the picture. */
  #copy({ pixels }: Plane, index: number): void {
    const { rows } = this.#seen;
    const { picture } = this;
    const channels = this.#planes.length;
    for (let row = 0; row < rows.length; row++) {
      for (let rest = rows[row]!; rest !== 0; rest &= rest - 1) {
        const start = row * WIDTH + (31 - Math.clz32(rest & -rest)) * TILE;
        let at = start * channels + index;
        for (let i = start; i < start + TILE; i++, at += channels) picture[at] = pixels[i]!;
      }
    }
  }
}

/** The brightness of four pixels, the greater one of a colour in this frame and of one in the frame before. */
const pool = (brighter: Uint8Array, now: number, then: number): number => {
  // In each lane a colour of this frame and one of the frame before.
  const even = ((now & LANES) << SHIFT) | (then & LANES);
  const odd = (((now >>> 8) & LANES) << SHIFT) | ((then >>> 8) & LANES);
  return (
    brighter[even & 0xffff]! |
    (brighter[odd & 0xffff]! << 8) |
    (brighter[even >>> 16]! << 16) |
    (brighter[odd >>> 16]! << 24)
  );
};

/** The screen in its colours. */
export function photograph(screen: Screen, { rgb }: Palette): Image {
  const data = new Uint8Array(WIDTH * HEIGHT * 3);
  for (let i = 0; i < WIDTH * HEIGHT; i++) {
    for (let channel = 0; channel < 3; channel++)
      data[i * 3 + channel] = rgb[channel]!.brightness[screen.pixels[i]!]!;
  }
  return { width: WIDTH, height: HEIGHT, data };
}
