/** Who may come into a world, what it refuses, and that it is then as it was. How worlds end. */
import t from 'tap';
import { RawClient, slab, startServer, stepFrame, until } from './rig.js';
import { CHAIRS, client, handled, seated } from './worlds.js';

t.test('create', async (t) => {
  const server = await startServer(t, { limits: { worlds: 2, vectorEnvs: 3, envs: 7 } });
  const one = await client(t, server);
  await t.rejects(one.create('ConnectFive-v3'), {
    code: 'unknown_world',
    message: /nearest are ConnectFour-v3/,
  });
  await t.rejects(one.create('CartPole-v1'), { code: 'unknown_world', message: /env of one player/ });
  await t.rejects(one.make('ConnectFour-v3'), { code: 'unknown_env', message: /for create to make/ });
  await t.rejects(one.create(CHAIRS, { options: { tempo: 9 } }), { code: 'bad_options', message: /1 to 3/ });
  await t.rejects(one.create(CHAIRS, { moveMs: 0 }), { code: 'bad_message', message: /create.moveMs/ });
  await t.rejects(one.create(CHAIRS, { moveMs: 2 ** 31 }), { code: 'bad_message', message: /below 2\^31/ });
  t.equal(server.numWorlds, 0);
  const worlds = [await one.create(CHAIRS), await one.create(CHAIRS)];
  t.not(worlds[0]!.token, worlds[1]!.token);
  await t.rejects(one.create(CHAIRS), { code: 'too_many_envs', message: /limits.envs is 7/ });
  const two = await client(t, server);
  await t.rejects(two.create(CHAIRS), { code: 'too_many_worlds', message: /limits.worlds is 2/ });
  await one.join(worlds[0]!.token);
  await t.rejects(one.join(worlds[0]!.token), { code: 'too_many_envs', message: /limits.vectorEnvs is 3/ });
});

t.test('a taken seat is taken, and the game goes on as if nobody had asked', async (t) => {
  const server = await startServer(t);
  const creator = await client(t, server);
  const world = await creator.create(CHAIRS, { seed: 1 });
  const { seats } = await seated(t, server, world);
  await Promise.all(seats.map((seat) => seat.reset()));
  const before = await world.snapshot();
  const stranger = await client(t, server);
  for (const [seat, code, message] of [
    ['bob', 'seat_taken', /bob is taken; free are: none/],
    [undefined, 'seat_taken', /every seat is taken/],
    ['dave', 'no_such_seat', /no seat "dave"; there are alice, bob, carol/],
  ] as const) {
    await t.rejects(stranger.join(world.token, seat), { code, message });
  }
  await t.rejects(stranger.join('guess'), { code: 'no_such_world' });
  await t.rejects(world.reset(), { code: 'seat_taken', message: /this world was joined/ });
  await t.rejects(world.step({ alice: 1, bob: 1, carol: 1 }), { code: 'seat_taken' });
  await t.rejects(world.restore(before), { code: 'seat_taken' });
  t.same(await world.snapshot(), before);
  await Promise.all(seats.map((seat) => seat.step(1)));
});

t.test('a world that its creator plays cannot be joined', async (t) => {
  const server = await startServer(t);
  const creator = await client(t, server);
  const world = await creator.create(CHAIRS);
  await world.reset();
  await t.rejects(creator.join(world.token), {
    code: 'seat_taken',
    message: /creator of this world drives all/,
  });
  await world.step({ alice: 1, bob: 1, carol: 1 });
});

t.test('what is refused does not decide who drives', async (t) => {
  const server = await startServer(t);
  const creator = await client(t, server);
  const world = await creator.create(CHAIRS);
  await t.rejects(world.step({ alice: 1, bob: 1, carol: 1 }), { code: 'not_reset' });
  await t.rejects(world.restore(null), { code: 'bad_snapshot' });
  const seat = await creator.join(world.token);
  await seat.leave();
  await t.rejects(world.reset(), { code: 'seat_taken' }, 'joining did');
});

t.test('a step that names the wrong seats moves nobody', async (t) => {
  const server = await startServer(t);
  const creator = await client(t, server);
  const world = await creator.create(CHAIRS, { seed: 1 });
  await t.rejects(world.step({ alice: 1, bob: 1, carol: 1 }), { code: 'not_reset' });
  await world.reset();
  await world.step({ alice: 1, bob: 0, carol: 1 });
  const before = await world.snapshot();
  for (const [actions, code, message] of [
    [{ alice: 1, bob: 1, carol: 1 }, 'bad_ids', /seat bob \(1\) is gone until the next reset/],
    [{ alice: 1 }, 'bad_ids', /the move of seat carol \(2\) is missing/],
    [{}, 'bad_ids', /expected 1 to 3 uint32/],
    [{ alice: 1, dave: 1 }, 'no_such_seat', /no seat "dave"/],
    [{ alice: 1, carol: 2 }, 'bad_action', /seat carol: expected an action in Discrete\(2\), got 2/],
  ] as const) {
    await t.rejects(world.step(actions), { code, message });
  }
  t.same(await world.snapshot(), before);

  const game = await creator.create('ConnectFour-v3');
  await game.reset();
  const board = await game.snapshot();
  await t.rejects(game.step({ player_1: 0 }), {
    code: 'not_your_turn',
    message: /expected a move of seat player_0 \(0\) alone, got one of player_1/,
  });
  await t.rejects(game.step({ player_0: 0, player_1: 0 }), { code: 'not_your_turn' });
  t.same(await game.snapshot(), board);
});

