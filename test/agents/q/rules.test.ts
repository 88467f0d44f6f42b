import t from 'tap';
import { epsilonGreedy, HeldActions } from '../../../agents/q/exploration.js';
import { targets, tracedTargets, traceOf } from '../../../agents/q/targets.js';
import { greedyActions, valuesOf } from '../../../agents/q/values.js';
import { Random } from '../../../agents/random.js';
import { linear } from '../../../agents/schedules.js';

// Three states, two actions.
const q = Float32Array.of(1, 2, 5, -3, 0, 0);
const q_target = Float32Array.of(10, 20, -1, 7, 4, 8);

t.test('greedy actions, and their values', async (t) => {
  t.strictSame(greedyActions(q, 2), Int32Array.of(1, 0, 0), 'the first of equals');
  t.strictSame(valuesOf(Int32Array.of(0, 1, 1), q, 2), Float32Array.of(1, -3, 0));
});

t.test('double: one network chooses, the other judges', async (t) => {
  t.strictSame(valuesOf(greedyActions(q, 2), q_target, 2), Float32Array.of(20, -1, 4));
});

t.test('targets: the value of the state reached counts for its discount', async (t) => {
  const y = targets(Float32Array.of(1, 1, 0.5), Float32Array.of(0.5, 0, 0.25), Float32Array.of(4, 4, -2));
  t.strictSame(y, Float32Array.of(3, 1, 0));
});

t.test('masks: what is not allowed is neither best nor drawn', async (t) => {
  const mask = Uint8Array.of(1, 0, 0, 1, 0, 0);
  t.strictSame(greedyActions(q, 2, mask), Int32Array.of(0, 1, 0), 'of a row that allows nothing, any');
  const behaviour = new Float32Array(3);
  const drawn = epsilonGreedy(q, 2, 1, new Random(0), { mask: Uint8Array.of(1, 0, 0, 1, 1, 1), behaviour });
  t.strictSame(drawn.subarray(0, 2), Int32Array.of(0, 1));
  t.strictSame(behaviour, Float32Array.of(1, 1, 0.5));
});

t.test('the probability of what was drawn', async (t) => {
  const behaviour = new Float32Array(300);
  const drawn = epsilonGreedy(
    Float32Array.from({ length: 900 }, (_, i) => (i % 3 === 1 ? 1 : 0)),
    3,
    0.3,
    new Random(0),
    { behaviour },
  );
  for (const [row, action] of drawn.entries()) {
    if (Math.abs(behaviour[row]! - (action === 1 ? 0.8 : 0.1)) > 1e-6) t.fail(`row ${row}`);
  }
  t.ok(new Set(drawn).size > 1);
});

t.test('random actions that are held', async (t) => {
  const held = new HeldActions(2, 4);
  const random = new Random(0);
  const greedy = Float32Array.of(1, 0, 0, 1, 0, 0);
  const lengths: number[] = [];
  const steps = Array.from({ length: 4000 }, () => epsilonGreedy(greedy, 3, 0.2, random, { held }));
  for (const env of [0, 1]) {
    for (let t = 0; t < steps.length; t++) {
      // Actions other than the greedy one come from exploration alone.
      const start = t;
      while (steps[t]?.[env] === 2) t++;
      if (t > start) lengths.push(t - start);
    }
  }
  t.equal(Math.min(...lengths), 1);
  t.ok(Math.max(...lengths) >= 4, 'one after the other may be alike');
  const average = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  t.ok(average > 2.4 && average < 3.1, `${average}: half of 1 + 4, and a little for what follows at once`);
  held.start(0, 2, { random: () => 0, integers: () => 3 });
  const copy = new HeldActions(2, 4);
  copy.state = held.state;
  held.stop([0]);
  t.same([held.next(0), copy.next(0)], [undefined, 2]);
});

t.test('returns of three steps that look at the actions, by hand', async (t) => {
  // Two segments: a whole one, and one of two steps that ended in a terminal state. γ = 0.5.
  const steps = (traces: readonly number[]) => ({
    steps: 3,
    lengths: Int32Array.of(3, 2),
    rewards: Float32Array.of(1, 2, 4, 8, 16, Number.NaN),
    discounts: Float32Array.of(0.5, 0.5, 0.5, 0.5, 0, Number.NaN),
    q: Float32Array.of(3, 5, 7, 9, 11, Number.NaN),
    v: Float32Array.of(6, 8, 10, 12, 14, Number.NaN),
    traces: Float32Array.from(traces),
  });
  // No trace: one step. y = 1 + 0.5·6; 8 + 0.5·12.
  t.strictSame(tracedTargets(steps([9, 0, 0, 9, 0, 0])), Float32Array.of(4, 14));
  // Whole traces: y_2 = 4 + 5 = 9; y_1 = 2 + 0.5 (8 + 9 − 7) = 7; y_0 = 1 + 0.5 (6 + 7 − 5) = 5. And 16; 8 + 0.5 (12 + 16 − 11).
  t.strictSame(tracedTargets(steps([9, 1, 1, 9, 1, 1])), Float32Array.of(5, 16.5));
  // y_1 = 2 + 0.5 (8 + 0.5·2) = 6.5; y_0 = 1 + 0.5 (6 + 0.5·1.5). And 8 + 0.5 (12 + 2·5).
  t.strictSame(tracedTargets(steps([9, 0.5, 0.5, 9, 2, 1])), Float32Array.of(4.375, 19));
});

t.test('where actions were greedy, the traced return is the plain n-step one', async (t) => {
  const greedy = {
    steps: 2,
    lengths: Int32Array.of(2),
    rewards: Float32Array.of(1, 2),
    discounts: Float32Array.of(0.5, 0.5),
    q: Float32Array.of(3, 6),
    v: Float32Array.of(6, 8),
    traces: Float32Array.of(1, 1),
  };
  t.strictSame(tracedTargets(greedy), Float32Array.of(1 + 0.5 * 2 + 0.25 * 8));
});

t.test('traces', async (t) => {
  const all = (isGreedy: boolean) =>
    (['cut', 'importance', 'retrace'] as const).map((rule) => traceOf(rule, isGreedy, 0.5, 0.9));
  t.same(all(false), [0, 0, 0]);
  t.same(all(true), [1, 2, 0.9]);
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
