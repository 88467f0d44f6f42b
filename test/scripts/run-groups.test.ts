import t from 'tap';
import { panelsOf } from '../../scripts/run-groups.js';

const run = (seed: number, config: Record<string, unknown> = {}) => ({
  config: {
    env: 'CartPole-v1',
    agent: 'dqn',
    seed,
    numEnvs: 8,
    settings: { gamma: 0.9, hidden: [64] },
    ...config,
  },
  rows: [{ step: seed, time: 0 }],
});
const described = (runs: ReturnType<typeof run>[]) =>
  panelsOf(runs).map(({ title, groups }) => [
    title,
    groups.map(({ label, runs: { length } }) => [label, length]),
  ]);

t.test('runs that differ in their seeds alone are one group', async (t) => {
  t.same(described([run(0), run(1, { steps: 99 }), run(2, { url: 'ws://there' })]), [
    ['CartPole-v1', [['dqn', 3]]],
  ]);
});

t.test('labels tell what differs, and nothing else', async (t) => {
  const wide = { settings: { gamma: 0.9, hidden: [64, 64] } };
  t.same(described([run(0), run(0, wide), run(1), run(0, { agent: 'sac', settings: { tau: 1 } })]), [
    [
      'CartPole-v1',
      [
        ['dqn hidden=64', 2],
        ['dqn hidden=64,64', 1],
        ['sac', 1],
      ],
    ],
  ]);
  t.same(described([run(0), run(0, { numEnvs: 1 })])[0]![1], [
    ['dqn numEnvs=8', 1],
    ['dqn numEnvs=1', 1],
  ]);
});

t.test('a panel for each env and its options', async (t) => {
  const slippery = { env: 'FrozenLake-v1', options: { is_slippery: true } };
  t.same(
    described([run(0), run(0, slippery), run(0, { ...slippery, options: {} })]).map(([title]) => title),
    ['CartPole-v1', 'FrozenLake-v1, is_slippery=true', 'FrozenLake-v1'],
  );
});
