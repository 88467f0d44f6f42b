/** A small picture of palette colours; `TRANSPARENT` where what lies below shows. */
export interface Sprite {
  readonly width: number;
  readonly height: number;
  /** Row by row from the top left. */
  readonly colors: Uint8Array;
}

export const TRANSPARENT = 255;

/** A sprite drawn in characters: each stands for a colour, a dot is transparent. The rows are equally long. */
export function sprite(rows: readonly string[], colors: Readonly<Record<string, number>>): Sprite {
  const cells = [...rows.join('')].map((character) => (character === '.' ? TRANSPARENT : colors[character]!));
  return { width: rows[0]!.length, height: rows.length, colors: Uint8Array.from(cells) };
}

/**
 * A square sprite turned clockwise by each of `angles` (in turns) about its centre. Every pixel takes the colour of the
 * one it comes from, so the edges stay sharp.
 */
export const turned = (upright: Sprite, angles: readonly number[]): Sprite[] =>
  angles.map((turns) => {
    const { width, height, colors } = upright;
    const sin = Math.sin(turns * 2 * Math.PI);
    const cos = Math.cos(turns * 2 * Math.PI);
    const middle = (width - 1) / 2;
    const turnedColors = Uint8Array.from(colors, (_, i) => {
      const x = (i % width) - middle;
      const y = Math.floor(i / width) - middle;
      const column = Math.round(x * cos + y * sin + middle);
      const row = Math.round(y * cos - x * sin + middle);
      const inside = column >= 0 && column < width && row >= 0 && row < height;
      return inside ? colors[row * width + column]! : TRANSPARENT;
    });
    return { width, height, colors: turnedColors };
  });
