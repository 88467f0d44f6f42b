import type { Color } from '../raster.js';

/** The brightness of each of the 256 colours in one channel of a picture. */
export type Channel = Uint8Array;

/** The colours of a game by number, as tables. */
export interface Palette {
  /** Red, green and blue. */
  readonly rgb: readonly [Channel, Channel, Channel];
  /** Luminance as ALE computes it (ALE, common/ColourPalette.cpp). */
  readonly gray: Channel;
}

/** A palette of at most 256 colours; the numbers after the last of them are black. */
export function palette(...colors: Color[]): Palette {
  const table = (brightness: (color: Color) => number): Channel => {
    const channel = new Uint8Array(256);
    for (const [i, color] of colors.entries()) channel[i] = brightness(color);
    return channel;
  };
  return {
    rgb: [table(([red]) => red), table(([, green]) => green), table(([, , blue]) => blue)],
    gray: table(([red, green, blue]) => Math.round(red * 0.2989 + green * 0.587 + blue * 0.114)),
  };
}
