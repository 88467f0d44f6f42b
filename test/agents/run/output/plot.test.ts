import { GlobalFonts } from '@napi-rs/canvas';
import { PNG } from 'pngjs';
import t from 'tap';
import type { MetricsRow } from '../../../../agents/run/output/metrics.js';
import type { Figure, Series } from '../../../../agents/run/output/plot/figure.js';
import { learningCurve, smooth } from '../../../../agents/run/output/plot/learning-curve.js';
import { plot } from '../../../../agents/run/output/plot/plot.js';
import { HEIGHT, toSvg, WIDTH } from '../../../../agents/run/output/plot/svg.js';
import { tickLabels, ticks } from '../../../../agents/run/output/plot/ticks.js';

/** A font in which every character is as wide as half its size. */
const measure = (text: string, size: number) => (text.length * size) / 2;

const figure = (series: Series[], title = 'Title'): Figure => ({
  title,
  x: { label: 'steps' },
  y: { label: 'return' },
  series,
});

const drawn = (series: Series[], title?: string) => toSvg([figure(series, title)], measure);

/** Elements of one kind, as records of their attributes and text. */
function elements(svg: string, name: string): Record<string, string>[] {
  return [...svg.matchAll(new RegExp(`<${name}\\b([^>]*?)/?>([^<]*)`, 'g'))].map(([, attributes, text]) => ({
    ...Object.fromEntries([...attributes!.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, k, v]) => [k, v])),
    text: text!,
  }));
}

const labelled = (svg: string, text: string) => elements(svg, 'text').find((e) => e.text === text)!;

t.test('ticks are round numbers inside the range', (t) => {
  t.same(ticks(0, 300_000, 6), [0, 50_000, 100_000, 150_000, 200_000, 250_000, 300_000]);
  t.same(ticks(0, 0.3, 3), [0, 0.1, 0.2, 0.3]);
  t.same(ticks(0.07, 0.12, 5), [0.07, 0.08, 0.09, 0.1, 0.11, 0.12]);
  t.same(ticks(-0.9, 1.3, 5), [-0.5, 0, 0.5, 1]);
  t.same(ticks(-1260, 160, 6), [-1200, -1000, -800, -600, -400, -200, 0]);
  t.same(ticks(1e-7, 6e-7, 5), [1e-7, 2e-7, 3e-7, 4e-7, 5e-7, 6e-7]);
  t.end();
});

t.test('labels have units and common decimals', (t) => {
  t.same(tickLabels([0, 50_000, 100_000]), ['0', '50k', '100k']);
  t.same(tickLabels([0, 500_000, 1e6, 1.5e6]), ['0', '500k', '1M', '1.5M']);
  t.same(tickLabels([-2e9, 2e9]), ['−2B', '2B']);
  t.same(tickLabels([-1000, -500, 0]), ['−1,000', '−500', '0']);
  t.same(tickLabels([0, 0.05, 0.1]), ['0', '0.05', '0.10']);
  t.same(tickLabels([-0.002, 0.0105]), ['−0.0020', '0.0105']);
  t.same(tickLabels([0, 2e-7]), ['0', '2e−7']);
  t.end();
});

t.test('marks lie where the axes say', (t) => {
  const svg = drawn([{ kind: 'points', name: 'p', x: [0, 50, 100], y: [-200, 600, 200] }]);
  const dots = elements(svg, 'circle').slice(1); // the first is the legend's
  t.equal(dots.length, 3);
  for (const [i, [x, y]] of [
    ['0', '−200'],
    ['', '600'],
    ['100', '200'],
  ].entries()) {
    if (x) t.equal(dots[i]!.cx, labelled(svg, x).x, `x = ${x}`);
    const tick = Number(labelled(svg, y!).y);
    t.ok(Math.abs(tick - Number(dots[i]!.cy) - 4.4) < 0.1, `y = ${y}`);
  }
  t.equal(Number(dots[1]!.cx), (Number(dots[0]!.cx) + Number(dots[2]!.cx)) / 2);
  t.end();
});

t.test('gaps: points left out, lines and bands broken', (t) => {
  const x = [0, 1, 2, 3, 4];
  const y = [0, 1, NaN, 2, 3];
  const svg = drawn([
    { kind: 'line', name: 'a', x, y },
    { kind: 'points', name: 'a', x, y },
    { kind: 'band', name: 'a', x, low: [0, 0, 0, 0, -Infinity], high: [1, 1, 1, 1, 1] },
  ]);
  t.notMatch(svg, /NaN|Infinity|undefined/);
  t.equal(elements(svg, 'circle').length, 1 + 4);
  const paths = elements(svg, 'path').map((e) => e.d!);
  t.equal(paths.at(-1)!.split('M').length - 1, 2, 'two runs of the line');
  const band = paths.find((d) => d.endsWith('Z'))!;
  t.match(band, /^M[^MZ]*(L[^MZL]*){7}Z$/, 'there along the top, back along the bottom');
  t.end();
});

