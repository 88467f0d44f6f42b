import t from 'tap';
import {
  constant,
  fanInUniform,
  glorotUniform,
  heNormal,
  normal,
  orthogonal,
  uniformWithin,
  zeros,
} from '../../../agents/nn/init.js';
import { uniform } from './helpers.js';

const mean = (x: Float32Array): number => x.reduce((sum, value) => sum + value, 0) / x.length;
const deviation = (x: Float32Array): number =>
  Math.sqrt(mean(x.map((value) => value * value)) - mean(x) ** 2);
const largest = (x: Float32Array): number => x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

t.test('the spread that each promises', async (t) => {
  const random = uniform(1);
  const near = (actual: number, expected: number, what: string) =>
    t.ok(Math.abs(actual / expected - 1) < 0.03, `${what}: ${actual}, ${expected}`);
  near(deviation(normal(20_001, random)), 1, 'normal');
  near(largest(fanInUniform([100, 200], random)), 0.1, 'fan in');
  near(largest(glorotUniform([100, 200], random)), Math.sqrt(6 / 300), 'glorot');
  near(deviation(heNormal([100, 200], random)), Math.sqrt(2 / 100), 'he');
  near(deviation(heNormal([5, 5, 8, 100], random)), Math.sqrt(2 / 200), 'he, filters');
  near(largest(glorotUniform([5, 5, 8, 100], random)), Math.sqrt(6 / (25 * 108)), 'glorot, filters');
  near(largest(uniformWithin(3e-3)([100, 20], random)), 3e-3, 'within');
  t.same(constant(-0.5)([3], random), Float32Array.of(-0.5, -0.5, -0.5));
  t.same(zeros([2], random), new Float32Array(2));
});

t.test('orthogonal matrices', async (t) => {
  for (const shape of [
    [6, 6],
    [9, 4],
    [4, 9],
    [3, 3, 2, 5],
  ]) {
    const columns = shape.at(-1)!;
    const matrix = orthogonal(2)(shape, uniform(2));
    const rows = matrix.length / columns;
    const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
    const at = (i: number, j: number) =>
      rows >= columns ? matrix[j * columns + i]! : matrix[i * columns + j]!;
    for (let i = 0; i < count; i++) {
      for (let k = 0; k <= i; k++) {
        let product = 0;
        for (let j = 0; j < length; j++) product += at(i, j) * at(k, j);
        t.ok(Math.abs(product - (i === k ? 4 : 0)) < 1e-5, `[${shape.join()}]: ${i}, ${k}: ${product}`);
      }
    }
  }
});
