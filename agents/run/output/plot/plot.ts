import type { Figure } from './figure.js';
import { toSvg } from './svg.js';

/** Pixels of the PNG to one of the SVG, so that it is sharp on screens with dense pixels and in print. */
const DENSITY = 2;

/** Figures as one SVG document, and as the PNG file rendered from it. */
export async function plot(...figures: readonly Figure[]): Promise<{ svg: string; png: Buffer }> {
  // Loaded with the first plot: it is a native library, and whoever draws nothing need not wait for it.
  const { measure, rasterize } = await import('./raster.js');
  const svg = toSvg(figures, measure);
  return { svg, png: await rasterize(svg, DENSITY) };
}
