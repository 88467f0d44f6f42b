import type { Color } from '../raster.js';

/** The most colours that a palette has: five bits. */
export const MAX_COLORS = 32;
export const COLOR_BITS = 5;

/** One channel of a picture: how bright each colour is, 0 to 255. */
export interface Channel {
  readonly brightness: Uint8Array;
  /** The greater brightness of colours a and b, at `(a << COLOR_BITS) | b`. */
  readonly brighter: Uint8Array;
}

/** The colours of a game by number, as tables. */
export interface Palette {
  /** Red, green and blue. */
  readonly rgb: readonly [Channel, Channel, Channel];
  /** Luminance as ALE computes it (ALE, common/ColourPalette.cpp). */
  readonly gray: Channel;
}

/** A palette of at most `MAX_COLORS` colours; the numbers after the last of them are black. */
export function palette(...colors: Color[]): Palette {
  const channel = (brightnessOf: (color: Color) => number): Channel => {
    const brightness = new Uint8Array(MAX_COLORS);
    for (const [i, color] of colors.entries()) brightness[i] = brightnessOf(color);
    const brighter = Uint8Array.from({ length: MAX_COLORS ** 2 }, (_, pair) =>
      Math.max(brightness[pair >> COLOR_BITS]!, brightness[pair % MAX_COLORS]!),
    );
    return { brightness, brighter };
  };
  return {
    rgb: [channel(([red]) => red), channel(([, green]) => green), channel(([, , blue]) => blue)],
    gray: channel(([red, green, blue]) => Math.round(red * 0.2989 + green * 0.587 + blue * 0.114)),
  };
}
