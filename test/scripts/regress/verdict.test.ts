import t from 'tap';
import { type Claim, parseClaims } from '../../../scripts/regress/claims.js';
import { decide, judge } from '../../../scripts/regress/verdict.js';

const claim = (fields: object): Claim =>
  parseClaims({ claims: [{ name: 'a', agent: 'dqn', env: 'E', ...fields }] }).claims[0]!;

t.test('an interval decides by lying wholly on one side', async (t) => {
  const verdict = (fields: object, low: number, estimate: number, high: number) =>
    decide(claim(fields), estimate, { low, high });
  t.equal(verdict({ atLeast: 10 }, 10, 12, 14), 'pass');
  t.equal(verdict({ atLeast: 10 }, 9, 12, 14), 'inconclusive');
  t.equal(verdict({ atLeast: 10 }, 5, 8, 9.9), 'fail');
  t.equal(verdict({ atLeast: 10, tolerance: 1 }, 9, 12, 14), 'pass');
  t.equal(verdict({ atMost: 10 }, 5, 8, 10), 'pass');
  t.equal(verdict({ atMost: 10 }, 11, 12, 13), 'fail');
  t.equal(verdict({ atLeast: 0, atMost: 10 }, 1, 5, 9), 'pass');
  t.equal(verdict({ atLeast: 0, atMost: 10 }, 1, 5, 11), 'inconclusive');
  t.equal(verdict({}, 1, 5, 11), 'reported');
});

t.test('an estimate passes by itself, and fails only by the interval', async (t) => {
  const verdict = (estimate: number, high: number) =>
    decide(claim({ atLeast: 10, decideBy: 'estimate' }), estimate, { low: 0, high });
  t.equal(verdict(10, 14), 'pass');
  t.equal(verdict(9, 14), 'inconclusive');
  t.equal(verdict(9, 9.5), 'fail');
});

t.test('each statistic', async (t) => {
  const scores = [[1, 2, 3, 100]];
  const estimate = (fields: object, against?: number[][]) => judge(claim(fields), scores, against).estimate;
  t.equal(estimate({}), 2.5);
  t.equal(estimate({ statistic: 'mean' }), 26.5);
  t.equal(estimate({ statistic: 'median' }), 2.5);
  t.equal(estimate({ against: {} }, [[2, 2, 2, 2]]), (0 + 0.5 + 1 + 1) / 4);
  t.equal(estimate({ statistic: 'mean', against: {} }, [[26, 27]]), 0, 'a difference');
  const {
    low,
    high,
    estimate: iqm,
  } = judge(
    claim({}),
    [
      [5, 5, 5],
      [7, 7, 7],
    ],
    undefined,
  );
  t.same([low, high, iqm], [6, 6, 6], 'tasks are strata: each keeps its share in every resample');
  t.same(judge(claim({}), scores, undefined), judge(claim({}), scores, undefined), 'the same every time');
});
