import type { MetricsRow } from '../metrics.js';
import type { Figure, Series } from './figure.js';

/** More raw points than this only blacken the picture and bloat the SVG. */
const MAX_DOTS = 1500;
const CURVE_POINTS = 200;
/** Standard deviation of the smoothing kernel, as a part of the range of steps, and in mean distances of episodes. */
const BANDWIDTH = { range: 0.02, episodes: 2 };

export interface LearningCurveOptions {
  readonly title: string;
  /** Mean return from which the task counts as solved. */
  readonly threshold?: number | undefined;
}

/**
 * The return over training: that of training episodes (`episode_return` in the metrics) faintly with a smoothed line, the mean of each evaluation (`evaluation_return`) as points on a line, with a band where the evaluation has an
 * interval (`evaluation_low`, `evaluation_high`).
 */
export function learningCurve(
  rows: readonly MetricsRow[],
  { title, threshold }: LearningCurveOptions,
): Figure {
  const series: Series[] = [];
  const episodes = rows.filter((row) => Number.isFinite(row.episode_return));
  if (episodes.length > 0) {
    const x = episodes.map((row) => row.step);
    const y = episodes.map((row) => row.episode_return!);
    const keep = (_: unknown, i: number) => i % Math.ceil(episodes.length / MAX_DOTS) === 0;
    const name = 'training, smoothed';
    series.push({ kind: 'points', name, x: x.filter(keep), y: y.filter(keep), faint: true });
    series.push({ kind: 'line', name, ...smooth(x, y) });
  }
  const evaluations = rows.filter((row) => Number.isFinite(row.evaluation_return));
  if (evaluations.length > 0) {
    const x = evaluations.map((row) => row.step);
    const y = evaluations.map((row) => row.evaluation_return!);
    const low = evaluations.map((row) => row.evaluation_low ?? NaN);
    const high = evaluations.map((row) => row.evaluation_high ?? NaN);
    const banded = low.some((value) => Number.isFinite(value));
    const name = banded ? 'evaluation, mean and 95% interval' : 'evaluation, mean';
    if (banded) series.push({ kind: 'band', name, x, low, high });
    series.push({ kind: 'line', name, x, y });
    series.push({ kind: 'points', name, x, y });
  }
  if (threshold !== undefined) series.push({ kind: 'level', name: `solved (${threshold})`, y: threshold });
  return { title, x: { label: 'environment steps' }, y: { label: 'episode return' }, series };
}

/**
 * A curve through scattered points: at each of 200 places the mean weighted by a Gaussian in x, its standard deviation
 * a 50th of the range or twice the mean distance of points, whichever is more (Nadaraya 1964, Watson 1964). Places
 * without a point near are left out.
 * @param x - ascending, at least one.
 */
export function smooth(x: readonly number[], y: readonly number[]): { x: number[]; y: number[] } {
  const first = x[0]!;
  const range = x.at(-1)! - first;
  if (range === 0) return { x: [first], y: [y.reduce((sum, value) => sum + value, 0) / y.length] };
  const width = Math.max(BANDWIDTH.range, BANDWIDTH.episodes / x.length) * range;
  const reach = 4 * width; // beyond it the weight is below 0.04%
  const curve = { x: [] as number[], y: [] as number[] };
  let start = 0;
  for (let k = 0; k < CURVE_POINTS; k++) {
    const place = first + (k / (CURVE_POINTS - 1)) * range;
    while (x[start]! < place - reach) start += 1;
    let sum = 0;
    let weights = 0;
    for (let i = start; i < x.length && x[i]! <= place + reach; i++) {
      const weight = Math.exp(-0.5 * ((x[i]! - place) / width) ** 2);
      sum += weight * y[i]!;
      weights += weight;
    }
    if (weights > 0) {
      curve.x.push(place);
      curve.y.push(sum / weights);
    }
  }
  return curve;
}