t.test('what raw requests may get wrong', async (t) => {
  const server = await startServer(t);
  const raw = await RawClient.welcomed(t, server.url);
  const created = await raw.ask({ type: 'create', id: 1, world: CHAIRS, seed: 1 });
  t.match(created, { type: 'created', env: 1, seats: ['alice', 'bob', 'carol'] });
  await raw.ask({ type: 'reset', id: 2, env: 1 });
  const snapshot = { type: 'snapshot', id: 3, env: 1 };
  const before = await raw.ask(snapshot);
  const actions = (...values: number[]) => [slab(Int32Array.from(values))];
  const ids = (...values: number[]) => slab(Uint32Array.from(values));
  for (const [request, code, message] of [
    [{ type: 'create', id: 9 }, 'bad_message', /create.world: expected the id of a world/],
    [{ type: 'join', id: 9, world: 7 }, 'bad_message', /join.world/],
    [{ type: 'leave', id: 9, env: 77 }, 'no_such_env', /no env 77/],
    [{ type: 'reset', id: 9, env: 1, ids: [0] }, 'bad_ids', /name no ids/],
    [{ type: 'reset', id: 9, env: 1, seeds: [1, 2, 3] }, 'bad_message', /one for the whole world, got 3/],
    [{ type: 'reset', id: 9, env: 1, options: { low: 1 } }, 'bad_options', /takes no options, got "low"/],
    [{ type: 'snapshot', id: 9, env: 1, ids: [0] }, 'bad_ids', /name no ids/],
    [{ type: 'restore', id: 9, env: 1, snapshots: [] }, 'bad_snapshot', /one for the whole world, got 0/],
    [{ type: 'transitions', id: 9, env: 1 }, 'not_supported', /not a table/],
    [
      { type: 'rewards', id: 9, env: 1, achieved: Buffer.of(), desired: Buffer.of() },
      'not_supported',
      /no reward function/,
    ],
    [stepFrame(9, 1, actions(1, 1, 2)), 'bad_action', /seat carol: action = 2 is outside Discrete\(2\)/],
    [stepFrame(9, 1, actions(1, 1)), 'bad_action', /expected 12 bytes/],
    [stepFrame(9, 1, actions(1, 1, 1), ids(0, 1, 3)), 'bad_ids', /expected 0 to 2, got 3/],
    [stepFrame(9, 1, actions(1, 1, 1), ids(0, 1, 1)), 'bad_ids', /seat bob \(1\) is named twice/],
  ] as const) {
    t.match(await raw.ask(request), { type: 'error', id: 9, code, message, recoverable: true });
  }
  t.same(await raw.ask(snapshot), before);

  await raw.ask({ type: 'make', id: 4, env: 'CartPole-v1' });
  t.match(await raw.ask({ type: 'leave', id: 5, env: 2 }), { code: 'not_supported', message: /is no world/ });
  const other = await raw.ask({ type: 'create', id: 6, world: CHAIRS });
  t.match(await raw.ask({ type: 'join', id: 7, world: other.world }), {
    type: 'joined',
    env: 4,
    seat: 'alice',
  });
  for (const [request, code, message] of [
    [{ type: 'reset', id: 9, env: 4, seeds: [1] }, 'bad_message', /the creator of a world chooses its seed/],
    [{ type: 'snapshot', id: 9, env: 4 }, 'not_supported', /the creator of a world takes/],
    [{ type: 'restore', id: 9, env: 4, snapshots: [1] }, 'not_supported', /the creator of a world restores/],
    [stepFrame(9, 4, actions(1)), 'not_reset', /no game has begun/],
  ] as const) {
    t.match(await raw.ask(request), { type: 'error', id: 9, code, message });
  }
  t.match(await raw.ask({ type: 'close', id: 8, env: 4 }), { type: 'closed' }, 'close leaves a seat too');
});

t.test('a world ends when nobody is left', async (t) => {
  const server = await startServer(t);
  const creator = await client(t, server);
  const player = await client(t, server);
  const world = await creator.create(CHAIRS);
  const seat = await player.join(world.token);
  await world.leave();
  await world.leave();
  t.equal(server.numWorlds, 1, 'somebody is in it');
  await t.rejects(world.reset(), { code: 'closed' });
  await seat.leave();
  t.equal(server.numWorlds, 0);
  await t.rejects(player.join(world.token), { code: 'no_such_world' });

  const another = await creator.create(CHAIRS);
  await player.join(another.token);
  creator.close();
  player.close();
  await until(() => server.numWorlds === 0);
});

t.test(
  'a world stands still while nobody is in its seats, and goes on when somebody comes back',
  async (t) => {
    const server = await startServer(t);
    const creator = await client(t, server);
    const world = await creator.create('Physics/SumoDuel-v1', { seed: 1 });
    const { clients, seats } = await seated(t, server, world);
    await Promise.all(seats.map((seat) => seat.reset()));
    for (const seat of seats) await seat.leave();
    const before = await world.snapshot();
    await handled(...clients, creator);
    t.same(await world.snapshot(), before);
    const seat = await creator.join(world.token, 'wrestler_1');
    await seat.reset();
    t.match(await seat.step(new Float32Array(2)), { terminated: false });
    t.match(await world.render(), { width: 480, height: 480 });
  },
);
