import t from 'tap';
import type { MetricsRow } from '../../../../agents/run/output/metrics.js';
import { comparison } from '../../../../agents/run/output/plot/comparison.js';
import type { BandSeries, LineSeries } from '../../../../agents/run/output/plot/figure.js';
import { valueFigures } from '../../../../agents/run/output/plot/values.js';

const run = (...points: [step: number, value: number][]): MetricsRow[] =>
  points.map(([step, value]) => ({ step, time: 0, score: value }));
const options = { title: 'Env', metric: 'score', smooth: false };

t.test('the mean over runs that are measured at different steps, with its interval', async (t) => {
  const runs = [run([0, 0], [10, 10], [20, 20]), run([0, 2], [20, 2]), run([5, 7])];
  const { series, y } = comparison([{ label: 'a', runs }], { ...options, threshold: 9 });
  t.equal(y.label, 'score');
  const [band, line, level] = series as [BandSeries, LineSeries, unknown];
  t.equal(line.name, 'a (3 runs)');
  t.same(line.x, [0, 5, 10, 20]);
  t.same(
    line.y,
    [1, (5 + 2 + 7) / 3, 6, 11],
    'straight between measurements, and a part of the mean only there',
  );
  t.same(band.x, line.x);
  for (const [i, mean] of [...line.y].entries()) t.ok(band.low[i]! <= mean && mean <= band.high[i]!);
  t.same([band.low[0], band.high[0]], [0, 2]);
  t.match(level, { kind: 'level', y: 9 });
});

t.test('a single run is a line; a group without the metric is left out', async (t) => {
  const groups = [
    { label: 'a', runs: [run([0, 1], [9, 2])] },
    { label: 'b', runs: [[{ step: 0, time: 0, other: 1 }]] },
  ];
  const { series } = comparison(groups, options);
  t.match(series, [{ kind: 'line', name: 'a', y: [1, 2] }]);
  t.equal(series.length, 1);
  const long = run(...Array.from({ length: 1000 }, (_, i): [number, number] => [i, i]));
  const [line] = comparison([{ label: 'c', runs: [long] }], options).series as LineSeries[];
  t.equal(line!.x.length, 200);
  t.equal(line!.y[199], 999);
});

t.test('values beside what was realised, and TD errors, where the metrics tell', async (t) => {
  t.same(valueFigures(run([0, 1]), { title: 'a' }), []);
  const rows: MetricsRow[] = [
    { step: 1, time: 0, q: 5, td_error_max: 4, td_error_p99: 3, td_error_p50: 1 },
    { step: 2, time: 0, evaluation_q: 7, evaluation_discounted_return: 6 },
  ];
  const [values, errors] = valueFigures(rows, { title: 'a' });
  t.match(values!.series, [
    { name: 'predicted', x: [2], y: [7] },
    { name: 'realised', x: [2], y: [6] },
  ]);
  t.match(errors!.series, [
    { name: 'median', x: [1], y: [1] },
    { name: '99%', x: [1], y: [3] },
    { name: 'largest', x: [1], y: [4] },
  ]);
});
