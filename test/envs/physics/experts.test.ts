import t from 'tap';
import { expertOf, randomPolicy, successRate } from './episodes.js';

const EPISODES = 200;

/** For each task: options, the least success of the expert, and the most of an agent that acts at random. */
const BARS: readonly (readonly [
  id: string,
  options: Record<string, string | number>,
  expert: number,
  random: number,
])[] = [
  ['Physics/Reach-v1', { arm: 'point' }, 0.95, 0.2],
  ['Physics/Reach-v1', { arm: '2-joint' }, 0.95, 0.2],
  ['Physics/Reach-v1', { arm: '3-joint' }, 0.95, 0.2],
  ['Physics/Push-v1', {}, 0.95, 0.1],
  ['Physics/Drawer-v1', { task: 'open' }, 0.95, 0.1],
  ['Physics/Drawer-v1', { task: 'close' }, 0.95, 0.1],
  ['Physics/Soccer-v1', { task: 'pass' }, 0.95, 0.1],
  ['Physics/Soccer-v1', { task: 'shoot' }, 0.95, 0.1],
  ['Physics/Grasp-v1', { objects: 'train' }, 0.85, 0.1],
  ['Physics/Grasp-v1', { objects: 'test' }, 0.85, 0.1],
  ['Physics/Grasp-v1', { objects: 'all', num_objects: 5 }, 0.85, 0.1],
  ['Physics/Sumo-v1', {}, 0.95, 0.1],
  ['PointMaze-v1', { layout: 'u' }, 0.95, 0.1],
  ['PointMaze-v1', { layout: 'large' }, 0.95, 0.1],
  ['PointMaze-v1', { layout: 'generated', maze_size: 6 }, 0.95, 0.1],
  ['BitFlipping-15-v0', {}, 0.95, 0.1],
];

for (const [id, options, expertBar, randomBar] of BARS) {
  const title = `${id} ${JSON.stringify(options)}`;
  t.test(`${title}: solvable, and not by chance`, async (t) => {
    const expert = successRate(id, options, expertOf(id, options), EPISODES);
    t.ok(expert >= expertBar, `the expert succeeds in ${expert}, at least ${expertBar}`);
    const random = successRate(id, options, randomPolicy(id, options), EPISODES);
    t.ok(random < randomBar, `an agent that acts at random in ${random}, below ${randomBar}`);
  });
}

t.test('an expert that could not see the state is refused', async (t) => {
  t.throws(() => expertOf('Physics/Push-v1', { obs_type: 'image' }), { code: 'bad_options' });
  const both = { obs_type: 'both' };
  t.ok(successRate('Physics/Push-v1', both, expertOf('Physics/Push-v1', both), 10) >= 0.9);
  t.ok(successRate('Physics/Sumo-v1', both, expertOf('Physics/Sumo-v1', both), 10) >= 0.9);
});
