/** Seats whose clients lose their connections and come back. */
import t, { type Test } from 'tap';
import { connect } from '../../protocol/index.js';
import { CuttingProxy } from '../../scripts/cutting-proxy.js';
import type { Server } from '../../server/index.js';
import { ManualTimers } from '../manual-timers.js';
import { Clock, startServer, until } from './rig.js';
import { CHAIRS, client, handled, seated } from './worlds.js';

/** A client whose connection the test breaks, and which comes back when the test says so. */
async function breakable(t: Test, server: Server) {
  const proxy = await CuttingProxy.start(() => server.url);
  t.teardown(() => proxy.close());
  const timers = new ManualTimers();
  const events: string[] = [];
  const connected = await connect(proxy.url, {
    clock: { now: () => 0, after: (ms, run) => timers.after(ms, run), random: () => 0.5 },
    onConnection: ({ type }) => events.push(type),
  });
  t.teardown(() => connected.close());
  return {
    client: connected,
    async lose(): Promise<void> {
      const before = server.connections;
      proxy.cut();
      await until(() => server.connections < before && events.at(-1) === 'lost');
    },
    async comeBack(): Promise<void> {
      timers.pass(100);
      await until(() => events.at(-1) === 'resumed');
    },
  };
}

t.test(
  'a seat whose client is lost takes the default action, and stays taken until it is back',
  async (t) => {
    const server = await startServer(t);
    const creator = await client(t, server);
    const world = await creator.create(CHAIRS, { seed: 1 });
    const alice = await breakable(t, server);
    const seats = [await alice.client.join(world.token, 'alice')];
    const others = [await client(t, server), await client(t, server)];
    for (const other of others) seats.push(await other.join(world.token));
    const [first, second, third] = seats as [(typeof seats)[0], (typeof seats)[0], (typeof seats)[0]];
    await Promise.all(seats.map((seat) => seat.reset()));
    const both = () => Promise.all([second.step(1), third.step(1)]);

    const underWay = first.step(1);
    await handled(alice.client);
    await alice.lose();
    for (const { reward } of await both()) t.equal(reward, 1, 'the move that had been made stands');
    for (let i = 0; i < 2; i++) await both();
    await t.rejects(creator.join(world.token, 'alice'), { code: 'seat_taken' });

    await alice.comeBack();
    const told = await underWay;
    t.equal(told.reward, 1, 'it is told what its own move brought');
    t.same([...(told.infos.missed as Uint32Array)], [0]);
    const news = await first.step(0);
    t.equal(news.reward, 2, 'and then what it missed; its move was meant for a state that is over');
    t.same([...(news.infos.missed as Uint32Array)], [2]);
    t.notOk(news.terminated);
    const last = await Promise.all([first.step(1), second.step(1), third.step(1)]);
    t.same(
      last.map(({ reward }) => reward),
      [1, 1, 1],
      'now the others wait for it again',
    );
  },
);

t.test('in turns, the default action moves for a client that is lost on its turn', async (t) => {
  const server = await startServer(t);
  const world = await (await client(t, server)).create('ConnectFour-v3');
  const one = await breakable(t, server);
  const first = await one.client.join(world.token, 'player_0');
  const second = await (await client(t, server)).join(world.token, 'player_1');
  const wait = second.reset();
  await first.reset();
  await one.lose();
  const { observation } = await wait;
  t.equal((observation as Int8Array)[(5 * 7 + 0) * 2 + 1], 1, 'the leftmost column');
  await one.comeBack();
  const turn = second.step(6);
  const news = await first.step(3);
  t.same([...(news.infos.missed as Uint32Array)], [1]);
  t.equal((news.observation as Int8Array)[(5 * 7 + 3) * 2], 0, 'what came late was not carried out');
  await Promise.all([first.leave(), turn]);
});

t.test('who plays all seats over one connection loses nothing', async (t) => {
  const server = await startServer(t);
  const creator = await client(t, server);
  const play = async (cut: (() => Promise<void>) | undefined, player: typeof creator) => {
    const world = await creator.create(CHAIRS, { seed: 4, maxEpisodeSteps: 6 });
    const seats = [];
    for (const name of world.possibleAgents) seats.push(await player.join(world.token, name));
    const told: unknown[] = await Promise.all(seats.map((seat) => seat.reset()));
    for (let i = 0; i < 6; i++) {
      const steps = seats.map((seat) => seat.step(1));
      if (i % 2 === 0) await cut?.();
      told.push(await Promise.all(steps));
    }
    return told;
  };
  const player = await breakable(t, server);
  const disturbed = await play(async () => {
    await player.lose();
    await player.comeBack();
  }, player.client);
  t.same(disturbed, await play(undefined, creator));
});

t.test('a game waits for all of whom it has asked while all are away', async (t) => {
  const server = await startServer(t);
  const world = await (await client(t, server)).create('Physics/SumoDuel-v1', { seed: 1 });
  const players = [await breakable(t, server), await breakable(t, server)];
  const seats = [];
  for (const player of players) seats.push(await player.client.join(world.token));
  await Promise.all(seats.map((seat) => seat.reset()));
  const before = await world.snapshot();
  const move = seats[0]!.step(new Float32Array(2));
  await handled(players[0]!.client);
  for (const player of players) await player.lose();
  const after = await world.snapshot();
  for (const player of players) await player.comeBack();
  await Promise.all([move, seats[1]!.step(new Float32Array(2))]);
  t.not(JSON.stringify(after), JSON.stringify(await world.snapshot()));
  t.same(after, before, 'it stood still');
});

t.test('a seat is free when its client has been away too long', async (t) => {
  const clock = new Clock();
  const server = await startServer(t, { now: clock.now, limits: { graceMs: 1000, pingMs: 1e9 } });
  const creator = await client(t, server);
  const world = await creator.create(CHAIRS, { seed: 1 });
  const player = await breakable(t, server);
  await player.client.join(world.token, 'bob');
  await player.lose();
  clock.time = 1001;
  server.sweep();
  t.equal((await creator.join(world.token, 'bob')).seat, 'bob');
  const { seats } = await seated(t, server, await creator.create(CHAIRS, { seed: 1 }));
  t.equal(seats.length, 3);
});
