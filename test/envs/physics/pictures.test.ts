import t from 'tap';
import { Rows } from '../../../envs/batch.js';
import type { Env, Options } from '../../../envs/env.js';
import { getEnv, resolveOptions } from '../../../envs/index.js';
import { Painter } from '../../../envs/physics/painter.js';
import { Pcg64 } from '../../../envs/rng/pcg64.js';
import { Dict } from '../../../protocol/spaces/index.js';

function make(id: string, given: Partial<Options>, seed = 0): Env<Float32Array> {
  const definition = getEnv(id);
  const env = definition.create(resolveOptions(definition.spec, given)) as Env<Float32Array>;
  env.reset(new Pcg64(seed));
  return env;
}

/** What an env shows, by key; an observation that is no Dict comes as `observation`. */
function look(env: Env<Float32Array>): Record<string, number[]> {
  const { views } = new Rows(env.observationSpace, {}, 1);
  env.observe(views[0]!);
  const parts = env.observationSpace instanceof Dict ? views[0]! : { observation: views[0]! };
  return Object.fromEntries(Object.entries(parts).map(([key, part]) => [key, [...(part as Float32Array)]]));
}

const shapes = (env: Env<Float32Array>): Record<string, string> =>
  Object.fromEntries(
    env.observationSpace.leaves.map(({ path, dtype, shape }) => [
      path.join('.'),
      `${dtype} ${shape.join('x')}`,
    ]),
  );

const PUSH = 'Physics/Push-v1';

t.test('what is observed is as the options say', async (t) => {
  const goals = { achieved_goal: 'float32 2', desired_goal: 'float32 2' };
  const cases: [Partial<Options>, Record<string, string>][] = [
    [{}, { observation: 'float32 10', ...goals }],
    [{ obs_type: 'image' }, { observation: 'uint8 84x84x3', ...goals }],
    [{ obs_type: 'both' }, { observation: 'float32 10', image: 'uint8 84x84x3', ...goals }],
    [
      { obs_type: 'image', grayscale: true, image_goal: true },
      { observation: 'uint8 84x84x1', goal_image: 'uint8 84x84x1', ...goals },
    ],
    [{ image_goal: true }, { observation: 'float32 10', goal_image: 'uint8 84x84x3', ...goals }],
  ];
  for (const [options, expected] of cases)
    t.same(shapes(make(PUSH, options)), expected, JSON.stringify(options));
  t.same(shapes(make('Physics/Sumo-v1', { obs_type: 'image' })), { '': 'uint8 84x84x3' });
  t.same(shapes(make('Physics/Sumo-v1', { obs_type: 'both' })), {
    observation: 'float32 8',
    image: 'uint8 84x84x3',
  });
});

t.test('pictures change neither the state nor the goals', async (t) => {
  for (const id of [PUSH, 'Physics/Drawer-v1', 'Physics/Grasp-v1', 'Physics/Sumo-v1']) {
    const [plain, both, image] = [
      make(id, {}),
      make(id, { obs_type: 'both' }),
      make(id, { obs_type: 'image' }),
    ];
    const action = new Float32Array(5).fill(0.3);
    for (let i = 0; i < 20; i++) for (const env of [plain, both, image]) env.step(action);
    const [state, seen, picture] = [look(plain), look(both), look(image)];
    t.match(seen, state, `${id}: the state beside the picture`);
    t.same(picture.observation, seen.image, `${id}: the same picture`);
    t.same([image.reward, image.terminated], [plain.reward, plain.terminated]);
    t.same(image.snapshot(), plain.snapshot());
  }
});

t.test('gray is the brightness of the colour', async (t) => {
  const colour = look(make(PUSH, { obs_type: 'image' })).observation!;
  const gray = look(make(PUSH, { obs_type: 'image', grayscale: true })).observation!;
  const bright = gray.map(
    (_, i) => 0.299 * colour[3 * i]! + 0.587 * colour[3 * i + 1]! + 0.114 * colour[3 * i + 2]!,
  );
  t.ok(gray.every((x, i) => Math.abs(x - bright[i]!) <= 0.5));
});

t.test('the picture of a goal is that of the episode, and comes back with a snapshot', async (t) => {
  for (const id of ['Physics/Reach-v1', PUSH, 'Physics/Drawer-v1', 'Physics/Soccer-v1']) {
    const env = make(id, { image_goal: true, obs_type: 'both' });
    const { goal_image: goal, image } = look(env);
    t.notSame(goal, image, id);
    const snapshot = env.snapshot();
    env.step(new Float32Array(3).fill(0.5));
    t.same(look(env).goal_image, goal, `${id}: it stays`);
    env.reset(new Pcg64(1));
    t.notSame(look(env).goal_image, goal, `${id}: another episode has another`);
    env.restore(snapshot);
    t.same(look(env), { ...look(env), goal_image: goal, image }, `${id}: restored`);
  }
});

t.test('the goal is marked in a picture unless it has one of its own', async (t) => {
  const marked = look(make(PUSH, { obs_type: 'image' })).observation;
  const plain = look(make(PUSH, { obs_type: 'image', image_goal: true })).observation;
  t.notSame(marked, plain);
});

/** A picture 8 by 8 of what spans 0 to 8, as rows of `#` and `.`. */
function paint(draw: (painter: Painter) => void): string[] {
  const painter = new Painter([8, 8, 1], { left: 0, top: 0, width: 8, height: 8 });
  const data = new Uint8Array(64).fill(7);
  painter.begin(data, [0, 0, 0]);
  draw(painter);
  const text = [...data].map((x) => (x === 255 ? '#' : x === 0 ? '.' : '?')).join('');
  return text.match(/.{8}/g)!;
}
const WHITE = [255, 255, 255] as const;

t.test('figures cover the pixels whose middles they hold', async (t) => {
  t.same(
    paint((p) => p.rectangle(4, 3, 4, 2, WHITE)),
    ['........', '........', '..####..', '..####..', '........', '........', '........', '........'],
  );
  t.same(
    paint((p) => p.rectangle(4, 3, 4, 2, WHITE, Math.PI / 2)),
    ['........', '...##...', '...##...', '...##...', '...##...', '........', '........', '........'],
    'turned by a quarter',
  );
  t.same(
    paint((p) => p.disc(4, 4, 3, WHITE, 1.5)),
    ['........', '..####..', '.######.', '.##..##.', '.##..##.', '.######.', '..####..', '........'],
  );
  t.same(
    paint((p) => p.line(-2, 1, 3, 1, 2, WHITE)),
    ['###.....', '###.....', ...new Array<string>(6).fill('........')],
    'what is outside is cut off',
  );
});
