import t from 'tap';
import { createRng, getEnv, getWorld, HostedWorld, resolveOptions } from '../../../envs/index.js';
import { sumoOpponent } from '../../../envs/physics/sumo-opponent.js';
import type { Dict } from '../../../protocol/spaces/index.js';

function make(options: Readonly<Record<string, unknown>> = {}): HostedWorld {
  const definition = getWorld('Physics/SumoDuel-v1');
  return new HostedWorld(definition, { options: resolveOptions(definition.spec, options) });
}

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

t.test('pictures: each seat sees itself in the same colour, the other in another', async (t) => {
  const world = make({ obs_type: 'image' });
  t.equal(world.observationSpace.toString(), 'Box(0, 255, (84, 84, 3), uint8)');
  world.reset(1);
  const [slab] = world.batch.observations as [Uint8Array];
  const size = 84 * 84 * 3;
  /** Where a seat sees each colour: how many pixels, and their mean. */
  const seen = (seat: number) => {
    const spots = new Map<string, { n: number; x: number; y: number }>();
    for (let i = 0; i < 84 * 84; i++) {
      const color = slab.subarray(seat * size + 3 * i, seat * size + 3 * i + 3).join();
      const { n, x, y } = spots.get(color) ?? { n: 0, x: 0, y: 0 };
      spots.set(color, {
        n: n + 1,
        x: (x * n + (i % 84)) / (n + 1),
        y: (y * n + Math.floor(i / 84)) / (n + 1),
      });
    }
    return spots;
  };
  const [first, second] = [seen(0), seen(1)];
  t.same([...first.keys()].sort(), [...second.keys()].sort());
  const differ = [...first.keys()].filter(
    (color) => Math.abs(first.get(color)!.x - second.get(color)!.x) > 5,
  );
  t.equal(differ.length, 2, 'the two wrestlers, and nothing else');
  const [one, other] = differ as [string, string];
  t.ok(
    Math.abs(first.get(one)!.x - second.get(other)!.x) < 1 &&
      Math.abs(first.get(one)!.y - second.get(other)!.y) < 1,
  );
});

t.test('pictures in gray, and beside the state', async (t) => {
  const gray = make({ obs_type: 'image', grayscale: true });
  t.same(
    gray.observationSpace.leaves.map(({ shape }) => shape),
    [[84, 84, 1]],
  );
  const [both, plain] = [make({ obs_type: 'both' }), make()];
  both.reset(1);
  plain.reset(1);
  t.same(Object.keys((both.observationSpace as Dict).spaces), ['image', 'observation']);
  t.same(both.batch.observations[1], plain.batch.observations[0]);
  t.throws(() => make({ obs_type: 'ram' }), { code: 'bad_options' });
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
