import type { Color } from '../raster.js';
import { type Body, UNIT } from './body.js';

/** The part of the world that a picture shows, in length units; y points down. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The most corners that a polygon may have. */
const MAX_CORNERS = 32;

/**
 * Draws a world, in its own coordinates, into memory that belongs to somebody else: an observation is painted where
 * the batch has it, and nothing is allocated. A pixel is painted where its centre lies inside the figure, and what
 * lies outside the picture is cut off. (`Canvas` in raster.ts owns its memory, allocates, and is in pixels.)
 */
export class Painter {
  readonly width: number;
  readonly height: number;
  readonly #channels: number;
  readonly #frame: Frame;
  /** Pixels a length unit. */
  readonly #scale: number;
  #data: Uint8Array = new Uint8Array(0);
  /** The corners of the polygon at hand in pixels: x and y in turn. */
  readonly #corners = new Float64Array(2 * MAX_CORNERS);
  readonly #crossings = new Float64Array(MAX_CORNERS);

  /** `shape` is [height, width, channels] with three channels (RGB) or one (gray). */
  constructor(shape: readonly [number, number, 1 | 3], frame: Frame) {
    [this.height, this.width, this.#channels] = shape;
    this.#frame = frame;
    this.#scale = Math.min(this.width / frame.width, this.height / frame.height);
  }

  /** Draws into `data` from now on, uint8 of the painter's shape, and fills it with the background. */
  begin(data: Uint8Array, background: Color): void {
    this.#data = data;
    this.#span(0, this.width, 0, background);
    // The first row is copied, then the first two, the first four: far faster than pixel by pixel.
    for (let done = this.width * this.#channels; done < data.length; done *= 2)
      data.copyWithin(done, 0, done);
  }

  body(body: Body, color: Color): void {
    const parts = body.parts.length;
    for (let i = parts === 1 ? 0 : 1; i < parts; i++) {
      const { vertices } = body.parts[i]!;
      for (let j = 0; j < vertices.length; j++) {
        this.#corner(j, vertices[j]!.x / UNIT, vertices[j]!.y / UNIT);
      }
      this.#polygon(vertices.length, color);
    }
  }

  /** A rectangle around (x, y), turned by `angle` radians. */
  rectangle(x: number, y: number, width: number, height: number, color: Color, angle = 0): void {
    if (angle === 0) {
      this.#upright(x - width / 2, y - height / 2, width, height, color);
      return;
    }
    const cos = Math.cos(angle) / 2;
    const sin = Math.sin(angle) / 2;
    for (let i = 0; i < 4; i++) {
      const across = i === 0 || i === 3 ? -width : width;
      const down = i < 2 ? -height : height;
      this.#corner(i, x + across * cos - down * sin, y + across * sin + down * cos);
    }
    this.#polygon(4, color);
  }

  /** A rectangle by its top left corner: one row, and copies of it. */
  #upright(left: number, top: number, width: number, height: number, color: Color): void {
    const scale = this.#scale;
    const x = (left - this.#frame.left) * scale;
    const y = (top - this.#frame.top) * scale;
    const first = Math.max(Math.round(y), 0);
    const end = Math.min(Math.round(y + height * scale), this.height);
    if (first >= end) return;
    this.#span(x, x + width * scale, first, color);
    const from = Math.max(Math.round(x), 0) * this.#channels;
    const to = Math.min(Math.round(x + width * scale), this.width) * this.#channels;
    const row = this.width * this.#channels;
    for (let i = first + 1; i < end && from < to; i++) {
      this.#data.copyWithin(i * row + from, first * row + from, first * row + to);
    }
  }

  /** A straight line. */
  line(x1: number, y1: number, x2: number, y2: number, thickness: number, color: Color): void {
    const length = Math.sqrt((x2 - x1) ** 2 + (y2 - y1) ** 2);
    const angle = Math.atan2(y2 - y1, x2 - x1);
    this.rectangle((x1 + x2) / 2, (y1 + y2) / 2, length, thickness, color, angle);
  }

  /** A disc, or with `hole` > 0 a ring around a hole of that radius. */
  disc(x: number, y: number, radius: number, color: Color, hole = 0): void {
    const scale = this.#scale;
    const cx = (x - this.#frame.left) * scale;
    const cy = (y - this.#frame.top) * scale;
    const outer = radius * scale;
    const inner = hole * scale;
    const top = Math.max(Math.floor(cy - outer), 0);
    const bottom = Math.min(Math.ceil(cy + outer), this.height);
    for (let row = top; row < bottom; row++) {
      const off = (row + 0.5 - cy) ** 2;
      const half = Math.sqrt(Math.max(outer ** 2 - off, 0));
      const gap = Math.sqrt(Math.max(inner ** 2 - off, 0));
      this.#span(cx - half, cx - gap, row, color);
      this.#span(cx + gap, cx + half, row, color);
    }
  }

  #corner(index: number, x: number, y: number): void {
    this.#corners[2 * index] = (x - this.#frame.left) * this.#scale;
    this.#corners[2 * index + 1] = (y - this.#frame.top) * this.#scale;
  }

  /** Fills the polygon of the first `count` corners; where it crosses itself, by the even-odd rule. */
  #polygon(count: number, color: Color): void {
    const corners = this.#corners;
    let least = Infinity;
    let most = -Infinity;
    for (let i = 0; i < count; i++) {
      least = Math.min(least, corners[2 * i + 1]!);
      most = Math.max(most, corners[2 * i + 1]!);
    }
    const top = Math.max(Math.floor(least), 0);
    const bottom = Math.min(Math.ceil(most), this.height);
    for (let row = top; row < bottom; row++) {
      const crossings = this.#cross(row + 0.5, count);
      for (let i = 0; i + 1 < crossings; i += 2) {
        this.#span(this.#crossings[i]!, this.#crossings[i + 1]!, row, color);
      }
    }
  }

  /** Notes where the edges of the polygon cross the height `y`, from left to right, and returns how often. */
  #cross(y: number, count: number): number {
    const corners = this.#corners;
    const crossings = this.#crossings;
    let found = 0;
    for (let i = 0, j = count - 1; i < count; j = i++) {
      const x1 = corners[2 * j]!;
      const y1 = corners[2 * j + 1]!;
      const y2 = corners[2 * i + 1]!;
      if (y1 <= y === y2 <= y) continue;
      const x = x1 + ((y - y1) / (y2 - y1)) * (corners[2 * i]! - x1);
      let at = found++;
      for (; at > 0 && crossings[at - 1]! > x; at--) crossings[at] = crossings[at - 1]!;
      crossings[at] = x;
    }
    return found;
  }

  #span(from: number, to: number, row: number, [red, green, blue]: Color): void {
    const first = row * this.width + Math.max(Math.round(from), 0);
    const last = row * this.width + Math.min(Math.round(to), this.width);
    const data = this.#data;
    if (this.#channels === 1) {
      // ITU-R BT.601, as Pillow and OpenCV turn colours to gray.
      if (first < last) data.fill(Math.round(0.299 * red + 0.587 * green + 0.114 * blue), first, last);
      return;
    }
    for (let i = 3 * first; i < 3 * last; i += 3) {
      data[i] = red;
      data[i + 1] = green;
      data[i + 2] = blue;
    }
  }
}
