import { mean } from '../../agents/mean.js';
import type { MetricsRow } from '../../agents/run/output/metrics.js';
import type { Claim, Task, TrainingMetric } from './claims.js';
import type { TrialResult } from './trials.js';

/** What one seed scored on a task, on the task's scale. Throws where what it takes was not measured. */
export function scoreOf(claim: Claim, { range: [low, high] }: Task, result: TrialResult): number {
  return (rawScore(claim, result) - low) / (high - low);
}

function rawScore({ metric, statistic, winAbove }: Claim, { measured, rows }: TrialResult): number {
  const { returns, lengths, values } = measured;
  if (statistic === 'winRate') {
    if (!returns) throw new Error('a rate of wins is made of returns; the command told none');
    return mean(returns.map((earned) => (earned > winAbove ? 1 : 0)));
  }
  if (metric === 'return') return returns ? mean(returns) : values!.score!;
  if (metric === 'length') {
    if (!lengths) throw new Error('the command told no lengths');
    return mean(lengths);
  }
  if (values) {
    const [value, less] = [values[metric.name], metric.minus === undefined ? 0 : values[metric.minus]];
    if (value === undefined || less === undefined) throw new Error(`the command told no ${nameOf(metric)}`);
    return value - less;
  }
  return overTraining(metric, rows);
}

export const nameOf = ({ name, minus }: TrainingMetric): string =>
  minus === undefined ? name : `${name} − ${minus}`;

function overTraining(metric: TrainingMetric, rows: readonly MetricsRow[]): number {
  const { name, minus, over, from } = metric;
  const first = from * (rows.at(-1)?.step ?? 0);
  const found = rows
    .filter(({ step }) => step >= first)
    .map((row) => row[name]! - (minus === undefined ? 0 : row[minus]!))
    .filter(Number.isFinite);
  if (found.length === 0) throw new Error(`training measured no ${nameOf(metric)}`);
  switch (over) {
    case 'mean':
      return mean(found);
    case 'last':
      return found.at(-1)!;
    case 'min':
      return Math.min(...found);
    case 'max':
      return Math.max(...found);
  }
}
