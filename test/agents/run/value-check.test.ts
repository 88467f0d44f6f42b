import t from 'tap';
import type { Policy } from '../../../agents/agent.js';
import { evaluate } from '../../../agents/run/evaluate.js';
import { ValueCheck } from '../../../agents/run/value-check.js';
import { Corridor } from './corridor.js';

const float = (...values: number[]) => Float32Array.from(values);
const double = (...values: number[]) => Float64Array.from(values);

t.test('means over all states of terminated episodes', async (t) => {
  const check = new ValueCheck(0.5, 2);
  check.step(float(1, 10), double(1, 4));
  check.step(float(2, 20), double(2, 8));
  t.equal(check.means, undefined, 'nothing before an episode is over');
  check.end(0, { terminated: true, counts: true });
  // Returns of env 0: 1 + 0.5 · 2 and 2.
  t.same(check.means, { predicted: 1.5, realised: 2 });
  check.end(1, { terminated: true, counts: false });
  t.same(check.means, { predicted: 1.5, realised: 2 }, 'an episode that does not count leaves no trace');
});

t.test('of an episode that was cut off, the states whose return is known but for a hundredth', async (t) => {
  const check = new ValueCheck(0.05, 1);
  for (const reward of [1, 2, 3]) check.step(float(reward), double(reward));
  check.end(0, { terminated: false, counts: true });
  // γ^3 and γ^2 are at most 0.01; the last state is left out.
  t.equal(check.means!.predicted, 1.5);
  t.ok(Math.abs(check.means!.realised - (1.1075 + 2.15) / 2) < 1e-12);
  const undiscounted = new ValueCheck(1, 1);
  undiscounted.step(float(1), double(1));
  undiscounted.end(0, { terminated: false, counts: true });
  t.equal(undiscounted.means, undefined);
});

t.test('an evaluation measures a policy that tells values', async (t) => {
  const env = new Corridor({ numEnvs: 2, cells: 5, limit: 9 });
  const right: Policy = { act: () => [Int32Array.of(1, 1)] };
  const options = { episodes: 4, seed: 0, maxSteps: 100 };
  t.notOk('values' in (await evaluate(env, right, options)));
  // Two steps an episode, of which the second pays 1: returns γ and 1.
  const telling: Policy = {
    ...right,
    gamma: 0.9,
    values: ([slab]) => Float32Array.from([0, 5], (row) => 3 + Number(slab![row + 3])),
  };
  const { values } = await evaluate(env, telling, options);
  t.equal(values!.predicted, 3.5, 'asked about the observations acted on');
  t.ok(Math.abs(values!.realised - 0.95) < 1e-12);
});
