import type { Figure, Numbers, Series } from './figure.js';
import { tickLabels, ticks } from './ticks.js';

/** Width of a text in pixels, in the font that the PNG is drawn with. */
export type Measure = (text: string, size: number, bold?: boolean) => number;

/** Arimo has the widths of Arial and Helvetica, so the layout is the same whichever of them a viewer has. */
export const FONT_FAMILY = `Arimo, 'Arimo Greek', 'Liberation Sans', Arial, Helvetica, sans-serif`;

/** Of one figure in pixels. */
export const WIDTH = 720;
export const HEIGHT = 450;
const MAX_COLUMNS = 3;

/** Distinct for colour-blind readers, on white and in grey (Okabe and Ito, 2008; without yellow and black). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'];
const INK = '#1a1a1a';
const QUIET = '#555555';
const GRID = '#e8e8e8';
const LEVEL = '#777777';

const TITLE = { size: 17, baseline: 36 };
const LABEL = 14;
const TICK = 12.5;
const LEGEND = { size: 13, row: 22, key: 26, gap: 8, between: 22 };
const MARGIN = { left: 24, right: 32, bottom: 62, belowTitle: 22 };

interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

type Scale = (value: number) => number;

/**
 * Draws figures as an SVG document, each on WIDTH × HEIGHT pixels: title, legend below it, then the axes. Several lie in
 * rows, at most three in one; series of one name have one colour in all of them.
 */
