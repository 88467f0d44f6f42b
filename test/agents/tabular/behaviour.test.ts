import t from 'tap';
import { Random } from '../../../agents/random.js';
import { completeSettings } from '../../../agents/settings.js';
import {
  BEHAVIOUR_SETTINGS,
  behaviour,
  boltzmann,
  epsilonGreedy,
} from '../../../agents/tabular/behaviour.js';

/** The second state of two, with three actions. */
const q = Float64Array.of(9, 9, 9, 1, 3, 3);
const CASES = [
  { policy: epsilonGreedy, level: 0.3, probabilities: [0.1, 0.8, 0.1] },
  { policy: epsilonGreedy, level: 0, probabilities: [0, 1, 0] },
  { policy: boltzmann, level: 2, probabilities: [1, Math.E, Math.E].map((w) => w / (1 + 2 * Math.E)) },
  { policy: boltzmann, level: 1e-9, probabilities: [0, 0.5, 0.5] },
];

for (const { policy, level, probabilities } of CASES) {
  t.test(`${policy.measure} ${level}: how often each action comes, and what it is worth`, async (t) => {
    const n = 30_000;
    const random = new Random(0);
    const counts = [0, 0, 0];
    for (let i = 0; i < n; i++) counts[policy.choose(q, 3, 3, level, random)]! += 1;
    for (const [action, p] of probabilities.entries()) {
      t.ok(
        Math.abs(counts[action]! / n - p) <= 5 * Math.sqrt((p * (1 - p)) / n),
        `action ${action}: ${counts[action]} of ${n}, expected ${p * n}`,
      );
    }
    const worth = probabilities.reduce((sum, p, action) => sum + p * q[3 + action]!, 0);
    t.ok(Math.abs(policy.expectation(q, 3, 3, level) - worth) < 1e-12);
  });
}

t.test('values of any size', async (t) => {
  const large = Float64Array.of(1e6, 1e6 - 1, -1e6);
  t.equal(boltzmann.expectation(large, 0, 3, 1e-3), 1e6);
  t.equal(boltzmann.choose(large, 0, 3, 1e-3, new Random(0)), 0);
});

t.test('the level falls with the steps', async (t) => {
  const levels = (exploration: 'epsilon-greedy' | 'boltzmann') => {
    const made = behaviour(
      completeSettings(BEHAVIOUR_SETTINGS, {
        exploration,
        explorationSteps: 100,
        epsilonEnd: 0,
        temperatureStart: 8,
        temperatureEnd: 4,
      }),
    );
    return [made.measure, ...[0, 50, 200].map((step) => made.level(step))];
  };
  t.same(levels('epsilon-greedy'), ['epsilon', 1, 0.5, 0]);
  t.same(levels('boltzmann'), ['temperature', 8, 6, 4]);
});
