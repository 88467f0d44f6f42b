/** Parallel games over the wire: one client for all seats, and a client a seat. */
import t from 'tap';
import { getWorld, HostedWorld, resolveOptions } from '../../envs/index.js';
import { ManualTimers } from '../manual-timers.js';
import { startServer, until } from './rig.js';
import { BROKEN, CHAIRS, client, handled, seated } from './worlds.js';

t.test('one client drives all seats; who is done is gone', async (t) => {
  const server = await startServer(t);
  const world = await (await client(t, server)).create(CHAIRS, { seed: 7, maxEpisodeSteps: 3 });
  t.same(world.possibleAgents, ['alice', 'bob', 'carol']);
  t.notOk(world.turns);
  t.match(world.contract, {
    numEnvs: 3,
    autoreset: 'disabled',
    maxEpisodeSteps: 3,
    options: { tempo: 1 },
    world: { seats: ['alice', 'bob', 'carol'], turns: false, defaultAction: '1', moveMs: null },
    batchedActionSpace: { type: 'MultiDiscrete', nvec: [2, 2, 2] },
  });
  t.same(world.agents, []);
  const { observations, infos, seed } = await world.reset();
  t.equal(seed, 7);
  t.same(Object.keys(observations), ['alice', 'bob', 'carol']);
  t.equal((observations.carol as Float64Array)[1], 2);
  t.same(Object.keys(infos.bob!), ['live', 'missed']);
  t.same(world.agents, ['alice', 'bob', 'carol']);
  t.equal(world.agentSelection, undefined);

  const first = await world.step({ carol: 1, alice: 1, bob: 0 });
  t.same(first.rewards, { alice: 1, bob: -1, carol: 1 });
  t.same(first.terminated, { alice: false, bob: true, carol: false });
  t.same(first.agents, ['alice', 'carol']);
  t.same(first.ended, { bob: { return: -1, length: 1, seed: 7 } });

  const second = await world.step({ alice: 1, carol: 1 });
  t.same(Object.keys(second.observations), ['alice', 'carol'], 'keyed by those who were in the game');
  t.same(second.ended, {});
  const third = await world.step({ alice: 0, carol: 1 });
  t.same(third.terminated, { alice: true, carol: false });
  t.same(third.truncated, { alice: true, carol: true });
  t.same(third.ended, { alice: { return: 1, length: 3, seed: 7 }, carol: { return: 3, length: 3, seed: 7 } });
  t.same(world.agents, []);
  await t.rejects(world.step({ alice: 1 }), { code: 'episode_over' });
  await world.reset({ seed: 7 });
  t.same(world.agents, ['alice', 'bob', 'carol']);
});

t.test('what is stepped over the wire is what is stepped here', async (t) => {
  const definition = getWorld('Physics/SumoDuel-v1');
  const here = new HostedWorld(definition, { options: resolveOptions(definition.spec, {}) });
  const server = await startServer(t);
  const there = await (await client(t, server)).create('Physics/SumoDuel-v1');
  here.reset(3);
  await there.reset({ seed: 3 });
  for (let i = 0; i < 40 && here.isLive(0); i++) {
    const thrusts = [Float32Array.of(Math.sin(i), 0.5), Float32Array.of(-0.5, Math.cos(i))] as const;
    here.actions[0]!.set([...thrusts[0], ...thrusts[1]] as never);
    here.step();
    const { observations, rewards } = await there.step({ wrestler_0: thrusts[0], wrestler_1: thrusts[1] });
    t.same(
      [...(observations.wrestler_0 as Float32Array), ...(observations.wrestler_1 as Float32Array)],
      [...here.batch.observations[0]!],
    );
    t.same(Object.values(rewards), [...here.batch.rewards]);
  }
});

