import { crc32, deflateSync, inflateSync } from 'node:zlib';
import type { Image } from '../../../protocol/spec.js';

export interface RecordingOptions {
  /** Frames a second, a whole number up to 65,535. */
  readonly fps: number;
  /** Frames kept; those after are refused. */
  readonly maxFrames?: number;
  /** Each pixel becomes a square of this many pixels. By default as many as fit 320 pixels, at least 1. */
  readonly scale?: number;
  /** How often it plays; 0 for ever. */
  readonly loops?: number;
}

/** The part of a picture that differs from the one before. */
interface Patch {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Its RGB pixels, deflated: an episode of large pictures would not fit in memory otherwise. */
  readonly pixels: Uint8Array;
}

/**
 * Records frames as an animated PNG (PNG Specification, Third Edition, section 11.3.2), which browsers play and other
 * viewers show as its first frame. After the first frame only the rectangle that changed is stored, as palette indices
 * if the recording has at most 256 colours.
 */
export class Recording {
  readonly #fps: number;
  readonly #maxFrames: number;
  readonly #loops: number;
  #scale: number | undefined;
  readonly #patches: Patch[] = [];
  /** Colour (24 bits) to palette index, in order of appearance; undefined once there are more than 256. */
  #palette: Map<number, number> | undefined = new Map();
  #last: Image | undefined;

  constructor({ fps, maxFrames = 1200, scale, loops = 0 }: RecordingOptions) {
    this.#fps = fps;
    this.#maxFrames = maxFrames;
    this.#scale = scale;
    this.#loops = loops;
  }

  /** Frames recorded. */
  get frames(): number {
    return this.#patches.length;
  }

