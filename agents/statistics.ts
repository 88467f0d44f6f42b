/**
 * Statistics of a few runs, as Agarwal et al. (2021), "Deep Reinforcement Learning at the Edge of the Statistical
 * Precipice", recommend and their package rliable computes them.
 */
import type { SampleSource } from '../protocol/spaces/index.js';

const ascending = (values: ArrayLike<number>): Float64Array => Float64Array.from(values).sort();

/**
 * The mean without the lowest and the highest quarter of the values, each rounded down to whole values
 * (`scipy.stats.trim_mean(values, 0.25)`). NaN where there are none.
 */
export function interquartileMean(values: ArrayLike<number>): number {
  const sorted = ascending(values);
  const cut = Math.floor(sorted.length / 4);
  const middle = sorted.subarray(cut, sorted.length - cut);
  return middle.reduce((sum, x) => sum + x, 0) / middle.length;
}

/** The value in the middle, or the mean of the two there. NaN where there are none. */
export const median = (values: ArrayLike<number>): number => quantile(ascending(values), 0.5);

/**
 * P(X > Y) for a run X of one algorithm and a run Y of the other, ties counting half: the share of all pairs, which is
 * the Mann-Whitney U statistic over its largest value.
 */
export function probabilityOfImprovement(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let wins = 0;
  for (let i = 0; i < x.length; i++) {
    for (let j = 0; j < y.length; j++) wins += x[i]! > y[j]! ? 1 : x[i]! === y[j]! ? 0.5 : 0;
  }
  return wins / (x.length * y.length);
}

/** Linear interpolation between order statistics, as NumPy's `quantile` does by default. `sorted` is ascending. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const place = q * (sorted.length - 1);
  const below = Math.floor(place);
  const value = sorted[below] ?? Number.NaN;
  return place === below ? value : value + (place - below) * (sorted[below + 1]! - value);
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface BootstrapOptions {
  /** Probability that the interval covers what would come of ever more runs, such as 0.95. */
  readonly confidence: number;
  readonly resamples: number;
  readonly random: SampleSource;
}

/**
 * The stratified percentile bootstrap (Efron 1979; Agarwal et al. 2021, section 4): the runs of each stratum, a task or
 * an algorithm, are drawn anew with replacement, as many as there were, and the statistic is computed of them all.
 */
export function bootstrapInterval<Strata extends readonly ArrayLike<number>[]>(
  strata: Strata,
  statistic: (strata: Strata) => number,
  { confidence, resamples, random }: BootstrapOptions,
): Interval {
  const drawn = strata.map(({ length }) => new Float64Array(length));
  const found = new Float64Array(resamples);
  for (let k = 0; k < resamples; k++) {
    for (const [s, runs] of strata.entries()) {
      const sample = drawn[s]!;
      for (let i = 0; i < sample.length; i++) sample[i] = runs[random.integers(0, sample.length)]!;
    }
    found[k] = statistic(drawn as readonly ArrayLike<number>[] as Strata);
  }
  found.sort();
  return { low: quantile(found, (1 - confidence) / 2), high: quantile(found, (1 + confidence) / 2) };
}
