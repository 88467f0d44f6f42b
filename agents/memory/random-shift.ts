import { sizeOf } from '../../protocol/dtypes.js';
import type { SampleSource } from '../../protocol/spaces/index.js';

/**
 * Random shift (Kostrikov, Yarats and Fergus 2021, "Image augmentation is all you need"): moves each picture of a batch by
 * up to `most` pixels up or down and left or right, all its channels alike; what comes in from outside is the nearest
 * pixel of the border.
 */
export class RandomShift {
  readonly #picture: Uint8Array;

  /**
   * @param shape of a picture: [height, width, channels]
   * @param most pixels, fewer than it is high and wide
   */
  constructor(
    private readonly shape: readonly number[],
    private readonly most: number,
  ) {
    this.#picture = new Uint8Array(sizeOf(shape));
  }

  /** Moves the pictures of a slab [B, height, width, channels], in place. */
  move(slab: Uint8Array, random: SampleSource): void {
    const [height, width, channels] = this.shape as [number, number, number];
    const picture = this.#picture;
    const row = width * channels;
    for (let at = 0; at < slab.length; at += picture.length) {
      const down = random.integers(-this.most, this.most + 1);
      const right = random.integers(-this.most, this.most + 1);
      picture.set(slab.subarray(at, at + picture.length));
      const [from, to] = [Math.max(0, -right) * channels, Math.max(0, right) * channels];
      const kept = row - from - to;
      for (let y = 0; y < height; y++) {
        const source = Math.min(height - 1, Math.max(0, y - down)) * row;
        const target = at + y * row;
        slab.set(picture.subarray(source + from, source + from + kept), target + to);
        for (let x = 0; x < to; x++) slab[target + x] = picture[source + (x % channels)]!;
        for (let x = 0; x < from; x++) {
          slab[target + kept + x] = picture[source + row - channels + (x % channels)]!;
        }
      }
    }
  }
}
