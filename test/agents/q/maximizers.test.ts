import t from 'tap';
import { MAXIMIZER_SETTINGS, makeMaximizer } from '../../../agents/q/maximizers/maximizer.js';
import { Random } from '../../../agents/random.js';
import { completeSettings } from '../../../agents/settings.js';

/** For state i of a batch, −Σ_j w_j ((R(a − peak_i))_j)², R a rotation in neighbouring planes. */
function hills(peaks: readonly (readonly number[])[], stretch: number) {
  const size = peaks[0]!.length;
  const evaluate = (actions: Float32Array, count: number): Float32Array =>
    Float32Array.from({ length: peaks.length * count }, (_, k) => {
      const off = peaks[Math.floor(k / count)]!.map((peak, j) => actions[k * size + j]! - peak);
      for (let j = 0; j + 1 < size; j++) {
        const [a, b] = [off[j]!, off[j + 1]!];
        [off[j], off[j + 1]] = [0.8 * a - 0.6 * b, 0.6 * a + 0.8 * b];
      }
      return -off.reduce((sum, x, j) => sum + stretch ** (j / Math.max(1, size - 1)) * x * x, 0);
    });
  return { batch: peaks.length, size, evaluate };
}

const distance = (found: Float32Array, peaks: readonly (readonly number[])[]): number =>
  Math.max(...peaks.flat().map((peak, i) => Math.abs(found[i]! - peak)));

const settings = (given: object) => completeSettings(MAXIMIZER_SETTINGS, { ...given });

t.test('each finds the peak of its own state', async (t) => {
  const peaks = [
    [0.5, -0.25],
    [-0.9, 0.1],
    [0, 0.7],
  ];
  for (const [given, within] of [
    [{ maximizer: 'cem', candidates: 64, rounds: 8 }, 0.02],
    [{ maximizer: 'cma-es', candidates: 16, rounds: 25 }, 0.01],
    [{ maximizer: 'random', candidates: 2000, rounds: 2 }, 0.1],
  ] as const) {
    const found = makeMaximizer(settings(given))(hills(peaks, 1), new Random(0));
    t.ok(distance(found, peaks) < within, `${given.maximizer}: off by ${distance(found, peaks)}`);
  }
});

t.test('CMA-ES in ten dimensions, stretched a thousandfold and turned', async (t) => {
  const peaks = [0, 1].map((row) => Array.from({ length: 10 }, (_, j) => ((j + row) % 5) / 5 - 0.4));
  const found = makeMaximizer(settings({ maximizer: 'cma-es', candidates: 20, rounds: 300 }))(
    hills(peaks, 1000),
    new Random(1),
  );
  t.ok(distance(found, peaks) < 1e-3, `off by ${distance(found, peaks)}`);
  const cem = makeMaximizer(settings({ maximizer: 'cem', candidates: 20, rounds: 300 }))(
    hills(peaks, 1000),
    new Random(1),
  );
  t.ok(distance(cem, peaks) > 1e-2, 'where independent normals get stuck');
});

t.test('a peak outside is looked for at the border', async (t) => {
  for (const maximizer of ['cem', 'cma-es'] as const) {
    const search = { batch: 1, size: 1, evaluate: (actions: Float32Array) => actions.slice() };
    const found = makeMaximizer(settings({ maximizer, candidates: 64, rounds: 10 }))(search, new Random(0));
    t.strictSame(found, Float32Array.of(1), maximizer);
  }
});

t.test('the same random numbers, the same action', async (t) => {
  for (const maximizer of ['cem', 'cma-es', 'random'] as const) {
    const find = () => makeMaximizer(settings({ maximizer }))(hills([[0.1, 0.2]], 1), new Random(5));
    t.strictSame(find(), find(), maximizer);
  }
});