export function toSvg(figures: readonly Figure[], measure: Measure): string {
  const colours = assignColours(figures.flatMap(({ series }) => series));
  const columns = Math.min(MAX_COLUMNS, Math.ceil(Math.sqrt(figures.length)));
  const [width, height] = [columns * WIDTH, Math.ceil(figures.length / columns) * HEIGHT];
  const panels = figures.flatMap((figure, i) => {
    const [x, y] = [(i % columns) * WIDTH, Math.floor(i / columns) * HEIGHT];
    return [`<g transform="translate(${x} ${y})">`, ...drawFigure(figure, colours, measure), '</g>'];
  });
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="${FONT_FAMILY}">`,
    `<title>${escapeXml(figures.map(({ title }) => title).join('; '))}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...panels,
    '</svg>',
  ].join('\n')}\n`;
}

function drawFigure(figure: Figure, colours: ReadonlyMap<string, string>, measure: Measure): string[] {
  const [xLow, xHigh] = xRange(figure.series);
  const [yLow, yHigh] = yRange(figure.series);
  const xTicks = ticks(xLow, xHigh, 6);
  const yTicks = ticks(yLow, yHigh, 6);

  const labelWidth = Math.max(...tickLabels(yTicks).map((label) => measure(label, TICK)));
  const left = Math.ceil(MARGIN.left + LABEL + 14 + labelWidth + 9);
  const legend = drawLegend(figure.series, colours, left, measure);
  const frame: Frame = {
    left,
    right: WIDTH - MARGIN.right,
    top: TITLE.baseline + MARGIN.belowTitle + legend.height,
    bottom: HEIGHT - MARGIN.bottom,
  };
  const x: Scale = linear(xLow, xHigh, frame.left, frame.right);
  const y: Scale = linear(yLow, yHigh, frame.bottom, frame.top);

  return [
    text(fit(figure.title, frame.right - frame.left, measure), frame.left, TITLE.baseline, {
      size: TITLE.size,
      bold: true,
    }),
    ...legend.marks,
    ...drawAxes(figure, frame, x, xTicks, y, yTicks),
    ...[...figure.series]
      .sort((a, b) => layer(a) - layer(b))
      .flatMap((series) => drawSeries(series, colours.get(series.name)!, x, y, frame)),
  ];
}

function assignColours(series: readonly Series[]): ReadonlyMap<string, string> {
  const colours = new Map<string, string>();
  let next = 0;
  for (const { kind, name } of series) {
    if (!colours.has(name)) colours.set(name, kind === 'level' ? LEVEL : COLOURS[next++ % COLOURS.length]!);
  }
  return colours;
}

// Ranges

/** From the first to the last point. */
function xRange(series: readonly Series[]): [number, number] {
  const [low, high] = extent(series.flatMap((s) => (s.kind === 'level' ? [] : [s.x])));
  return [nearZero(low, high) ? 0 : low, high];
}

/** With some room above the highest and below the lowest. */
function yRange(series: readonly Series[]): [number, number] {
  const [low, high] = extent(
    series.flatMap((s) => (s.kind === 'band' ? [s.low, s.high] : s.kind === 'level' ? [[s.y]] : [s.y])),
  );
  const room = 0.05 * (high - low);
  return [nearZero(low, high) ? 0 : low - room, high + room];
}

/** Whether a range of positive values is best shown from 0. */
function nearZero(low: number, high: number): boolean {
  return low >= 0 && low < 0.2 * high;
}

/** Smallest and largest finite value; a range around a single one; [0, 1] where there are none. */
function extent(arrays: readonly Numbers[]): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const array of arrays) {
    for (const value of array) {
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  if (low > high) return [0, 1];
  if (low === high) return [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  return [low, high];
}

function linear(from: number, to: number, start: number, end: number): Scale {
  return (value) => start + ((value - from) / (to - from)) * (end - start);
}

// Parts

function drawAxes(
  figure: Figure,
  { left, right, top, bottom }: Frame,
  x: Scale,
  xTicks: readonly number[],
  y: Scale,
  yTicks: readonly number[],
): string[] {
  const xLabels = tickLabels(xTicks);
  const yLabels = tickLabels(yTicks);
  const middle = { anchor: 'middle', size: TICK, fill: QUIET } as const;
  return [
    `<path d="${yTicks.map((t) => `M${n(left)} ${n(y(t))}H${n(right)}`).join('')}" stroke="${GRID}" fill="none"/>`,
    `<path d="M${n(left)} ${n(top)}V${n(bottom)}H${n(right)}" stroke="${QUIET}" fill="none"/>`,
    `<path d="${xTicks.map((t) => `M${n(x(t))} ${n(bottom)}v5`).join('')}" stroke="${QUIET}" fill="none"/>`,
    ...xTicks.map((t, i) => text(xLabels[i]!, x(t), bottom + 20, middle)),
    ...yTicks.map((t, i) => text(yLabels[i]!, left - 9, y(t) + TICK * 0.35, { ...middle, anchor: 'end' })),
    text(figure.x.label, (left + right) / 2, HEIGHT - 18, { anchor: 'middle', size: LABEL }),
    text(figure.y.label, MARGIN.left + 4, (top + bottom) / 2, {
      anchor: 'middle',
      size: LABEL,
      upwards: true,
    }),
  ];
}

/** What is drawn later hides what is drawn earlier: no area hides another's line, and no line a point. */
function layer(series: Series): number {
  if (series.kind === 'points') return series.faint ? 2 : 4;
  return { band: 0, level: 1, line: 3 }[series.kind];
}

function drawSeries(series: Series, colour: string, x: Scale, y: Scale, frame: Frame): string[] {
  switch (series.kind) {
    case 'line': {
      const d = runs(series.x, series.y).map((run) => polyline(run, series.x, series.y, x, y));
      return [
        `<path d="${d.join('')}" stroke="${colour}" stroke-width="2.2" stroke-linejoin="round" stroke-linecap="round" fill="none"/>`,
      ];
    }
    case 'points': {
      const indices = runs(series.x, series.y).flat();
      const [radius, style] = series.faint ? [1.6, faint(indices.length)] : [3.4, SOLID];
      const dots = indices.map(
        (i) => `<circle cx="${n(x(series.x[i]!))}" cy="${n(y(series.y[i]!))}" r="${radius}"/>`,
      );
      return [`<g fill="${colour}" ${style}>`, ...dots, '</g>'];
    }
    case 'band': {
      const d = runs(series.x, series.low, series.high).map((run) => {
        const back = polyline(run.toReversed(), series.x, series.low, x, y).replace('M', 'L');
        return `${polyline(run, series.x, series.high, x, y)}${back}Z`;
      });
      return [`<path d="${d.join('')}" fill="${colour}" ${BAND}/>`];
    }
    case 'level':
      return [
        `<path d="M${n(frame.left)} ${n(y(series.y))}H${n(frame.right)}" stroke="${colour}" ${DASHED} fill="none"/>`,
      ];
  }
}

const SOLID = 'stroke="#ffffff" stroke-width="1.2"';
const BAND = 'fill-opacity="0.18"';
const DASHED = 'stroke-width="1.4" stroke-dasharray="6 4"';

/** The more dots, the fainter each. */
function faint(dots: number): string {
  return `fill-opacity="${n(Math.min(0.6, 1.4 / dots ** 0.25))}"`;
}

/** One entry a name, each with a key made of the marks of its series, in rows as wide as the axes. */
function drawLegend(
  series: readonly Series[],
  colours: ReadonlyMap<string, string>,
  left: number,
  measure: Measure,
): { marks: string[]; height: number } {
  let x = left;
  let row = 0;
  const names = [...new Set(series.map(({ name }) => name))];
  const marks = names.flatMap((name) => {
    const length = measure(name, LEGEND.size);
    const width = LEGEND.key + LEGEND.gap + length;
    if (x > left && x + width > WIDTH - MARGIN.right) {
      x = left;
      row += 1;
    }
    const start = x;
    const baseline = TITLE.baseline + (row + 1.2) * LEGEND.row;
    x += width + LEGEND.between;
    return [
      ...series
        .filter((s) => s.name === name)
        .map((s) => legendKey(s, colours.get(name)!, start, baseline - LEGEND.size * 0.35)),
      text(name, start + LEGEND.key + LEGEND.gap, baseline, { size: LEGEND.size, length }),
    ];
  });
  return { marks, height: names.length === 0 ? 0 : (row + 1) * LEGEND.row + 4 };
}

function legendKey(series: Series, colour: string, x: number, y: number): string {
  const end = x + LEGEND.key;
  switch (series.kind) {
    case 'line':
      return `<path d="M${n(x)} ${n(y)}H${n(end)}" stroke="${colour}" stroke-width="2.2" stroke-linecap="round" fill="none"/>`;
    case 'points':
      return series.faint
        ? `<g fill="${colour}" ${faint(200)}>${[0.1, 0.36, 0.62, 0.9]
            .map((f, i) => `<circle cx="${n(x + f * LEGEND.key)}" cy="${n(y + (i % 2 ? 4 : -4))}" r="1.6"/>`)
            .join('')}</g>`
        : `<circle cx="${n((x + end) / 2)}" cy="${n(y)}" r="3.4" fill="${colour}" ${SOLID}/>`;
    case 'band':
      return `<rect x="${n(x)}" y="${n(y - 6)}" width="${LEGEND.key}" height="12" fill="${colour}" ${BAND}/>`;
    case 'level':
      return `<path d="M${n(x)} ${n(y)}H${n(end)}" stroke="${colour}" ${DASHED} fill="none"/>`;
  }
}

// Marks

/** Indices of the points whose values are all finite, in runs without a gap. */
function runs(...values: Numbers[]): number[][] {
  const found: number[][] = [];
  let run: number[] = [];
  for (let i = 0; i < values[0]!.length; i++) {
    if (values.every((array) => Number.isFinite(array[i]!))) {
      if (run.length === 0) found.push(run);
      run.push(i);
    } else {
      run = [];
    }
  }
  return found;
}

/** A single point becomes a line of no length, which its round ends make a dot. */
function polyline(indices: readonly number[], xs: Numbers, ys: Numbers, x: Scale, y: Scale): string {
  const path = indices.length > 1 ? indices : [indices[0]!, indices[0]!];
  return path.map((i, k) => `${k === 0 ? 'M' : 'L'}${n(x(xs[i]!))} ${n(y(ys[i]!))}`).join('');
}

interface TextStyle {
  readonly size: number;
  readonly bold?: boolean;
  readonly anchor?: 'middle' | 'end';
  readonly fill?: string;
  /** Reads from bottom to top. */
  readonly upwards?: boolean;
  /** Width in pixels that a viewer with another font squeezes the text to. */
  readonly length?: number;
}

function text(content: string, x: number, y: number, style: TextStyle): string {
  const { size, bold, anchor, fill = INK, upwards, length } = style;
  const place = upwards ? `transform="translate(${n(x)} ${n(y)}) rotate(-90)"` : `x="${n(x)}" y="${n(y)}"`;
  const weight = bold ? ' font-weight="700"' : '';
  const align = anchor ? ` text-anchor="${anchor}"` : '';
  const squeeze = length === undefined ? '' : ` textLength="${n(length)}" lengthAdjust="spacingAndGlyphs"`;
  return `<text ${place} font-size="${size}"${weight}${align}${squeeze} fill="${fill}">${escapeXml(content)}</text>`;
}

/** A title cut to what fits, with an ellipsis. */
function fit(title: string, width: number, measure: Measure): string {
  if (measure(title, TITLE.size, true) <= width) return title;
  let cut = title.length;
  while (measure(`${title.slice(0, cut)}…`, TITLE.size, true) > width) cut -= 1;
  return `${title.slice(0, cut)}…`;
}

/** A coordinate to a hundredth of a pixel. */
function n(value: number): string {
  return String(Number(value.toFixed(2)));
}

function escapeXml(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
