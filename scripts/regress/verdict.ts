/** What the scores of seeds say about a claim. */
import { mean } from '../../agents/mean.js';
import { Random } from '../../agents/random.js';
import {
  bootstrapInterval,
  type Interval,
  interquartileMean,
  median,
  probabilityOfImprovement,
} from '../../agents/statistics.js';
import type { Claim, StatisticName } from './claims.js';

/** `reported`: the claim has no bound, its figures stand beside the others. */
export type Verdict = 'pass' | 'fail' | 'inconclusive' | 'reported';

export interface Finding extends Interval {
  readonly verdict: Verdict;
  readonly estimate: number;
}

/** Scores of a task, one a seed. */
export type Scores = readonly number[];

const RESAMPLES = 10_000;

const OF_ONE: Record<Exclude<StatisticName, 'probabilityOfImprovement'>, (values: Scores) => number> = {
  iqm: interquartileMean,
  mean,
  median,
  winRate: mean, // the score of a seed is the share of its episodes that it won
};

/**
 * The statistic of the scores of each task, pooled; with `against`, that minus the other's, or the probability of
 * improvement over the other, the mean over tasks. The interval is a stratified bootstrap, each task and each side a
 * stratum.
 */
export function judge(
  claim: Claim,
  tasks: readonly Scores[],
  against: readonly Scores[] | undefined,
): Finding {
  const statistic = (strata: readonly ArrayLike<number>[]): number => {
    const all = strata.map((stratum) => Array.from(stratum));
    const ours = all.slice(0, tasks.length);
    if (against === undefined) return OF_ONE[claim.statistic as keyof typeof OF_ONE](ours.flat());
    const theirs = all.slice(tasks.length);
    if (claim.statistic === 'probabilityOfImprovement') {
      return mean(ours.map((scores, i) => probabilityOfImprovement(scores, theirs[i]!)));
    }
    const of = OF_ONE[claim.statistic];
    return of(ours.flat()) - of(theirs.flat());
  };
  const strata = [...tasks, ...(against ?? [])];
  const estimate = statistic(strata);
  const interval = bootstrapInterval(strata, statistic, {
    confidence: claim.confidence,
    resamples: RESAMPLES,
    random: new Random(0, 'bootstrap'),
  });
  return { estimate, ...interval, verdict: decide(claim, estimate, interval) };
}

type Bounds = Pick<Claim, 'atLeast' | 'atMost' | 'tolerance' | 'decideBy'>;

/**
 * A claim fails where the whole interval lies beyond a bound. It passes where the whole interval keeps all bounds, or
 * by `estimate` where the estimate does. Between the two, more seeds are needed.
 */
export function decide(bounds: Bounds, estimate: number, { low, high }: Interval): Verdict {
  const { atLeast, atMost, tolerance, decideBy } = bounds;
  if (atLeast === undefined && atMost === undefined) return 'reported';
  const floor = (atLeast ?? -Infinity) - tolerance;
  const ceiling = (atMost ?? Infinity) + tolerance;
  if (high < floor || low > ceiling) return 'fail';
  const [least, most] = decideBy === 'estimate' ? [estimate, estimate] : [low, high];
  return least >= floor && most <= ceiling ? 'pass' : 'inconclusive';
}
