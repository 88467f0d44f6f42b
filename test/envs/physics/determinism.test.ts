/** Determinism of the whole envs: what is around them in the process, and what they did before, must not show. */
import Matter from 'matter-js';
import t from 'tap';
import type { Options } from '../../../envs/env.js';
import { getEnv, listEnvs, resolveOptions, VectorEnv } from '../../../envs/index.js';
import { Pcg64 } from '../../../envs/rng/pcg64.js';

const NUM_ENVS = 2;

const ids = listEnvs()
  .map(({ spec }) => spec.id)
  .filter((id) => id.startsWith('Physics/'));

function make(id: string, given: Partial<Options> = {}): VectorEnv {
  const definition = getEnv(id);
  const options = resolveOptions(definition.spec, given);
  return new VectorEnv(definition, { numEnvs: NUM_ENVS, options, autoreset: 'next_step' });
}

/** The observations and rewards of some steps with random actions, one array of numbers a step. */
function run(venv: VectorEnv, steps: number, seed: number, between: () => void = () => {}): number[][] {
  const rng = new Pcg64(seed);
  return Array.from({ length: steps }, () => {
    for (let row = 0; row < NUM_ENVS; row++) {
      const action = venv.actionSpace.sample(rng) as Float32Array;
      // Grasp's episodes go on: its last action would end them.
      if (action.length === 5) action[4] = -1;
      venv.actionSpace.write(action, venv.actions, row);
    }
    between();
    const { observations, rewards } = venv.step();
    return [...observations.flatMap((slab) => [...(slab as Float32Array)]), ...rewards];
  });
}

for (const id of ids) {
  t.test(`${id}: other engines in between change nothing`, async (t) => {
    const alone = make(id);
    alone.reset({ seeds: [3, 4] });
    const expected = run(alone, 120, 1);
    const rival = Matter.Engine.create();
    const neighbour = make(id);
    neighbour.reset({ seeds: [5, 6] });
    const busy = make(id);
    busy.reset({ seeds: [3, 4] });
    const disturb = () => {
      Matter.Composite.add(rival.world, Matter.Bodies.circle(Matter.Common.random(0, 50), 0, 5));
      Matter.Engine.update(rival, 10);
      run(neighbour, 1, 2);
    };
    t.same(run(busy, 120, 1, disturb), expected);
  });

  t.test(`${id}: a snapshot replays exactly`, async (t) => {
    const venv = make(id);
    venv.reset({ seeds: [7, 8] });
    for (let i = 0; i < 5; i++) {
      run(venv, 13, 10 + i);
      const snapshots = [venv.snapshot(0), venv.snapshot(1)];
      const expected = run(venv, 100, 20 + i);
      const after = [venv.snapshot(0), venv.snapshot(1)];
      for (const [env, snapshot] of snapshots.entries()) venv.restore(env, snapshot);
      t.same(run(venv, 100, 20 + i), expected, 'observations and rewards');
      t.same([venv.snapshot(0), venv.snapshot(1)], after, 'all of the state');
    }
  });
}
