/** The online algorithms, with every number worked out by hand: α = γ = ε = 1/2. */
import t from 'tap';
import { Random } from '../../../agents/random.js';
import { completeSettings } from '../../../agents/settings.js';
import { ExpectedSarsa } from '../../../agents/tabular/expected-sarsa.js';
import { Knowledge, TABULAR_SETTINGS, type TabularSettings } from '../../../agents/tabular/knowledge.js';
import { QLearning } from '../../../agents/tabular/q-learning.js';
import { Sarsa } from '../../../agents/tabular/sarsa.js';
import { Discrete, MultiDiscrete } from '../../../protocol/spaces/index.js';
import { memoryCheckpoint } from '../checkpoint-in-memory.js';
import { savedValues, step } from './steps.js';

/** Three states from 10, two actions from 5. */
const spaces = { observationSpace: new Discrete(3, 10), actionSpace: new Discrete(2, 5) };

function knowledge(numEnvs: number, settings: Partial<TabularSettings> = {}): Knowledge {
  const all = { gamma: 0.5, learningRate: 0.5, epsilonStart: 0.5, epsilonEnd: 0.5, ...settings };
  return new Knowledge({ ...spaces, numEnvs }, completeSettings(TABULAR_SETTINGS, all));
}

const at = (...states: number[]) => [Int32Array.from(states)];

/** Two episodes of one env: 10 → 11 → 12 → 11, which ends it, and 10 → 11 → 12, cut off there. */
function twoEpisodes(agent: QLearning | ExpectedSarsa | Sarsa): number[][] {
  const after: number[][] = [];
  const observe = (action: number, ...result: Parameters<typeof step>) => {
    agent.observe(at(action), step(...result));
    after.push(savedValues(agent));
  };
  agent.begin(at(10));
  observe(5, [11], [1]);
  observe(6, [12], [2]);
  observe(5, [10], [4], { terminated: [1] }, [11]);
  observe(5, [11], [1]);
  observe(6, [10], [0], { truncated: [1] }, [12]);
  return after;
}

t.test('Q-learning: the best action from there on, whatever came next', async (t) => {
  t.same(twoEpisodes(new QLearning(knowledge(1), 1)), [
    [0.5, 0, 0, 0, 0, 0],
    [0.5, 0, 0, 1, 0, 0],
    [0.5, 0, 0, 1, 2, 0],
    [1, 0, 0, 1, 2, 0],
    [1, 0, 0, 1, 2, 0], // 0 + 2 / 2 is what it was already
  ]);
});

t.test('expected SARSA: the actions that the behaviour takes, weighed by how likely they are', async (t) => {
  // Worth 3/4 of the one value that is not 0.
  t.same(twoEpisodes(new ExpectedSarsa(knowledge(1), 1)), [
    [0.5, 0, 0, 0, 0, 0],
    [0.5, 0, 0, 1, 0, 0],
    [0.5, 0, 0, 1, 2, 0],
    [0.9375, 0, 0, 1, 2, 0],
    [0.9375, 0, 0, 0.875, 2, 0],
  ]);
});

t.test('SARSA: the action that was taken next, once it is known', async (t) => {
  t.same(twoEpisodes(new Sarsa(knowledge(1), 1)), [
    [0, 0, 0, 0, 0, 0],
    [0.5, 0, 0, 0, 0, 0],
    [0.5, 0, 0, 1, 2, 0],
    [0.5, 0, 0, 1, 2, 0],
    [1, 0, 0, 0.875, 2, 0],
  ]);
});

t.test('SARSA: new episodes cut off the ones under way', async (t) => {
  const agent = new Sarsa(knowledge(1), 1);
  twoEpisodes(agent);
  agent.observe(at(6), step([12], [8]));
  agent.begin(at(11));
  t.same(savedValues(agent), [1, 4.375, 0, 0.875, 2, 0]);
  agent.observe(at(5), step([12], [1]));
  t.same(savedValues(agent), [1, 4.375, 0, 0.875, 2, 0], 'the old transition does not wait for it');
});

