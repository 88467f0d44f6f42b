import { mean } from '../../../mean.js';
import { Random } from '../../../random.js';
import { bootstrapInterval } from '../../../statistics.js';
import type { MetricsRow } from '../metrics.js';
import type { Figure, Series } from './figure.js';
import { smooth } from './learning-curve.js';

/** Places at most at which runs of a group are put together. */
const PLACES = 200;
const RESAMPLES = 1000;

/** Runs that differ in nothing but their seeds. */
export interface RunGroup {
  readonly label: string;
  /** The metrics of each run. */
  readonly runs: readonly (readonly MetricsRow[])[];
}

export interface ComparisonOptions {
  readonly title: string;
  readonly metric: string;
  /** Whether each run's curve is smoothed before the runs are put together. */
  readonly smooth: boolean;
  /** Mean return from which the task counts as solved. */
  readonly threshold?: number | undefined;
}

interface Curve {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/**
 * One metric over training, a line a group: the mean over its runs, with the band of its 95% bootstrap interval where
 * there are several. Between its measurements a run counts as a straight line; before the first and after the last it
 * has no part in the mean. Groups without the metric are left out.
 */
export function comparison(groups: readonly RunGroup[], options: ComparisonOptions): Figure {
  const series = groups.flatMap(({ label, runs }): Series[] => {
    const curves = runs.map((rows) => curveOf(rows, options)).filter(({ x }) => x.length > 0);
    if (curves.length === 0) return [];
    const x = places(curves);
    const values = x.map((place) => curves.flatMap((curve) => valueAt(curve, place) ?? []));
    const name = runs.length > 1 ? `${label} (${curves.length} runs)` : label;
    const line: Series = { kind: 'line', name, x, y: values.map(mean) };
    if (curves.length === 1) return [line];
    const bands = values.map(meanInterval);
    return [{ kind: 'band', name, x, low: bands.map((b) => b.low), high: bands.map((b) => b.high) }, line];
  });
  const { title, metric, threshold } = options;
  if (threshold !== undefined) series.push({ kind: 'level', name: `solved (${threshold})`, y: threshold });
  return { title, x: { label: 'environment steps' }, y: { label: metric.replaceAll('_', ' ') }, series };
}

/** The 95% interval of a mean; the same numbers give the same interval. */
export function meanInterval(values: readonly number[]) {
  const random = new Random(0, 'bootstrap');
  return bootstrapInterval([values], ([runs]) => mean(runs!), {
    confidence: 0.95,
    resamples: RESAMPLES,
    random,
  });
}

function curveOf(rows: readonly MetricsRow[], { metric, smooth: smoothed }: ComparisonOptions): Curve {
  const told = rows.filter((row) => Number.isFinite(row[metric]));
  const curve = { x: told.map(({ step }) => step), y: told.map((row) => row[metric]!) };
  return smoothed && told.length > 0 ? smooth(curve.x, curve.y) : curve;
}

/** Every place at which a run was measured; where those are too many, as many at equal distances. */
function places(curves: readonly Curve[]): number[] {
  const all = [...new Set(curves.flatMap(({ x }) => x))].sort((a, b) => a - b);
  if (all.length <= PLACES) return all;
  const [first, last] = [all[0]!, all.at(-1)!];
  return Array.from({ length: PLACES }, (_, k) => first + (k / (PLACES - 1)) * (last - first));
}

function valueAt({ x, y }: Curve, place: number): number | undefined {
  const next = x.findIndex((at) => at >= place);
  if (next < 0 || (next === 0 && x[0]! > place)) return undefined;
  if (x[next] === place) return y[next];
  const share = (place - x[next - 1]!) / (x[next]! - x[next - 1]!);
  return y[next - 1]! + share * (y[next]! - y[next - 1]!);
}
