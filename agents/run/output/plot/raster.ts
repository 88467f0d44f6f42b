import { createRequire } from 'node:module';
import { createCanvas, GlobalFonts, loadImage } from '@napi-rs/canvas';
import { FONT_FAMILY } from './svg.js';

// The fonts come with a package, so that text looks the same, and is there at all, on a machine without fonts.
const resolve = createRequire(import.meta.url).resolve;
for (const [script, family] of [
  ['latin', 'Arimo'],
  ['greek', 'Arimo Greek'],
] as const) {
  for (const weight of [400, 700]) {
    GlobalFonts.registerFromPath(
      resolve(`@fontsource/arimo/files/arimo-${script}-${weight}-normal.woff2`),
      family,
    );
  }
}

const ruler = createCanvas(1, 1).getContext('2d');

/** Width of a text in pixels at a font size in pixels. */
export function measure(text: string, size: number, bold = false): number {
  ruler.font = `${bold ? 700 : 400} ${size}px ${FONT_FAMILY}`;
  return ruler.measureText(text).width;
}

/** Renders an SVG document as a PNG file of `scale` times its size. */
export async function rasterize(svg: string, scale: number): Promise<Buffer> {
  const image = await loadImage(Buffer.from(svg));
  const canvas = createCanvas(image.width * scale, image.height * scale);
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.encode('png');
}
