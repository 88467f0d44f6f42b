/** Claims in words. */
import type { Claim, StatisticName, Task } from './claims.js';
import { nameOf } from './score.js';

export const short = (x: number): string => String(Number(x.toPrecision(4)));

/** `≥ 475`, `≥ 475 − 10`, `≥ 0, ≤ 1`; empty where nothing is claimed. */
export function describeBound({ atLeast, atMost, tolerance }: Claim): string {
  const off = (sign: string) => (tolerance > 0 ? ` ${sign} ${short(tolerance)}` : '');
  const parts = [
    ...(atLeast === undefined ? [] : [`≥ ${short(atLeast)}${off('−')}`]),
    ...(atMost === undefined ? [] : [`≤ ${short(atMost)}${off('+')}`]),
  ];
  return parts.join(', ');
}

const STATISTIC_NAMES: Record<StatisticName, string> = {
  iqm: 'IQM',
  mean: 'mean',
  median: 'median',
  winRate: 'win rate',
  probabilityOfImprovement: 'P(improvement)',
};

/** `IQM of length, minus that of double=false`. */
export function describeStatistic({ metric, statistic, against, tasks }: Claim): string {
  const of = typeof metric === 'string' ? metric : `${nameOf(metric)} (${metric.over})`;
  const name = statistic === 'winRate' ? 'win rate' : `${STATISTIC_NAMES[statistic]} of ${of}`;
  if (against === undefined) return name;
  const other = against === 'baseline' ? 'the baseline' : differences(tasks[0]!, against[0]!);
  return statistic === 'probabilityOfImprovement'
    ? `${name} over ${other}`
    : `${name}, minus that of ${other}`;
}

/** What is different on the other side of a comparison. */
function differences({ trainee: ours }: Task, { trainee: theirs }: Task): string {
  const who = theirs.command?.join(' ') ?? theirs.agent!;
  const another = theirs.agent !== ours.agent || theirs.command !== ours.command;
  const fields = (t: Task['trainee']) => ({
    ...t.settings,
    ...t.options,
    steps: t.steps,
    numEnvs: t.numEnvs,
  });
  const [own, other] = [fields(ours), fields(theirs)] as Record<string, unknown>[];
  const changed = Object.entries(other!).filter(([name, value]) => String(value) !== String(own![name]));
  const words = changed.map(([name, value]) => `${name}=${String(value)}`);
  return [...(another || words.length === 0 ? [who] : []), ...words].join(' ');
}
