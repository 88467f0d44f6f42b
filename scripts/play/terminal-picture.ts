import type { Image } from '../../protocol/spec.js';
import { scalePicture } from '../scale-picture.js';

/**
 * A picture as text for a terminal with 24-bit colour: each character is an upper half block, its two colours two
 * pixels one above the other. Scaled to fit, never enlarged past whole pixels.
 * @param columns - characters of a line
 * @param rows - lines
 */
export function terminalPicture(picture: Image, columns: number, rows: number): string {
  const shrink = Math.max(picture.width / columns, picture.height / (2 * rows));
  const { width, height, data } = scalePicture(
    picture,
    shrink > 1 ? shrink : 1 / Math.max(1, Math.floor(1 / shrink)),
  );
  const color = (x: number, y: number): string =>
    data.subarray(3 * (y * width + x), 3 * (y * width + x + 1)).join(';');
  const lines: string[] = [];
  for (let y = 0; y < height; y += 2) {
    let line = '';
    for (let x = 0; x < width; x++) {
      const below = y + 1 < height ? `\x1b[48;2;${color(x, y + 1)}m` : '\x1b[49m';
      line += `\x1b[38;2;${color(x, y)}m${below}▀`;
    }
    lines.push(`${line}\x1b[0m`);
  }
  return lines.join('\n');
}
