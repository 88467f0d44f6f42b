import { readFileSync } from 'node:fs';
import t from 'tap';
import { mean } from '../../agents/mean.js';
import { Random } from '../../agents/random.js';
import {
  bootstrapInterval,
  interquartileMean,
  median,
  probabilityOfImprovement,
  quantile,
} from '../../agents/statistics.js';

/** What rliable and scipy compute of the same scores (scripts/record-statistics.py). Scores are a row a task. */
interface Recorded {
  readonly trimmed: readonly { readonly values: number[]; readonly iqm: number }[];
  readonly cases: readonly {
    readonly x: number[][];
    readonly y: number[][];
    readonly iqm: number;
    readonly mean: number;
    readonly median: number;
    readonly probabilityOfImprovement: number;
    readonly iqmInterval: readonly [number, number];
    readonly meanInterval: readonly [number, number];
    readonly improvementInterval: readonly [number, number];
  }[];
}
const FIXTURE = new URL('../../../test/fixtures/statistics.json', import.meta.url);
const recorded = JSON.parse(readFileSync(FIXTURE, 'utf8')) as Recorded;

const near = (a: number, b: number, tolerance = 1e-9) => Math.abs(a - b) <= tolerance;

t.test('statistics are those of rliable and scipy', async (t) => {
  for (const { values, iqm } of recorded.trimmed) {
    t.ok(near(interquartileMean(values), iqm), `of ${values.join(', ')}`);
  }
  for (const { x, y, ...expected } of recorded.cases) {
    t.ok(near(interquartileMean(x.flat()), expected.iqm));
    t.ok(near(mean(x.flat()), expected.mean));
    t.ok(near(median(x.flat()), expected.median));
    const improvement = mean(x.map((runs, task) => probabilityOfImprovement(runs, y[task]!)));
    t.ok(near(improvement, expected.probabilityOfImprovement));
  }
});

t.test('intervals are those of rliable, but for the chance in resampling', async (t) => {
  const options = { confidence: 0.95, resamples: 4000 };
  const pooled = (statistic: (values: number[]) => number) => (tasks: readonly ArrayLike<number>[]) =>
    statistic(tasks.flatMap((runs) => Array.from(runs)));
  for (const [k, { x, y, ...expected }] of recorded.cases.entries()) {
    const tasks = x.length;
    const found = {
      iqm: bootstrapInterval(x, pooled(interquartileMean), { ...options, random: new Random(k, 'iqm') }),
      mean: bootstrapInterval(x, pooled(mean), { ...options, random: new Random(k, 'mean') }),
      improvement: bootstrapInterval(
        [...x, ...y],
        (all) => mean(x.map((_, i) => probabilityOfImprovement(all[i]!, all[tasks + i]!))),
        { ...options, random: new Random(k, 'improvement') },
      ),
    };
    // Scores have a standard deviation of 3; the bounds of 4,000 resamples vary by a few hundredths of an interval.
    const close = ({ low, high }: { low: number; high: number }, [a, b]: readonly [number, number]) =>
      near(low, a, 0.1 * (b - a)) && near(high, b, 0.1 * (b - a));
    t.ok(close(found.iqm, expected.iqmInterval), `IQM of case ${k}`);
    t.ok(close(found.mean, expected.meanInterval), `mean of case ${k}`);
    t.ok(close(found.improvement, expected.improvementInterval), `improvement of case ${k}`);
  }
});

t.test('small numbers by hand', async (t) => {
  t.equal(interquartileMean([5, 1, 100, 3]), 4, 'one of four goes on each side');
  t.equal(interquartileMean([5, 1, 3]), 3, 'none of three');
  t.ok(Number.isNaN(interquartileMean([])) && Number.isNaN(median([])));
  t.equal(median([3, 1, 2]), 2);
  t.equal(median([4, 1, 2, 3]), 2.5);
  t.equal(quantile([0, 10, 20], 0.25), 5);
  t.equal(probabilityOfImprovement([1, 2], [1, 0]), (0.5 + 1 + 1 + 1) / 4, 'ties count half');
  const random = new Random(0);
  t.same(
    bootstrapInterval([[7, 7, 7]], ([runs]) => mean(runs!), { confidence: 0.95, resamples: 10, random }),
    { low: 7, high: 7 },
  );
});

t.test('strata are drawn from apart', async (t) => {
  // Were runs of the two tasks mixed, some resample of the first would hold a 1.
  const { high } = bootstrapInterval(
    [
      [0, 0, 0],
      [1, 1, 1],
    ],
    ([first]) => mean(first!),
    {
      confidence: 0.99,
      resamples: 200,
      random: new Random(1),
    },
  );
  t.equal(high, 0);
});