t.test('series of one name share a colour and an entry; areas lie behind lines, lines behind points', (t) => {
  const x = [0, 1];
  const series = (name: string): Series[] => [
    { kind: 'points', name, x, y: x },
    { kind: 'line', name, x, y: x },
    { kind: 'band', name, x, low: x, high: x },
  ];
  const svg = drawn([...series('a'), ...series('b'), { kind: 'level', name: 'c', y: 0.5 }]);
  for (const name of ['a', 'b', 'c']) {
    t.equal(elements(svg, 'text').filter((e) => e.text === name).length, 1);
  }
  const marks = svg.slice(svg.indexOf('>return</text>'));
  const order = [...marks.matchAll(/fill-opacity="0.18"|stroke-dasharray|stroke-linejoin|<g /g)].map(
    ([m]) => m,
  );
  const twice = (m: string) => [m, m];
  t.same(order, [
    ...twice('fill-opacity="0.18"'),
    'stroke-dasharray',
    ...twice('stroke-linejoin'),
    ...twice('<g '),
  ]);
  t.same([...new Set(marks.match(/#[0-9a-f]{6}/g))], ['#0072b2', '#d55e00', '#777777', '#ffffff']);
  t.end();
});

t.test('everything fits: titles are cut, legends wrapped', (t) => {
  const names = Array.from({ length: 9 }, (_, i) => `algorithm number ${i}`);
  const series = names.map((name): Series => ({ kind: 'line', name, x: [0, 1], y: [0, 123_456] }));
  const svg = drawn(series, 'long '.repeat(100));
  let last = 0;
  for (const name of names) {
    const entry = labelled(svg, name);
    t.ok(Number(entry.x) + measure(name, 13) < WIDTH);
    t.ok(Number(entry.y) >= last && Number(entry.y) < HEIGHT / 2);
    last = Number(entry.y);
  }
  t.ok(last > Number(labelled(svg, names[0]!).y), 'on several rows');
  const title = elements(svg, 'text')[0]!;
  t.match(title.text, /^long long .*…$/);
  t.ok(Number(title.x) + measure(title.text, 17) < WIDTH);
  t.end();
});

t.test('a figure of nothing, of one point, and of equal values can be drawn', (t) => {
  const line = (x: number[], y: number[]): Series => ({ kind: 'line', name: 'a', x, y });
  for (const series of [[], [line([], [])], [line([5], [7])], [line([0, 0], [-3, -3])], [line([NaN], [1])]]) {
    const svg = drawn(series);
    t.notMatch(svg, /NaN|Infinity|undefined/);
  }
  t.end();
});

t.test('several figures lie side by side, and a name has one colour in all of them', (t) => {
  const line = (name: string): Series => ({ kind: 'line', name, x: [0, 1], y: [0, 1] });
  const figures = [[line('a')], [line('b'), line('a')], [line('b')]].map((series) => figure(series));
  const svg = toSvg(figures, measure);
  t.match(svg, new RegExp(`width="${2 * WIDTH}" height="${2 * HEIGHT}"`));
  t.same(
    elements(svg, 'g').map(({ transform }) => transform),
    ['translate(0 0)', `translate(${WIDTH} 0)`, `translate(0 ${HEIGHT})`],
  );
  const keys = elements(svg, 'path').filter((e) => e['stroke-width'] === '2.2' && !e['stroke-linejoin']);
  const [first, second, third, fourth] = keys.map(({ stroke }) => stroke);
  t.equal(keys.length, 4, 'each legend has the names of its own figure');
  t.equal(third, first);
  t.equal(fourth, second);
  t.not(second, first);
  t.end();
});

t.test('text is escaped', (t) => {
  const svg = drawn([], 'a < b & c');
  t.equal(svg.split('a &lt; b &amp; c').length - 1, 2, 'in the title and its element for screen readers');
  t.end();
});

t.test('smoothing is the Gaussian-weighted mean', (t) => {
  // Two points 100 apart: the standard deviation is twice the mean distance of points, 2/2 · 100.
  const curve = smooth([0, 100], [0, 1]);
  t.equal(curve.x.length, 200);
  const w = Math.exp(-0.5);
  t.ok(Math.abs(curve.y[0]! - w / (1 + w)) < 1e-12);
  t.ok(Math.abs(curve.y.at(-1)! - 1 / (1 + w)) < 1e-12);
  // Four points: a standard deviation of 2/4 · 3, and weights out to four of them.
  const weights = [0, 1, 2, 3].map((distance) => Math.exp(-0.5 * (distance / 1.5) ** 2));
  const tail = smooth([0, 1, 2, 3], [0, 0, 0, 1]).y[0]!;
  t.ok(Math.abs(tail - weights[3]! / weights.reduce((sum, weight) => sum + weight)) < 1e-12);

  const x = Array.from({ length: 1000 }, (_, i) => i);
  const step = smooth(
    x,
    x.map((v) => Number(v >= 500)),
  );
  t.ok(step.y[50]! < 1e-9 && step.y[150]! > 1 - 1e-9, 'a change stays where it was');
  t.ok(Math.abs(step.y[100]! - 0.5) < 0.1);
  t.same(smooth([3, 3], [1, 2]), { x: [3], y: [1.5] });

  const gap = smooth([...x, 1e6], [...x.map(() => 1), 5]);
  t.ok(gap.x.length < 200 && gap.y.every(Number.isFinite), 'places far from any point are left out');
  t.end();
});

t.test('a learning curve shows episodes, evaluations, their interval and the threshold', (t) => {
  const rows: MetricsRow[] = [];
  for (let step = 0; step < 40_000; step += 10) rows.push({ step, time: 0, episode_return: step / 100 });
  rows.push({ step: 20_000, time: 0, evaluation_return: 200, evaluation_low: 190, evaluation_high: 210 });
  rows.push({ step: 30_000, time: 0, evaluation_return: 300, evaluation_low: 290, evaluation_high: 310 });
  rows.push({ step: 30_001, time: 0, loss: 5, evaluation_return: NaN });
  const { series, title } = learningCurve(rows, { title: 'CartPole-v1', threshold: 475 });
  t.equal(title, 'CartPole-v1');
  t.same(
    series.map(({ kind, name }) => [kind, name]),
    [
      ['points', 'training, smoothed'],
      ['line', 'training, smoothed'],
      ['band', 'evaluation, mean and 95% interval'],
      ['line', 'evaluation, mean and 95% interval'],
      ['points', 'evaluation, mean and 95% interval'],
      ['level', 'solved (475)'],
    ],
  );
  const [dots, , band, , means] = series as [Series & { x: number[] }, Series, Series, Series, Series];
  t.equal(dots.x.length, 1334, 'every third of 4,000');
  t.match(band, { x: [20_000, 30_000], low: [190, 290], high: [210, 310] });
  t.match(means, { x: [20_000, 30_000], y: [200, 300] });
  t.same(learningCurve([], { title: '' }).series, []);
  const plain = learningCurve([{ step: 1, time: 0, evaluation_return: 1 }], { title: '' }).series;
  t.same(
    plain.map(({ kind, name }) => [kind, name]),
    [
      ['line', 'evaluation, mean'],
      ['points', 'evaluation, mean'],
    ],
  );
  t.end();
});

t.test('the PNG shows what the SVG says, text included', async (t) => {
  const series: Series[] = [{ kind: 'points', name: 'p', x: [0, 1, 2], y: [0, 2, 1] }];
  const { svg, png } = await plot(figure(series, 'A'));
  const image = PNG.sync.read(png);
  t.equal(image.width, 2 * WIDTH);
  t.equal(image.height, 2 * HEIGHT);
  const pixel = (x: number, y: number) => {
    const at = (Math.round(2 * y) * image.width + Math.round(2 * x)) * 4;
    return [...image.data.subarray(at, at + 4)];
  };
  t.same(pixel(1, 1), [255, 255, 255, 255], 'a white ground');
  for (const dot of elements(svg, 'circle'))
    t.same(pixel(Number(dot.cx), Number(dot.cy)), [0, 0x72, 0xb2, 255]);

  t.ok(['Arimo', 'Arimo Greek'].every((family) => GlobalFonts.has(family)));
  // The title's letters are drawn, each in its own shape: fonts come along, whatever the machine has.
  const titleOf = async (title: string) => {
    const { data, width } = PNG.sync.read((await plot(figure(series, title))).png);
    return data.subarray(0, width * 4 * 2 * 40);
  };
  const [empty, a, b, lambda, gamma] = await Promise.all(['', 'A', 'B', 'λ', 'γ'].map(titleOf));
  t.notOk(empty!.equals(a!));
  t.notOk(a!.equals(b!));
  t.notOk(lambda!.equals(gamma!));
});
