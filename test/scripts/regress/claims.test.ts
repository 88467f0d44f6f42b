import t from 'tap';
import { parseClaims, type Task } from '../../../scripts/regress/claims.js';

const claim = { name: 'a', agent: 'dqn', env: 'CartPole-v1' };
const parse = (...claims: unknown[]) => parseClaims({ claims }).claims;
t.test('a claim of a few words is a whole one', async (t) => {
  const [parsed] = parse(claim);
  t.match(parsed, {
    seeds: [0, 1, 2, 3, 4],
    statistic: 'iqm',
    metric: 'return',
    checkpoint: 'best',
    episodes: 100,
    decideBy: 'interval',
    tasks: [{ env: 'CartPole-v1', range: [0, 1], trainee: { agent: 'dqn', settings: {} } }],
  });
  t.equal(parsed!.budget.minutes, Infinity);
});

t.test('defaults count where a claim says nothing', async (t) => {
  const { claims } = parseClaims({
    defaults: { seeds: '0..2', agent: 'dqn', env: 'Acrobot-v1' },
    claims: [{ name: 'a' }, { name: 'b', seeds: '7', env: 'CartPole-v1' }],
  });
  t.match(claims, [
    { seeds: [0, 1, 2], tasks: [{ env: 'Acrobot-v1' }] },
    { seeds: [7], tasks: [{ env: 'CartPole-v1' }] },
  ]);
});

t.test('a default gives way to what takes its place', async (t) => {
  const { claims } = parseClaims({
    defaults: { agent: 'dqn', settings: { gamma: 1 }, env: 'E', steps: 9 },
    claims: [
      { name: 'a', command: ['x'] },
      { name: 'b', tasks: [{ env: 'F', range: [0, 1] }] },
    ],
  });
  t.match(claims[0]!.tasks[0], { env: 'E', trainee: { agent: undefined, command: ['x'], settings: {} } });
  t.match(claims[1]!.tasks, [{ env: 'F', trainee: { agent: 'dqn', settings: { gamma: 1 } } }]);
});

t.test('a comparison: the other side is what is different there', async (t) => {
  const [same, another, baseline] = parse(
    { ...claim, settings: { gamma: 0.9, double: true }, steps: 5, against: { settings: { double: false } } },
    { ...claim, name: 'b', settings: { gamma: 0.9 }, against: { agent: 'sac', steps: 9 } },
    { ...claim, name: 'c', against: 'baseline', statistic: 'mean' },
  );
  t.equal(same!.statistic, 'probabilityOfImprovement');
  t.match((same!.against as never[])[0], {
    env: 'CartPole-v1',
    trainee: { agent: 'dqn', steps: 5, settings: { gamma: 0.9, double: false } },
  });
  t.match((another!.against as never[])[0], { trainee: { agent: 'sac', steps: 9 } });
  t.same((another!.against as readonly Task[])[0]!.trainee.settings, {}, 'of its own');
  t.equal(baseline!.against, 'baseline');
});

t.test('several tasks, each with what is its own', async (t) => {
  const tasks = [
    { env: 'CartPole-v1', range: [0, 500], steps: 10 },
    { env: 'Acrobot-v1', range: [-500, -100] },
  ];
  const { env: _, ...rest } = claim;
  const [parsed] = parse({ ...rest, steps: 20, tasks });
  t.match(parsed!.tasks, [
    { env: 'CartPole-v1', range: [0, 500], trainee: { steps: 10 } },
    { env: 'Acrobot-v1', trainee: { steps: 20, agent: 'dqn' } },
  ]);
});

t.test('what is wrong is told with its place and the nearest right name', async (t) => {
  const refused = (content: unknown, message: string | RegExp) =>
    t.throws(() => parseClaims(content), { message });
  const one = (fields: object) => ({ claims: [{ ...claim, ...fields }] });
  refused([], 'the file: expected a map, got []');
  refused({ claim: [] }, 'unknown field "claim"; did you mean "claims"?');
  refused({}, 'there is nothing in claims or golden');
  refused({ claims: [7] }, 'claims[0]: expected a map, got nothing');
  refused(one({ sedes: '0..4' }), 'claims[0] (a): unknown field "sedes"; did you mean "seeds"?');
  refused(one({ statistic: 'iqr' }), /statistic: expected one of iqm, mean, .*, got "iqr"/);
  refused(one({ atLeast: '475' }), 'claims[0] (a): atLeast: expected a number, got "475"');
  refused(one({ seeds: '4..1' }), /seeds: Expected seeds such as 0\.\.4 or 0,3,7\. Got "4\.\.1"/);
  refused(
    one({ budget: { hours: 1 } }),
    /claims\[0\] \(a\)\.budget: unknown field "hours"; there are minutes/,
  );
  refused(
    one({ metric: { name: 'q', ovre: 'mean' } }),
    /\.metric: unknown field "ovre"; did you mean "over"/,
  );
  refused(one({ against: { setings: {} } }), /\.against: unknown field "setings"; did you mean "settings"/);
  refused(one({ statistic: 'probabilityOfImprovement' }), /needs against/);
  refused(one({ command: ['x'] }), 'claims[0] (a): agent and command: give one of them');
  refused({ claims: [{ name: 'a', env: 'E' }] }, 'claims[0] (a): agent or command: what trains?');
  refused({ claims: [{ name: 'a', env: 'E', command: ['x'] }] }, /steps: a command must be told/);
  refused(one({ tasks: [] }), 'claims[0] (a): env and tasks: give one of them');
  refused({ claims: [claim, claim] }, 'two claims are named "a"');
  refused({ golden: [{ env: 'E', setps: 1 }] }, 'golden[0]: unknown field "setps"; did you mean "steps"?');
});
