/** What every game has around it: seeding, time limit, statistics, validation, snapshots. Seats come and go. */
import t from 'tap';
import { getEnv, getWorld, HostedWorld, listSpecs, listWorlds, registerWorld } from '../../envs/index.js';
import { brokenChairs, musicalChairs } from './musical-chairs.js';

const make = (config: { maxEpisodeSteps?: number; entropy?: () => number } = {}): HostedWorld =>
  new HostedWorld(musicalChairs, { options: {}, ...config });

/** Steps with these actions, an element a seat. */
function step(world: HostedWorld, actions: readonly number[]) {
  world.actions[0]!.set(actions as never);
  const { rewards, terminated, truncated, ended } = world.step();
  return {
    rewards: [...rewards],
    terminated: [...terminated],
    truncated: [...truncated],
    ended: ended && [...ended.rows.subarray(0, ended.n)],
  };
}

t.test('worlds are found by their id, and listed together with envs', async (t) => {
  t.equal(getWorld('ConnectFour-v3').seats.length, 2);
  t.throws(() => getWorld('ConnectFive'), {
    code: 'unknown_world',
    message: /no world "ConnectFive"; the nearest are ConnectFour-v3/,
  });
  t.throws(() => getWorld('CartPole-v1'), { code: 'unknown_world', message: /env of one player, for make/ });
  t.throws(() => getEnv('ConnectFour-v3'), {
    code: 'unknown_env',
    message: /it is a world of 2 seats, for create/,
  });
  t.throws(() => registerWorld(getWorld('ConnectFour-v3')), /registered already/);
  const ids = listSpecs().map(({ id }) => id);
  t.same(ids, [...ids].sort());
  for (const { spec, seats } of listWorlds()) {
    t.ok(ids.includes(spec.id));
    t.equal(spec.players, seats.length);
    t.equal(new Set(seats).size, seats.length);
  }
});

t.test('a seat that is done is gone until the reset', async (t) => {
  const world = make();
  world.reset(7);
  t.same(step(world, [1, 0, 1]), {
    rewards: [1, -1, 1],
    terminated: [0, 1, 0],
    truncated: [0, 0, 0],
    ended: [1],
  });
  t.same([world.isLive(0), world.isLive(1), world.isLive(2)], [true, false, true]);
  t.same(
    step(world, [1, 99, 1]),
    { rewards: [1, 0, 1], terminated: [0, 1, 0], truncated: [0, 0, 0], ended: undefined },
    'its action is not looked at, its reward is 0, its flag stays up',
  );
  t.same(step(world, [0, 0, 0]).ended, [0, 2]);
  t.same([...world.batch.ended!.returns.subarray(0, 2)], [1, 1]);
  t.same([...world.batch.ended!.lengths.subarray(0, 2)], [3, 3]);
  t.throws(() => world.step(), { code: 'episode_over', message: /the game is over; reset the world first/ });
  world.reset();
  t.same([world.isLive(0), world.isLive(1), world.isLive(2)], [true, true, true]);
});

t.test('the time limit cuts off whoever is left', async (t) => {
  const world = make({ maxEpisodeSteps: 2 });
  world.reset(7);
  step(world, [1, 0, 1]);
  t.same(step(world, [0, 1, 1]), {
    rewards: [-1, 0, 1],
    terminated: [1, 1, 0],
    truncated: [1, 0, 1],
    ended: [0, 2],
  });
});

t.test('seeds: given, gone on with, or drawn', async (t) => {
  const world = make({ entropy: () => 5 });
  t.same([...world.reset().seeds], [5, 5, 5]);
  const first = [...world.batch.observations[0]!];
  const second = [...world.reset().observations[0]!];
  t.notSame(second, first, 'the stream goes on');
  t.same([...world.reset(5).observations[0]!], first);
  for (const seed of [-1, 0.5, 2 ** 53]) {
    t.throws(() => world.reset(seed), { code: 'bad_message', message: /seed of Test\/MusicalChairs-v0/ });
  }
  t.same([...world.batch.observations[0]!], first);
});

t.test('a step that is refused moves nobody', async (t) => {
  const world = make();
  t.throws(() => world.step(), { code: 'not_reset' });
  t.throws(() => world.snapshot(), { code: 'not_reset' });
  t.throws(() => world.render(), { code: 'not_reset' });
  world.reset(7);
  t.throws(() => world.render(), { code: 'no_render' });
  const before = world.snapshot();
  t.throws(() => step(world, [1, 1, 2]), {
    code: 'bad_action',
    message: 'step: seat carol: action = 2 is outside Discrete(2)',
  });
  t.same(world.snapshot(), before);
});

t.test('a restored world goes on as the other did', async (t) => {
  const world = make({ maxEpisodeSteps: 20 });
  world.reset(7);
  step(world, [1, 0, 1]);
  world.useDefault(0);
  step(
    world,
    [0, 0, 1].map((_, seat) => world.actions[0]![seat] as number),
  );
  const snapshot = world.snapshot();
  const other = make({ maxEpisodeSteps: 20 });
  other.restore(structuredClone(snapshot));
  t.same(other.snapshot(), snapshot);
  t.same([...other.batch.observations[0]!], [...world.batch.observations[0]!]);
  t.same(step(other, [1, 0, 1]), step(world, [1, 0, 1]));
  t.same([...other.reset().observations[0]!], [...world.reset().observations[0]!], 'the stream too');
  for (const [name, bad] of Object.entries({
    nothing: null,
    'another world': { ...snapshot, world: 'Chess' },
    'no seed': { ...snapshot, seed: undefined },
    'elapsed before the start': { ...snapshot, elapsed: -1 },
    'two seats': { ...snapshot, returns: [0, 0] },
    'a return in words': { ...snapshot, returns: ['a', 'b', 'c'] },
    'half a flag': { ...snapshot, truncated: [0.5, 0, 0] },
    'a miss too few': { ...snapshot, missed: [-1, 0, 0] },
    'no generator': { ...snapshot, rng: 5 },
  })) {
    const before = world.snapshot();
    t.throws(() => world.restore(bad), name);
    t.same(world.snapshot(), before);
  }
});

t.test('a world that throws is at fault, not its caller', async (t) => {
  const world = new HostedWorld(brokenChairs, { options: {} });
  world.reset(7);
  t.throws(() => step(world, [1, 1, 1]), {
    code: 'env_failed',
    message: /Test\/Broken-v0 threw: a string broke/,
  });
});
