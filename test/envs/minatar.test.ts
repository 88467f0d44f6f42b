import t from 'tap';
import { getEnv, resolveOptions, VectorEnv } from '../../envs/index.js';
import { Entities } from '../../envs/minatar/entities.js';

/** One game without sticky actions, put into a state that play seldom reaches. */
function game(name: string, state: unknown): VectorEnv {
  const definition = getEnv(`MinAtar/${name}-v1`);
  const venv = new VectorEnv(definition, {
    numEnvs: 1,
    options: resolveOptions(definition.spec, { sticky_action_prob: 0 }),
    autoreset: 'disabled',
  });
  venv.reset({ seeds: [0] });
  venv.restore(0, { ...venv.snapshot(0), state: { lastAction: 0, env: state } });
  return venv;
}

/** The cells of the next observation where a channel is set, as "x,y". */
function stepAndFind(
  venv: VectorEnv,
  channel: number,
): { cells: string[]; terminated: number; reward: number } {
  venv.actions[0]![0] = 0;
  const { observations, terminated, rewards } = venv.step();
  const channels = venv.observationSpace.leaves[0]!.shape[2]!;
  const cells: string[] = [];
  for (const [i, x] of (observations[0] as Uint8Array).entries()) {
    const cell = Math.floor(i / channels);
    if (i % channels === channel && x === 1) cells.push(`${cell % 10},${Math.floor(cell / 10)}`);
  }
  return { cells, terminated: terminated[0]!, reward: rewards[0]! };
}

t.test('Breakout: when no brick is left, new rows appear as the ball comes down', async (t) => {
  const BRICK = 3;
  const noBricks = new Array(30).fill(0);
  // The paddle at 5, the ball at (4, 7) on its way down right.
  const venv = game('Breakout', [5, 4, 7, 3, 6, 2, 0, ...noBricks]);
  t.same(stepAndFind(venv, BRICK).cells, []);
  const { cells, terminated } = stepAndFind(venv, BRICK);
  t.equal(cells.length, 30);
  t.equal(terminated, 0);
});

t.test('Breakout: with a brick left, none appear', async (t) => {
  const venv = game('Breakout', [5, 4, 7, 3, 6, 2, 0, 1, ...new Array(29).fill(0)]);
  stepAndFind(venv, 3);
  t.same(stepAndFind(venv, 3).cells, ['0,1']);
});

t.test('Space Invaders: aliens that leave at the bottom end the game and show at the top', async (t) => {
  const ALIEN = 1;
  const rows = (aliens: Readonly<Record<number, number>>) =>
    Array.from({ length: 10 }, (_, y) => aliens[y] ?? 0);
  const none = rows({});
  // The cannon at 8, aliens moving left: one at the left edge, one at the bottom; they are due to move.
  const venv = game('SpaceInvaders', [8, 0, -1, 12, 0, 5, ...rows({ 3: 0b1, 9: 0b1000 }), ...none, ...none]);
  const { cells, terminated } = stepAndFind(venv, ALIEN);
  t.same(cells, ['3,0', '0,4']);
  t.equal(terminated, 1);
});

t.test('Space Invaders: two bullets that meet two aliens pay twice', async (t) => {
  const rows = (marks: Readonly<Record<number, number>>) =>
    Array.from({ length: 10 }, (_, y) => marks[y] ?? 0);
  const state = [8, 0, 1, 12, 9, 9, ...rows({ 2: 0b110, 3: 0b1 }), ...rows({ 3: 0b110 }), ...rows({})];
  const { cells, reward } = stepAndFind(game('SpaceInvaders', state), 1);
  t.equal(reward, 2);
  t.same(cells, ['0,3']);
});

t.test('a position that the game cannot have is refused', async (t) => {
  const none = new Array(10).fill(0);
  const refused = (name: string, state: unknown) =>
    t.throws(() => game(name, state), { code: 'bad_snapshot' });
  refused('SpaceInvaders', [8, 0, 1, 12, 9, 9, ...none, ...none, ...none]);
  refused('SpaceInvaders', [12, 0, 1, 12, 9, 9, 1, ...none.slice(1), ...none, ...none]);
  refused('Breakout', [5, 4, 70, 3, 6, 2, 0, ...new Array(30).fill(0)]);
  refused('Seaquest', [new Array(12).fill(0), [], [], [1], [], []]);
  refused('Seaquest', [new Array(12).fill(0), [], [], [], []]);
  refused('Asterix', [1.5]);
  refused('Freeway', null);
});

/** The entities' first numbers, in order. */
const firsts = (entities: Entities) => Array.from({ length: entities.length }, (_, i) => entities.at(i)[0]);

function listOf(...values: readonly (readonly [number, number])[]): Entities {
  const entities = new Entities(2);
  for (const value of values) entities.add().set(value);
  return entities;
}

t.test('entities are removed by their numbers, the first that is equal', async (t) => {
  const entities = listOf([7, 0], [1, 0], [7, 0]);
  const last = entities.at(2);
  entities.remove(last);
  t.same(firsts(entities), [1, 7]);
  t.equal(entities.at(1), last, 'the one named is still there: its equal went');
});

t.test('a removed entity keeps its numbers until another is added', async (t) => {
  const entities = listOf([1, 2], [3, 4]);
  const first = entities.at(0);
  entities.remove(first);
  t.same([...first], [1, 2]);
  entities.add().set([5, 6]);
  t.same([...first], [5, 6], 'its memory is used again');
  t.same(entities.save(), [3, 4, 5, 6]);
});

t.test('the first entity at a place is found', async (t) => {
  const entities = listOf([1, 2], [3, 4], [3, 4]);
  t.equal(entities.find(3, 4), entities.at(1));
  t.equal(entities.find(4, 3), undefined);
  entities.clear();
  t.equal(entities.find(1, 2), undefined);
});
