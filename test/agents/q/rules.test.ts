import t from 'tap';
import { epsilonGreedy } from '../../../agents/q/exploration.js';
import { doubleValues, maxValues, targets } from '../../../agents/q/targets.js';
import { greedyActions, valuesOf } from '../../../agents/q/values.js';
import { Random } from '../../../agents/random.js';
import { linear } from '../../../agents/schedules.js';

// Three states, two actions.
const q = Float32Array.of(1, 2, 5, -3, 0, 0);
const q_target = Float32Array.of(10, 20, -1, 7, 4, 8);

t.test('greedy actions, and their values', async (t) => {
  t.strictSame(greedyActions(q, 2), Int32Array.of(1, 0, 0), 'the first of equals');
  t.strictSame(valuesOf(Int32Array.of(0, 1, 1), q, 2), Float32Array.of(1, -3, 0));
  t.strictSame(maxValues(q_target, 2), Float32Array.of(20, 7, 8));
});

t.test('double: one network chooses, the other judges', async (t) => {
  t.strictSame(doubleValues(q, q_target, 2), Float32Array.of(20, -1, 4));
});

t.test('targets: the value of the state reached counts for its discount', async (t) => {
  const y = targets(Float32Array.of(1, 1, 0.5), Float32Array.of(0.5, 0, 0.25), Float32Array.of(4, 4, -2));
  t.strictSame(y, Float32Array.of(3, 1, 0));
});

t.test('epsilon-greedy: how often each action comes', async (t) => {
  const n = 30_000;
  const many = Float32Array.from({ length: 3 * n }, (_, i) => (i % 3 === 1 ? 1 : 0));
  const counts = [0, 0, 0];
  for (const action of epsilonGreedy(many, 3, 0.3, new Random(0))) counts[action]! += 1;
  for (const [action, p] of [0.1, 0.8, 0.1].entries()) {
    t.ok(Math.abs(counts[action]! / n - p) < 5 * Math.sqrt((p * (1 - p)) / n), `action ${action}`);
  }
  t.strictSame(epsilonGreedy(q, 2, 0, new Random(0)), greedyActions(q, 2));
});

t.test('a linear schedule', async (t) => {
  t.same(
    [0, 25, 100, 1000].map((step) => linear(1, 0.2, 100, step)),
    [1, 0.8, 0.2, 0.2],
  );
  t.equal(linear(1, 0.5, 0, 0), 0.5, 'over no steps: the end at once');
});
