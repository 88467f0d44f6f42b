import type { MetricsRow } from '../metrics.js';
import type { Figure, Series } from './figure.js';

/** What was predicted, and what came of it, by the names of the metrics. */
const PAIRS = [
  { predicted: 'evaluation_q', realised: 'evaluation_discounted_return', where: 'in evaluations' },
  { predicted: 'q', realised: 'realised_return', where: 'in training' },
] as const;

const QUANTILE = /^td_error_p(\d+)$/;

/**
 * Pictures of how right values are over training, as far as the metrics tell: the value predicted beside the discounted
 * return that was realised (van Hasselt, Guez and Silver 2016, figure 3), and quantiles of TD errors.
 */
export function valueFigures(rows: readonly MetricsRow[], { title }: { readonly title: string }): Figure[] {
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  const line = (name: string, metric: string): Series => {
    const told = rows.filter((row) => Number.isFinite(row[metric]));
    return { kind: 'line', name, x: told.map(({ step }) => step), y: told.map((row) => row[metric]!) };
  };
  const x = { label: 'environment steps' };
  const pairs = PAIRS.filter(({ predicted, realised }) => names.has(predicted) && names.has(realised));
  const figures: Figure[] = pairs.map(({ predicted, realised, where }) => ({
    title: `${title}: values ${where}`,
    x,
    y: { label: 'discounted return' },
    series: [line('predicted', predicted), line('realised', realised)],
  }));
  const percents = [...names].flatMap((name) => QUANTILE.exec(name)?.[1] ?? []).map(Number);
  if (percents.length > 0) {
    figures.push({
      title: `${title}: TD errors`,
      x,
      y: { label: '|TD error|' },
      series: percents
        .sort((a, b) => a - b)
        .map((percent) => line(percent === 50 ? 'median' : `${percent}%`, `td_error_p${percent}`)),
    });
  }
  return figures;
}