  /**
   * Adds a frame; its data may change afterwards.
   * @returns whether there was room for it.
   * @throws Error if it is not of the first frame's size.
   */
  add(image: Image): boolean {
    if (this.frames >= this.#maxFrames) return false;
    const { width, height, data } = image;
    const last = this.#last;
    if (data.length !== width * height * 3 || (last && (last.width !== width || last.height !== height))) {
      const expected = last ? `${last.width}×${last.height}` : `${width}×${height}`;
      throw new Error(
        `recording: frame ${this.frames}: expected ${expected} RGB pixels, got ${width}×${height} in ${data.length} bytes`,
      );
    }
    this.#scale ??= Math.max(1, Math.floor(320 / Math.max(width, height)));
    const area = changedArea(image, last);
    const pixels = crop(image, area);
    this.#countColours(pixels);
    this.#patches.push({ ...area, pixels: deflateSync(pixels, { level: 1 }) });
    this.#last = { width, height, data: data.slice() };
    return true;
  }

  /** The animation as a file. @throws Error if nothing was recorded. */
  encode(): Buffer {
    if (this.#last === undefined) throw new Error('recording: no frames to encode');
    const scale = this.#scale!;
    const palette = this.#palette;
    const header = Buffer.alloc(13);
    header.writeUInt32BE(this.#last.width * scale, 0);
    header.writeUInt32BE(this.#last.height * scale, 4);
    header.set([8, palette ? INDEXED : RGB, 0, 0, 0], 8);

    const chunks = [SIGNATURE, chunk('IHDR', header), chunk('acTL', uint32(this.frames, this.#loops))];
    if (palette)
      chunks.push(chunk('PLTE', Buffer.concat([...palette.keys()].map((c) => uint32(c).subarray(1)))));
    let sequence = 0;
    for (const [i, patch] of this.#patches.entries()) {
      const delay = Buffer.from([0, 1, this.#fps >> 8, this.#fps & 0xff]); // seconds, as a fraction
      const placed = [patch.width, patch.height, patch.left, patch.top].map((x) => x * scale);
      const keepAndReplace = Buffer.from([0, 0]); // dispose_op NONE, blend_op SOURCE
      chunks.push(chunk('fcTL', uint32(sequence++, ...placed), delay, keepAndReplace));

      const bytesPerPixel = palette ? 1 : 3;
      const rgb = inflateSync(patch.pixels);
      const pixels = palette ? indexed(rgb, palette) : rgb;
      const data = deflateSync(filteredRows(pixels, patch.width, bytesPerPixel, scale), { level: 9 });
      chunks.push(i === 0 ? chunk('IDAT', data) : chunk('fdAT', uint32(sequence++), data));
    }
    chunks.push(chunk('IEND'));
    return Buffer.concat(chunks);
  }

  #countColours(rgb: Uint8Array): void {
    for (let i = 0; i < rgb.length && this.#palette; i += 3) {
      const colour = colourAt(rgb, i);
      if (this.#palette.has(colour)) continue;
      if (this.#palette.size === 256) this.#palette = undefined;
      else this.#palette.set(colour, this.#palette.size);
    }
  }
}

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const RGB = 2;
const INDEXED = 3;
const NONE = 0;
const SUB = 1;
const UP = 2;

type Area = Omit<Patch, 'pixels'>;

/** The smallest rectangle outside which the pictures are equal. PNG has no empty frames, so at least one pixel. */
function changedArea({ width, height, data }: Image, last: Image | undefined): Area {
  if (last === undefined) return { left: 0, top: 0, width, height };
  let left = width;
  let right = -1;
  let top = height;
  let bottom = -1;
  const stride = 3 * width;
  for (let y = 0; y < height; y++) {
    const row = data.subarray(y * stride, (y + 1) * stride);
    const before = last.data.subarray(y * stride, (y + 1) * stride);
    if (Buffer.compare(row, before) === 0) continue;
    if (top > y) top = y;
    bottom = y;
    let [first, end] = [0, stride - 1];
    while (row[first] === before[first]) first++;
    while (row[end] === before[end]) end--;
    left = Math.min(left, Math.floor(first / 3));
    right = Math.max(right, Math.floor(end / 3));
  }
  if (bottom < 0) return { left: 0, top: 0, width: 1, height: 1 };
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** The RGB pixels of a rectangle. */
function crop(image: Image, { left, top, width, height }: Area): Uint8Array {
  const out = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * image.width + left) * 3;
    out.set(image.data.subarray(start, start + width * 3), y * width * 3);
  }
  return out;
}

function colourAt(rgb: Uint8Array, i: number): number {
  return (rgb[i]! << 16) | (rgb[i + 1]! << 8) | rgb[i + 2]!;
}

function indexed(rgb: Uint8Array, palette: ReadonlyMap<number, number>): Uint8Array {
  const out = new Uint8Array(rgb.length / 3);
  for (let i = 0; i < out.length; i++) out[i] = palette.get(colourAt(rgb, i * 3))!;
  return out;
}

/**
 * Scanlines, each behind the byte that tells its filter (section 9.2). Of the `scale` equal rows that a row of pixels
 * becomes, the first is stored as it is where it holds indices, and as differences from the pixel before where it holds
 * colours, which change smoothly; the others as differences from the row above, zeros.
 */
function filteredRows(pixels: Uint8Array, width: number, bytesPerPixel: number, scale: number): Uint8Array {
  const height = pixels.length / (width * bytesPerPixel);
  const stride = 1 + width * scale * bytesPerPixel;
  const out = new Uint8Array(stride * height * scale);
  for (let y = 0; y < height; y++) {
    const row = pixels.subarray(y * width * bytesPerPixel, (y + 1) * width * bytesPerPixel);
    const start = y * scale * stride;
    out[start] = bytesPerPixel === 1 ? NONE : SUB;
    for (let x = 0; x < width * scale; x++) {
      const pixel = Math.floor(x / scale) * bytesPerPixel;
      const before = Math.floor((x - 1) / scale) * bytesPerPixel;
      for (let k = 0; k < bytesPerPixel; k++) {
        const left = bytesPerPixel === 1 || x === 0 ? 0 : row[before + k]!;
        out[start + 1 + x * bytesPerPixel + k] = row[pixel + k]! - left; // modulo 256
      }
    }
    for (let copy = 1; copy < scale; copy++) out[start + copy * stride] = UP;
  }
  return out;
}

function uint32(...values: number[]): Buffer {
  const out = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) out.writeUInt32BE(value, i * 4);
  return out;
}

/** A PNG chunk: length, type, data, CRC over the last two. */
function chunk(type: string, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), ...parts]);
  return Buffer.concat([uint32(body.length - 4), body, uint32(crc32(body))]);
}