t.test('several envs: all targets come from the same values, then each moves its own', async (t) => {
  const agent = new QLearning(knowledge(3), 3);
  agent.begin(at(10, 10, 12));
  agent.observe(at(5, 5, 6), step([10, 10, 10], [4, 8, 2]));
  // One after the other, the third would see the value that the first two made.
  t.same(savedValues(agent), [5, 0, 0, 0, 0, 1]);
  t.same(agent.learn(), { td_error: (4 + 6 + 2) / 3, q: (0 + 2 + 0) / 3, epsilon: 0.5 });
  t.equal(agent.learn(), undefined);
});

t.test('a learning rate that falls with the visits makes a mean', async (t) => {
  const mean = new QLearning(knowledge(1, { learningRate: 1, visitExponent: 1, gamma: 0 }), 1);
  const root = new QLearning(knowledge(1, { learningRate: 1, visitExponent: 0.5, gamma: 0 }), 1);
  for (const agent of [mean, root]) {
    agent.begin(at(10));
    for (const reward of [3, 1, 8]) agent.observe(at(5), step([10], [reward]));
  }
  t.equal(savedValues(mean)[0], 4);
  const second = 3 + (1 - 3) / Math.SQRT2;
  t.ok(Math.abs(savedValues(root)[0]! - (second + (8 - second) / Math.sqrt(3))) < 1e-12);
});

t.test('acting: the first of the best, or the behaviour; nothing changes by it', async (t) => {
  const agent = new QLearning(knowledge(1), 1);
  twoEpisodes(agent);
  const random = new Random(0);
  t.same(agent.act(at(10, 11, 12, 11), { explore: false, random }), [[5, 6, 5, 6]]);
  t.same(agent.values(at(10, 11, 12)), [1, 1, 2]);
  const untaught = new QLearning(knowledge(1, { initialValue: -3 }), 1);
  t.same(untaught.act(at(10, 11), { explore: false, random }), [[5, 5]]);
  t.same(untaught.values(at(12)), [-3]);
  const explored = new Set(
    Array.from({ length: 100 }, () => agent.act(at(12), { explore: true, random })[0][0]),
  );
  t.same(explored, new Set([5, 6]));
});

t.test('workers learn into one table, each from its own envs', async (t) => {
  const agent = new Sarsa(knowledge(1), 1);
  const other = agent.worker();
  agent.begin(at(10));
  other.begin(at(11));
  agent.observe(at(5), step([12], [2]));
  other.observe(at(6), step([12], [4]));
  other.observe(at(5), step([12], [0]));
  t.same(savedValues(agent), [0, 0, 0, 2, 0, 0]);
  agent.observe(at(6), step([12], [0]));
  t.same(savedValues(other), [1, 0, 0, 2, 0, 0]);
});

t.test('what is saved is all there is', async (t) => {
  for (const make of [QLearning, Sarsa, ExpectedSarsa]) {
    const settings = { visitExponent: 1, epsilonEnd: 0, explorationSteps: 8 };
    const agent = new make(knowledge(1, settings), 1);
    twoEpisodes(agent);
    agent.observe(at(6), step([12], [8]));
    const other = new make(knowledge(1, settings), 1);
    await other.load(memoryCheckpoint(agent.save()));
    for (const each of [agent, other]) each.observe(at(6), step([11], [3]));
    t.strictSame(other.save(), agent.save());
    t.equal(other.learn()?.epsilon, 0.0625);
  }
});

t.test('a table of another size is refused, and one that would not fit', async (t) => {
  const agent = new QLearning(knowledge(1), 1);
  const other = new QLearning(
    new Knowledge(
      { ...spaces, observationSpace: new Discrete(4), numEnvs: 1 },
      completeSettings(TABULAR_SETTINGS, {}),
    ),
    1,
  );
  await t.rejects(other.load(memoryCheckpoint(agent.save())), {
    message: 'the checkpoint holds 6 numbers of q, this env needs 8',
  });
  const vast = { ...spaces, observationSpace: new MultiDiscrete([10_000, 10_000]), numEnvs: 1 };
  t.throws(() => new Knowledge(vast, completeSettings(TABULAR_SETTINGS, {})), {
    message: 'a table of 100000000 states and 2 actions has 200000000 entries; at most 67108864 fit',
  });
});
