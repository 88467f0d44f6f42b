import t from 'tap';
import { createRng, getEnv, getWorld, HostedWorld, resolveOptions } from '../../../envs/index.js';
import { sumoOpponent } from '../../../envs/physics/sumo-opponent.js';

const make = (): HostedWorld => new HostedWorld(getWorld('Physics/SumoDuel-v1'), { options: {} });

t.test('the second seat played as the script plays it is Physics/Sumo', async (t) => {
  const sumo = getEnv('Physics/Sumo-v1');
  const env = sumo.create(resolveOptions(sumo.spec, { opponent_strength: 0.7 }));
  const world = make();
  for (const seed of [1, 2, 3]) {
    env.reset(createRng('pcg64', seed));
    world.reset(seed);
    const alone = new Float32Array(8);
    const [views] = world.batch.observations as [Float32Array];
    const [actions] = world.actions as [Float32Array];
    let steps = 0;
    while (!env.terminated && steps++ < 200) {
      const action = Float32Array.of(Math.sin(steps / 5), Math.cos(steps / 7));
      actions.set(action);
      sumoOpponent(views.subarray(8, 16), 0.7, actions.subarray(2, 4));
      env.step(action);
      world.step();
      env.observe(alone);
      if (!alone.every((x, i) => x === views[i])) t.fail(`seed ${seed}: step ${steps} differs`);
    }
    t.ok(steps > 5);
    t.equal(world.batch.rewards[0], env.reward);
    t.equal(world.batch.rewards[1], 0 - env.reward);
    t.same([...world.batch.terminated], env.terminated ? [1, 1] : [0, 0]);
    t.equal(world.batch.infos.is_success![0]![0], env.reward > 0 ? 1 : 0);
  }
});

t.test('each sees itself first', async (t) => {
  const world = make();
  world.reset(1);
  const [views] = world.batch.observations as [Float32Array];
  t.same([...views.subarray(8, 12)], [...views.subarray(4, 8)]);
  t.same([...views.subarray(12, 16)], [...views.subarray(0, 4)]);
});

t.test('a thrust outside the space is refused for either seat', async (t) => {
  const world = make();
  world.reset(1);
  const before = world.snapshot();
  world.actions[0]!.set([0, 0, 0, Number.NaN] as never);
  t.throws(() => world.step(), {
    code: 'bad_action',
    message: /seat wrestler_1: action\[1\] = NaN is outside/,
  });
  t.same(world.snapshot(), before);
});