t.test('a client a seat: the same moves give the same game as one client for all', async (t) => {
  const server = await startServer(t);
  const creator = await client(t, server);
  const one = await creator.create(CHAIRS, { seed: 11, maxEpisodeSteps: 4 });
  const many = await creator.create(CHAIRS, { seed: 11, maxEpisodeSteps: 4 });
  const { seats } = await seated(t, server, many);
  t.same(
    seats.map(({ seat }) => seat),
    many.possibleAgents,
  );
  t.match(seats[1]!.contract, { numEnvs: 1, world: { seat: 'bob', seats: ['alice', 'bob', 'carol'] } });
  for (let game = 0; game < 2; game++) {
    const all = await one.reset();
    const each = await Promise.all(seats.map((seat) => seat.reset()));
    for (const [i, name] of one.possibleAgents.entries()) {
      t.same(each[i], { observation: all.observations[name], infos: all.infos[name] });
    }
    for (let i = 0; one.agents.length > 0; i++) {
      const actions = Object.fromEntries(one.agents.map((name) => [name, name === 'bob' && i === 1 ? 0 : 1]));
      const step = await one.step(actions);
      const moved = seats.filter(({ seat }) => seat in actions);
      const steps = await Promise.all(moved.map((seat) => seat.step(actions[seat.seat]!)));
      for (const [k, { seat }] of moved.entries()) {
        const { ended, ...rest } = steps[k]!;
        t.same(rest, {
          observation: step.observations[seat],
          reward: step.rewards[seat],
          terminated: step.terminated[seat],
          truncated: step.truncated[seat],
          infos: step.infos[seat],
        });
        t.same(ended, step.ended[seat]);
      }
    }
  }
});

t.test('nobody is answered before everybody has moved', async (t) => {
  const server = await startServer(t);
  const world = await (await client(t, server)).create('Physics/SumoDuel-v1', { seed: 1 });
  const { clients, seats } = await seated(t, server, world);
  const [one, two] = seats as [(typeof seats)[0], (typeof seats)[0]];
  let answered = 0;
  const count = () => void answered++;
  const first = one.reset();
  void first.then(count);
  await handled(...clients);
  t.equal(answered, 0, 'a game begins when all are ready');
  await t.rejects(one.step(new Float32Array(2)), { code: 'not_your_turn', message: /waits for the answer/ });
  await t.rejects(two.step(new Float32Array(2)), { code: 'not_reset' });
  await two.reset();
  await first;
  void one.step(Float32Array.of(1, 0)).then(count);
  await handled(...clients);
  t.equal(answered, 1);
  await t.rejects(one.step(Float32Array.of(0, 1)), { code: 'not_your_turn' });
  await t.rejects(two.step(Float32Array.of(0, 2)), { code: 'bad_action' });
  await two.step(Float32Array.of(0, 1));
  await until(() => answered === 2);
});

t.test('several seats of one client do not wait for each other', async (t) => {
  const server = await startServer(t);
  const alone = await client(t, server);
  const world = await alone.create(CHAIRS, { seed: 1 });
  const seats = [await alone.join(world.token), await alone.join(world.token), await alone.join(world.token)];
  await Promise.all(seats.map((seat) => seat.reset()));
  const steps = await Promise.all(seats.map((seat) => seat.step(1)));
  t.same(
    steps.map(({ reward }) => reward),
    [1, 1, 1],
  );
});

t.test(
  'who misses the deadline gets the default action, a count, and the news with its next step',
  async (t) => {
    const timers = new ManualTimers();
    const server = await startServer(t, { timers });
    const world = await (await client(t, server)).create(CHAIRS, { seed: 1, moveMs: 100 });
    const { clients, seats } = await seated(t, server, world);
    t.equal(world.contract.world!.moveMs, 100);
    const [alice, bob, carol] = seats as [(typeof seats)[0], (typeof seats)[0], (typeof seats)[0]];
    timers.pass(1000); // no connection has come lately
    await Promise.all(seats.map((seat) => seat.reset()));
    t.equal(timers.size, 1, 'the clock runs from when the moves are due');
    for (let i = 1; i <= 2; i++) {
      const moves = [alice.step(1), bob.step(1)];
      await handled(...clients);
      timers.pass(99);
      await handled(...clients);
      timers.pass(1);
      for (const { reward, infos } of await Promise.all(moves)) {
        t.equal(reward, 1);
        t.same([...(infos.missed as Uint32Array)], [0]);
      }
    }
    const news = await carol.step(0);
    t.equal(news.reward, 2, 'the default action was 1, twice');
    t.same([...(news.infos.missed as Uint32Array)], [2]);
    t.notOk(news.terminated, 'the 0 was not carried out');
    const last = await Promise.all([alice.step(1), bob.step(1), carol.step(0)]);
    t.same(
      last.map(({ terminated }) => terminated),
      [false, false, true],
    );
    t.equal(last[2]!.ended!.return, 1);
  },
);

