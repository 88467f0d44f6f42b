import { GLYPH_WIDTH, glyph } from '../font.js';
import { HEIGHT, WIDTH } from './size.js';
import { type Sprite, TRANSPARENT } from './sprite.js';
import { Tiles } from './tiles.js';

// V8 sees through a module's own constants in its loops, but looks imported ones up each time.
const CLEAR = TRANSPARENT;

/** How many figures can stand on the screen at once. */
const MAX_FIGURES = 256;

/**
 * A screen of 160 by 210 pixels, a palette colour each, in two layers: a background that changes rarely, and figures
 * upon it that are drawn anew for every picture. A picture is made by `clear`, then painting on the background where
 * that has changed, then drawing the figures; so only what changes costs anything.
 *
 * Coordinates are whole pixels from the top left corner; what lies outside the screen is cut off.
 */
export class Screen {
  /** What shows, row by row. */
  readonly pixels = new Uint8Array(WIDTH * HEIGHT);
  /** What was touched since the reader of the pixels last cleared this. */
  readonly touched = new Tiles();

  readonly #background = new Uint8Array(WIDTH * HEIGHT);
  /** Left, top, right and bottom of every figure. */
  readonly #figures = new Uint8Array(MAX_FIGURES * 4);
  #figureCount = 0;

  constructor() {
    this.touched.fill();
  }

  /** Takes all figures away. */
  clear(): void {
    const { pixels, touched } = this;
    const background = this.#background;
    const figures = this.#figures;
    for (let i = 0; i < this.#figureCount * 4; i += 4) {
      const left = figures[i]!;
      const right = figures[i + 2]!;
      const bottom = figures[i + 3]!;
      for (let row = figures[i + 1]!; row < bottom; row++) {
        const end = row * WIDTH + right;
        for (let at = row * WIDTH + left; at < end; at++) pixels[at] = background[at]!;
        touched.add(row, left, right);
      }
    }
    this.#figureCount = 0;
  }

  /** A rectangle of the background. */
  paintRect(x: number, y: number, width: number, height: number, color: number): void {
    this.#rect(x, y, width, height, color, this.pixels);
    this.#rect(x, y, width, height, color, this.#background);
    this.#touch(x, y, width, height);
  }

  /** A sprite as a part of the background. */
  paintSprite(figure: Sprite, x: number, y: number): void {
    this.#sprite(figure, x, y, this.pixels);
    this.#sprite(figure, x, y, this.#background);
    this.#touch(x, y, figure.width, figure.height);
  }

  /** Capitals, digits and a few signs as a part of the background; a dot of the font is `scale` pixels wide. */
  paintText(text: string, x: number, y: number, color: number, scale: number): void {
    for (let i = 0; i < text.length; i++) {
      const dots = glyph(text[i]!);
      const left = x + i * (GLYPH_WIDTH + 1) * scale;
      for (let dot = 0; dot < dots.length; dot++) {
        if (dots[dot] !== '1') continue;
        const row = Math.floor(dot / GLYPH_WIDTH);
        this.paintRect(left + (dot % GLYPH_WIDTH) * scale, y + row * scale, scale, scale, color);
      }
    }
  }

  /**
   * Overwrites whole rows from `top` on, as a scrolling game does in every picture, in place of a background there. What
   * that changes the caller notes in `touched`.
   */
  showRows(top: number, rows: Uint8Array): void {
    this.pixels.set(rows, top * WIDTH);
  }

  /** A rectangle that stands until the next `clear`. */
  drawRect(x: number, y: number, width: number, height: number, color: number): void {
    this.#rect(x, y, width, height, color, this.pixels);
    this.#note(x, y, width, height);
  }

  /** A sprite that stands until the next `clear`. */
  drawSprite(figure: Sprite, x: number, y: number): void {
    this.#sprite(figure, x, y, this.pixels);
    this.#note(x, y, figure.width, figure.height);
  }

  #rect(x: number, y: number, width: number, height: number, color: number, layer: Uint8Array): void {
    const left = Math.max(x, 0);
    const right = Math.min(x + width, WIDTH);
    for (let row = Math.max(y, 0); row < Math.min(y + height, HEIGHT); row++) {
      const end = row * WIDTH + right;
      for (let at = row * WIDTH + left; at < end; at++) layer[at] = color;
    }
  }

  #sprite({ width, height, colors }: Sprite, x: number, y: number, layer: Uint8Array): void {
    const left = Math.max(x, 0);
    const right = Math.min(x + width, WIDTH);
    const bottom = Math.min(y + height, HEIGHT);
    for (let row = Math.max(y, 0); row < bottom; row++) {
      const shift = (row - y) * width - x;
      const start = row * WIDTH;
      for (let column = left; column < right; column++) {
        const color = colors[shift + column]!;
        if (color !== CLEAR) layer[start + column] = color;
      }
    }
  }

  /** Notes where a figure stands, for `clear`. */
  #note(x: number, y: number, width: number, height: number): void {
    const left = Math.max(x, 0);
    const top = Math.max(y, 0);
    const right = Math.min(x + width, WIDTH);
    const bottom = Math.min(y + height, HEIGHT);
    if (left >= right || top >= bottom) return;
    const i = this.#figureCount++ * 4;
    this.#figures[i] = left;
    this.#figures[i + 1] = top;
    this.#figures[i + 2] = right;
    this.#figures[i + 3] = bottom;
    this.#touch(x, y, width, height);
  }

  #touch(x: number, y: number, width: number, height: number): void {
    const left = Math.max(x, 0);
    const right = Math.min(x + width, WIDTH);
    for (let row = Math.max(y, 0); row < Math.min(y + height, HEIGHT); row++) {
      this.touched.add(row, left, right);
    }
  }
}
