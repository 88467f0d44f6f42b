import type { Image } from '../protocol/spec.js';

/**
 * A picture as text for a terminal with 24-bit colour: each character is an upper half block, its two colours two
 * pixels one above the other. Scaled by averaging to fit, never enlarged past whole pixels.
 * @param columns - characters of a line
 * @param rows - lines
 */
export function terminalPicture({ width, height, data }: Image, columns: number, rows: number): string {
  const shrink = Math.max(width / columns, height / (2 * rows));
  const scale = shrink > 1 ? shrink : 1 / Math.max(1, Math.floor(1 / shrink));
  const wide = Math.max(1, Math.floor(width / scale));
  const high = Math.max(2, Math.floor(height / scale));
  const colour = (x: number, y: number): string => {
    const [left, right] = [
      Math.floor(x * scale),
      Math.max(Math.floor(x * scale) + 1, Math.floor((x + 1) * scale)),
    ];
    const [top, bottom] = [
      Math.floor(y * scale),
      Math.max(Math.floor(y * scale) + 1, Math.floor((y + 1) * scale)),
    ];
    const sum = [0, 0, 0];
    let count = 0;
    for (let row = top; row < Math.min(bottom, height); row++) {
      for (let column = left; column < Math.min(right, width); column++) {
        for (let channel = 0; channel < 3; channel++)
          sum[channel]! += data[3 * (row * width + column) + channel]!;
        count++;
      }
    }
    return sum.map((total) => Math.round(total / Math.max(1, count))).join(';');
  };
  const lines: string[] = [];
  for (let y = 0; y < high; y += 2) {
    let line = '';
    for (let x = 0; x < wide; x++) {
      const below = y + 1 < high ? `\x1b[48;2;${colour(x, y + 1)}m` : '\x1b[49m';
      line += `\x1b[38;2;${colour(x, y)}m${below}▀`;
    }
    lines.push(`${line}\x1b[0m`);
  }
  return lines.join('\n');
}