t.test('the deadline is for being ready too, once all seats have been taken', async (t) => {
  const timers = new ManualTimers();
  const server = await startServer(t, { timers });
  const world = await (await client(t, server)).create('Physics/SumoDuel-v1', { seed: 1, moveMs: 100 });
  const [one, two] = [await client(t, server), await client(t, server)];
  timers.pass(1000); // no connection has come lately
  const first = await one.join(world.token);
  const reset = first.reset();
  await handled(one);
  t.equal(timers.size, 0, 'before, there is no hurry');
  const second = await two.join(world.token);
  t.equal(timers.size, 1);
  timers.pass(100);
  await reset;
  const joined = await second.reset();
  t.same((joined.observation as Float32Array).length, 8, 'the late one is told of the game under way');
  await Promise.all([first.step(new Float32Array(2)), second.step(new Float32Array(2))]);
});

t.test('nobody waits for a client that is lost, and its seat can be taken again', async (t) => {
  const server = await startServer(t);
  const world = await (await client(t, server)).create(CHAIRS, { seed: 1 });
  const { clients, seats } = await seated(t, server, world);
  await Promise.all(seats.map((seat) => seat.reset()));
  const moves = [seats[0]!.step(1), seats[1]!.step(1)];
  await handled(clients[0]!, clients[1]!);
  clients[2]!.close();
  t.same(
    (await Promise.all(moves)).map(({ reward }) => reward),
    [1, 1],
  );
  const again = await (await client(t, server)).join(world.token);
  t.equal(again.seat, 'carol', 'the first seat that is free');
  const { observation, infos } = await again.reset();
  t.same([...(infos.missed as Uint32Array)], [1], 'the game under way, in which the default moved once');
  t.equal((observation as Float64Array)[1], 2);
  const steps = await Promise.all([seats[0]!.step(1), seats[1]!.step(1), again.step(0)]);
  t.equal(steps[2]!.ended!.return, 0, 'what the default won counts for the seat');
  t.equal(steps[2]!.reward, -1);
});

t.test(
  'who leaves in the midst of a game is not waited for; a step that it waits with is refused',
  async (t) => {
    const server = await startServer(t);
    const world = await (await client(t, server)).create('Physics/SumoDuel-v1', { seed: 1 });
    const { clients, seats } = await seated(t, server, world);
    const [one, two] = seats as [(typeof seats)[0], (typeof seats)[0]];
    await Promise.all([one.reset(), two.reset()]);
    const refused = t.rejects(one.step(Float32Array.of(1, 0)), {
      code: 'no_such_env',
      message: /left meanwhile/,
    });
    await handled(clients[0]!);
    await one.leave();
    await refused;
    await two.step(Float32Array.of(0, 0));
    await two.step(Float32Array.of(0, 0));
    const giveUp = two.reset();
    await giveUp;
    await two.step(Float32Array.of(0, 0));
  },
);

t.test('a world that throws fails for everybody in it', async (t) => {
  const server = await startServer(t);
  const creator = await client(t, server);
  const world = await creator.create(BROKEN, { seed: 1 });
  const { seats } = await seated(t, server, world);
  await Promise.all(seats.map((seat) => seat.reset()));
  const results = await Promise.allSettled(seats.map((seat) => seat.step(1)));
  for (const result of results) t.match(result, { status: 'rejected', reason: { code: 'env_failed' } });
  await t.rejects(seats[0]!.step(1), { code: 'no_such_env' });
  await t.rejects(creator.join(world.token), { code: 'env_failed' });
  await t.rejects(world.snapshot(), { code: 'env_failed' });
  await until(() => server.numWorlds === 0);
});
