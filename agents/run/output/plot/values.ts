import type { MetricsRow } from '../metrics.js';
import type { Figure, Series } from './figure.js';

/** What was predicted, and what came of it, by the names of the metrics. */
const PAIRS = [
  { predicted: 'evaluation_q', realised: 'evaluation_discounted_return', where: 'in evaluations' },
  { predicted: 'q', realised: 'realised_return', where: 'in training' },
] as const;

const QUANTILE = /^td_error_(?:p(\d+)|max)$/;

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
  const quantiles = [...names].flatMap((metric) => {
    const found = QUANTILE.exec(metric);
    return found ? [{ metric, percent: found[1] === undefined ? 100 : Number(found[1]) }] : [];
  });
  if (quantiles.length > 0) {
    const named = (percent: number) => ({ 50: 'median', 100: 'largest' })[percent] ?? `${percent}%`;
    figures.push({
      title: `${title}: TD errors`,
      x,
      y: { label: '|TD error|' },
      series: quantiles
        .sort((a, b) => a.percent - b.percent)
        .map(({ metric, percent }) => line(named(percent), metric)),
    });
  }
  return figures;
}
