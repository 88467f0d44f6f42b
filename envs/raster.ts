import type { Image } from './env.js';
import { GLYPH_HEIGHT, GLYPH_WIDTH, glyph } from './font.js';

/** Red, green and blue, 0 to 255. */
export type Color = readonly [number, number, number];
export type Point = readonly [x: number, y: number];

export const BLACK: Color = [0, 0, 0];
export const WHITE: Color = [255, 255, 255];

/**
 * A picture to draw on. x grows to the right and y down from the top left corner, in pixels; a pixel is painted where
 * its centre lies inside the figure. What lies outside the picture is cut off.
 */
export class Canvas implements Image {
  readonly data: Uint8Array;

  constructor(
    readonly width: number,
    readonly height: number,
    background: Color = WHITE,
  ) {
    this.data = new Uint8Array(width * height * 3);
    this.rect(0, 0, width, height, background);
  }

  rect(x: number, y: number, width: number, height: number, color: Color): void {
    const top = Math.max(Math.round(y), 0);
    const bottom = Math.min(Math.round(y + height), this.height);
    for (let row = top; row < bottom; row++) this.#span(x, x + width, row, color);
  }

  circle(cx: number, cy: number, radius: number, color: Color): void {
    const top = Math.max(Math.floor(cy - radius), 0);
    const bottom = Math.min(Math.ceil(cy + radius), this.height);
    for (let row = top; row < bottom; row++) {
      const half = Math.sqrt(Math.max(radius ** 2 - (row + 0.5 - cy) ** 2, 0));
      this.#span(cx - half, cx + half, row, color);
    }
  }

  /** Fills a polygon; where it crosses itself, by the even-odd rule. */
  polygon(points: readonly Point[], color: Color): void {
    const ys = points.map(([, y]) => y);
    const top = Math.max(Math.floor(Math.min(...ys)), 0);
    const bottom = Math.min(Math.ceil(Math.max(...ys)), this.height);
    for (let row = top; row < bottom; row++) {
      const y = row + 0.5;
      const crossings: number[] = [];
      for (const [i, [x1, y1]] of points.entries()) {
        const [x2, y2] = points[(i + 1) % points.length]!;
        if (y1 <= y !== y2 <= y) crossings.push(x1 + ((y - y1) / (y2 - y1)) * (x2 - x1));
      }
      crossings.sort((a, b) => a - b);
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        this.#span(crossings[i]!, crossings[i + 1]!, row, color);
      }
    }
  }

  /** A straight line `thickness` pixels wide. */
  line([x1, y1]: Point, [x2, y2]: Point, color: Color, thickness = 1): void {
    const length = Math.hypot(x2 - x1, y2 - y1);
    if (length === 0) return;
    const dx = (((y1 - y2) / length) * thickness) / 2;
    const dy = (((x2 - x1) / length) * thickness) / 2;
    this.polygon(
      [
        [x1 + dx, y1 + dy],
        [x2 + dx, y2 + dy],
        [x2 - dx, y2 - dy],
        [x1 - dx, y1 - dy],
      ],
      color,
    );
  }

  /** A line of capitals, digits and a few signs, its top left corner at (x, y), a dot of the font `scale` pixels wide. */
  text(text: string, x: number, y: number, color: Color, scale = 2): void {
    for (const [i, character] of [...text].entries()) {
      const bits = glyph(character);
      const left = x + i * (GLYPH_WIDTH + 1) * scale;
      for (let dot = 0; dot < bits.length; dot++) {
        if (bits[dot] !== '1') continue;
        const column = dot % GLYPH_WIDTH;
        const row = Math.floor(dot / GLYPH_WIDTH);
        this.rect(left + column * scale, y + row * scale, scale, scale, color);
      }
    }
  }

  /** How wide and high `text` paints a text. */
  static textSize(text: string, scale = 2): readonly [width: number, height: number] {
    return [(text.length * (GLYPH_WIDTH + 1) - 1) * scale, GLYPH_HEIGHT * scale];
  }

  #span(from: number, to: number, row: number, [red, green, blue]: Color): void {
    const first = Math.max(Math.round(from), 0);
    const last = Math.min(Math.round(to), this.width);
    for (let i = (row * this.width + first) * 3; i < (row * this.width + last) * 3; i += 3) {
      this.data[i] = red;
      this.data[i + 1] = green;
      this.data[i + 2] = blue;
    }
  }
}

/** `point` turned by `angle` radians about the origin, then moved by (x, y). */
export function place([px, py]: Point, angle: number, x: number, y: number): Point {
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  return [x + px * cos - py * sin, y + px * sin + py * cos];
}
