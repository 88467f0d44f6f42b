import t from 'tap';
import { distancesFrom, generateLayout, LAYOUTS, type Layout } from '../../../envs/goals/maze-layout.js';
import { getEnv, resolveOptions, VectorEnv } from '../../../envs/index.js';
import { Pcg64 } from '../../../envs/rng/pcg64.js';

const definition = getEnv('PointMaze-v1');

/** A ball in the maze `u`, whose middle is the wall between its two arms, at a place and with a velocity. */
function make(x: number, y: number, vx = 0, vy = 0): VectorEnv {
  const options = resolveOptions(definition.spec, {});
  const venv = new VectorEnv(definition, { numEnvs: 1, options, autoreset: 'disabled' });
  venv.reset({ seeds: [0] });
  const state = { task: 'reach', desired: [-1, -1], state: [x + 2.5, y + 2.5, vx, vy] };
  venv.restore(0, { ...venv.snapshot(0), state });
  return venv;
}

function push(venv: VectorEnv, x: number, y: number): number[] {
  venv.actions[0]!.set([x, y] as never);
  return [...(venv.step().observations[2] as Float32Array)];
}

const round = (numbers: readonly number[]): number[] => numbers.map((x) => Math.round(x * 1e6) / 1e6 + 0);

t.test('the ball accelerates and coasts', async (t) => {
  const venv = make(-1, -1);
  t.same(round(push(venv, 1, 0)), [-0.94, -1, 0.06, 0]);
  t.same(round(push(venv, 1, 0.5)), [-0.832, -0.97, 0.108, 0.03]);
  t.same(round(push(venv, 0, 0)), [-0.7456, -0.946, 0.0864, 0.024]);
});

t.test('walls stop it along the axis on which they are hit', async (t) => {
  // The wall between the arms begins half a cell below the middle of the upper one, and the ball is a quarter high.
  t.same(round(push(make(-1, -0.8, 0, 0.3), 0, 1)), [-1, -0.75, 0, 0]);
  t.same(round(push(make(-1, -0.75, 0.1, 0), 1, 1)), [-0.86, -0.75, 0.14, 0], 'and it slides along');
  t.same(round(push(make(-1.2, -1, -0.3, 0), -1, 0)), [-1.25, -1, 0, 0]);
  t.same(round(push(make(1.25, -1, 0, 0), 1, 0)), [1.25, -1, 0, 0]);
});

t.test('a ball in a wall is no state', async (t) => {
  t.throws(() => make(0, 0), { code: 'bad_snapshot' });
});

/** Whether all free cells hang together and the border is all walls. */
function isSound(layout: Layout): boolean {
  const cells = layout.join('');
  const columns = layout[0]!.length;
  const distances = distancesFrom(layout, cells.indexOf('.'));
  const onBorder = (i: number) =>
    i < columns || i >= cells.length - columns || i % columns === 0 || (i + 1) % columns === 0;
  return [...cells].every(
    (cell, i) => (cell === '.') === distances[i]! >= 0 && !(cell === '.' && onBorder(i)),
  );
}

t.test('every maze can be solved', async (t) => {
  for (const [name, layout] of Object.entries(LAYOUTS)) t.ok(isSound(layout), name);
  for (let seed = 0; seed < 100; seed++) {
    const size = 2 + (seed % 5);
    const layout = generateLayout(size, new Pcg64(seed));
    if (!isSound(layout) || layout.length !== 2 * size + 1) t.fail(`seed ${seed}:\n${layout.join('\n')}`);
  }
});

t.test('a seed makes a maze', async (t) => {
  t.same(generateLayout(5, new Pcg64(1)), generateLayout(5, new Pcg64(1)));
  t.not(generateLayout(5, new Pcg64(1)).join('\n'), generateLayout(5, new Pcg64(2)).join('\n'));
  const space = (given: Record<string, string | number>) =>
    definition.create(resolveOptions(definition.spec, given)).observationSpace.toString();
  t.equal(
    space({ layout: 'generated', maze_size: 6 }),
    space({ layout: 'generated', maze_size: 6, maze_seed: 9 }),
  );
});

t.test('a fixed maze has neither size nor seed', async (t) => {
  for (const given of [{ maze_size: 3 }, { layout: 'large', maze_seed: 0 }]) {
    const options = resolveOptions(definition.spec, given);
    t.throws(() => definition.create(options), { code: 'bad_options', message: /layout generated/ });
  }
});
