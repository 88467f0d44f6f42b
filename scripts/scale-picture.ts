import type { Image } from '../protocol/spec.js';

/** A picture `scale` times smaller (or larger, below 1): each pixel is the mean of those that it covers. */
export function scalePicture({ width, height, data }: Image, scale: number): Image {
  const [wide, high] = [Math.max(1, Math.round(width / scale)), Math.max(1, Math.round(height / scale))];
  const out = new Uint8Array(wide * high * 3);
  for (let y = 0; y < high; y++) {
    for (let x = 0; x < wide; x++) {
      for (let channel = 0; channel < 3; channel++) {
        let [sum, count] = [0, 0];
        for (let row = Math.floor(y * scale); row < Math.min(height, (y + 1) * scale); row++) {
          for (let column = Math.floor(x * scale); column < Math.min(width, (x + 1) * scale); column++) {
            sum += data[3 * (row * width + column) + channel]!;
            count++;
          }
        }
        out[3 * (y * wide + x) + channel] = sum / count;
      }
    }
  }
  return { width: wide, height: high, data: out };
}
