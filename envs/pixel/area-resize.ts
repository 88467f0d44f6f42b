import { HEIGHT, WIDTH } from './size.js';
import { TILE, type Tiles } from './tiles.js';

/** Pixels in a 32-bit word, and words in a row of the screen. */
const WORD = 4;
const ROW = WIDTH / WORD;
/** Every other byte of a word: two 16-bit lanes, wide enough for a sum of bytes with weights up to 257 in total. */
const LANES = 0x00ff00ff;

/** The least size that pictures shrink to. */
export const MIN_SIZE = 8;

/** How `to` pixels average `from`: pixel i is the sum of `weights[i * taps + k] * source[first[i] + k]` over `total`. */
interface Axis {
  /** At least three, which is what 84 takes: loops begin with three taps unrolled. */
  readonly taps: number;
  readonly first: Int32Array;
  readonly weights: Int32Array;
  readonly total: number;
}

/**
 * Shrinks the screen to a square by the mean over the area that each pixel of the result covers, as
 * `cv2.resize(..., interpolation=cv2.INTER_AREA)` does, in whole numbers. Means are rounded to the nearest integer and
 * halves to the even one. cv2 means the same but sums in float32, so that where the exact mean is a half (once in a
 * hundred random pixels of 84 by 84) it may round the other way (once in twenty of those).
 *
 * Only what changed is computed again.
 */
export class AreaResize {
  readonly #columns: Axis;
  readonly #rows: Axis;
  /** The first column of the result that a tile has a part in, and the one behind the last that the tiles before it have. */
  readonly #from: Int32Array;
  readonly #to: Int32Array;
  /** Vertical sums of the row at hand, one a column of the screen. */
  readonly #sums = new Int32Array(WIDTH);

  /** `size` is the width and height of the result, from `MIN_SIZE` to that of the screen. */
  constructor(readonly size: number) {
    this.#columns = shrink(WIDTH, size);
    this.#rows = shrink(HEIGHT, size);
    this.#from = Int32Array.from({ length: WIDTH / TILE }, (_, i) => Math.floor((i * TILE * size) / WIDTH));
    this.#to = Int32Array.from({ length: WIDTH / TILE + 1 }, (_, i) => Math.ceil((i * TILE * size) / WIDTH));
  }

  /**
   * Brings `out` up to date with a screen of which `changed` has changed since.
   * @param words - the screen, a brightness a byte, read four pixels at a time
   * @param out - pixel i of the result goes to `out[offset + i * stride]`
   */
  resize(words: Int32Array, changed: Tiles, out: Uint8ClampedArray, offset: number, stride: number): void {
    // All at hand in one function: calls for every few pixels would take longer than the sums.
    const { size } = this;
    const sums = this.#sums;
    const { first: tops, taps: height, weights: rowWeights } = this.#rows;
    const { first: lefts, taps: width, weights: columnWeights } = this.#columns;
    const area = this.#columns.total * this.#rows.total;
    const fromTile = this.#from;
    const toTile = this.#to;
    const { rows } = changed;
    for (let y = 0; y < size; y++) {
      const top = tops[y]!;
      let tiles = 0;
      for (let row = top; row < top + height; row++) tiles |= rows[row]!;
      const rowWeight = y * height;
      const weightA = rowWeights[rowWeight]!;
      const weightB = rowWeights[rowWeight + 1]!;
      const weightC = rowWeights[rowWeight + 2]!;
      // Run by run of tiles.
      while (tiles !== 0) {
        const start = tiles & -tiles;
        const behind = tiles + start; // the carry comes to the tile behind the run
        const from = fromTile[tileOf(start)]!;
        const to = toTile[tileOf(behind & -behind)]!;
        tiles &= behind;

        // Sum the rows up that row y of the result covers, as far as columns `from` up to `to` need them.
        const end = (lefts[to - 1]! + width + WORD - 1) >> 2;
        for (let i = lefts[from]! >> 2; i < end; i++) {
          const at = top * ROW + i;
          const a = words[at]!;
          const b = words[at + ROW]!;
          const c = words[at + 2 * ROW]!;
          let even =
            Math.imul(weightA, a & LANES) + Math.imul(weightB, b & LANES) + Math.imul(weightC, c & LANES);
          let odd =
            Math.imul(weightA, (a >>> 8) & LANES) +
            Math.imul(weightB, (b >>> 8) & LANES) +
            Math.imul(weightC, (c >>> 8) & LANES);
          for (let k = 3; k < height; k++) {
            const word = words[at + k * ROW]!;
            even += Math.imul(rowWeights[rowWeight + k]!, word & LANES);
            odd += Math.imul(rowWeights[rowWeight + k]!, (word >>> 8) & LANES);
          }
          sums[i * WORD] = even & 0xffff;
          sums[i * WORD + 1] = odd & 0xffff;
          sums[i * WORD + 2] = even >>> 16;
          sums[i * WORD + 3] = odd >>> 16;
        }

        // Average the sums along the row.
        let at = offset + (y * size + from) * stride;
        for (let x = from; x < to; x++) {
          const left = lefts[x]!;
          const weight = x * width;
          let sum =
            Math.imul(columnWeights[weight]!, sums[left]!) +
            Math.imul(columnWeights[weight + 1]!, sums[left + 1]!) +
            Math.imul(columnWeights[weight + 2]!, sums[left + 2]!);
          for (let k = 3; k < width; k++) sum += Math.imul(columnWeights[weight + k]!, sums[left + k]!);
          out[at] = sum / area; // a clamped array rounds halves to even
          at += stride;
        }
      }
    }
  }
}

/** Weights in units in which pixels of the source and of the result are both whole. */
function shrink(from: number, to: number): Axis {
  const divisor = greatestCommonDivisor(from, to);
  const total = from / divisor;
  const unit = to / divisor;
  const start = Array.from({ length: to }, (_, i) => Math.floor((i * total) / unit));
  const taps = Math.max(3, ...start.map((pixel, i) => Math.ceil(((i + 1) * total) / unit) - pixel));
  const first = Int32Array.from(start, (pixel) => Math.min(pixel, from - taps));
  const weights = Int32Array.from({ length: to * taps }, (_, j) => {
    const i = Math.floor(j / taps);
    const pixel = first[i]! + (j % taps);
    const overlap = Math.min((i + 1) * total, (pixel + 1) * unit) - Math.max(i * total, pixel * unit);
    return Math.max(overlap, 0);
  });
  return { taps, first, weights, total };
}

/** The number of the tile that is a set alone. */
const tileOf = (set: number): number => 31 - Math.clz32(set);

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b);
