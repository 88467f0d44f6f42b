/** Turn games over the wire: one client for both seats, and a client a seat. */
import t from 'tap';
import type { RemoteSeat } from '../../protocol/index.js';
import { ManualTimers } from '../manual-timers.js';
import { startServer, until } from './rig.js';
import { client, handled, seated } from './worlds.js';

const ID = 'ConnectFour-v3';
/** player_0 fills column 0, player_1 column 1: the first wins with its fourth token. */
const WIN = [0, 1, 0, 1, 0, 1, 0];
type Two = readonly [RemoteSeat, RemoteSeat];

t.test('one client drives both seats in turn', async (t) => {
  const server = await startServer(t);
  const world = await (await client(t, server)).create(ID);
  t.ok(world.turns);
  t.equal(world.agentSelection, undefined);
  const { infos } = await world.reset();
  t.same([...(infos.player_0!.action_mask as Int8Array)], [1, 1, 1, 1, 1, 1, 1]);
  t.same([...(infos.player_1!.action_mask as Int8Array)], [0, 0, 0, 0, 0, 0, 0]);
  for (const [i, column] of WIN.entries()) {
    const seat = world.agentSelection!;
    t.equal(seat, `player_${i % 2}`);
    const { rewards, terminated, agents, ended } = await world.step({ [seat]: column });
    const isLast = i === WIN.length - 1;
    t.same(rewards, isLast ? { player_0: 1, player_1: -1 } : { player_0: 0, player_1: 0 });
    t.same(terminated, { player_0: isLast, player_1: isLast });
    t.same(agents, isLast ? [] : ['player_0', 'player_1']);
    if (isLast) {
      t.same(ended, {
        player_0: { return: 1, length: 7, seed: ended.player_0!.seed },
        player_1: { return: -1, length: 7, seed: ended.player_0!.seed },
      });
    }
  }
  t.equal(world.agentSelection, undefined);
  await t.rejects(world.step({ player_1: 0 }), { code: 'episode_over' });
});

t.test('a snapshot goes on where it was taken', async (t) => {
  const server = await startServer(t);
  const world = await (await client(t, server)).create(ID);
  await world.reset();
  for (const column of WIN.slice(0, 6)) await world.step({ [world.agentSelection!]: column });
  const snapshot = await world.snapshot();
  await world.step({ player_0: 0 });
  t.same(world.agents, []);
  const { observations } = await world.restore(snapshot);
  t.same(world.agents, ['player_0', 'player_1']);
  t.equal(world.agentSelection, 'player_0');
  t.equal((observations.player_0 as Int8Array).filter((x) => x === 1).length, 6);
  t.same((await world.step({ player_0: 0 })).rewards, { player_0: 1, player_1: -1 });
  await t.rejects(world.restore({ nonsense: 1 }), { code: 'bad_snapshot' });
  t.same(world.agents, []);
});

t.test('a client a seat: each is answered when it is its turn, or the game is over', async (t) => {
  const server = await startServer(t);
  const world = await (await client(t, server)).create(ID);
  const { seats } = await seated(t, server, world);
  const [first, second] = seats as unknown as Two;
  for (let game = 0; game < 2; game++) {
    const [begin, wait] = [first.reset(), second.reset()];
    let isTurn = false;
    void wait.then(() => {
      isTurn = true;
    });
    t.same([...((await begin).infos.action_mask as Int8Array)], [1, 1, 1, 1, 1, 1, 1]);
    t.notOk(isTurn);
    let turn = first.step(0);
    const { observation, infos } = await wait;
    t.equal((observation as Int8Array)[(5 * 7 + 0) * 2 + 1], 1, 'the first token is there');
    t.equal(infos.turn, 1);
    for (let i = 0; i < 3; i++) {
      const reply = second.step(1);
      t.match(await turn, { reward: 0, terminated: false });
      turn = first.step(0);
      if (i < 2) t.match(await reply, { reward: 0, terminated: false });
      else t.match(await reply, { reward: -1, terminated: true, ended: { return: -1, length: 7 } });
    }
    t.match(await turn, { reward: 1, terminated: true, ended: { return: 1, length: 7 } });
    await t.rejects(first.step(0), { code: 'episode_over' });
    await t.rejects(second.step(0), { code: 'episode_over' });
  }
});

t.test('a clock for each move', async (t) => {
  const timers = new ManualTimers();
  const server = await startServer(t, { timers });
  const world = await (await client(t, server)).create(ID, { moveMs: 1000 });
  const { clients, seats } = await seated(t, server, world);
  const [first, second] = seats as unknown as Two;
  const wait = second.reset();
  await first.reset();
  timers.pass(600);
  const turn = first.step(6);
  await wait;
  timers.pass(600);
  t.equal(timers.size, 1, 'the second has a clock of its own');
  timers.pass(400);
  const { infos } = await turn;
  t.equal(infos.turn, 0, 'the default action has moved for the second');
  const late = second.step(5);
  await handled(...clients);
  const last = first.step(6);
  last.catch(() => {}); // nobody answers it any more
  const news = await late;
  t.same([...(news.infos.missed as Uint32Array)], [1]);
  const board = news.observation as Int8Array;
  t.equal(board[(5 * 7 + 0) * 2], 1, 'the leftmost column');
  t.equal(board[(5 * 7 + 5) * 2], 0, 'what came late was not carried out');
});

t.test('a game that ends before a seat has had its turn is told with its next step', async (t) => {
  const server = await startServer(t);
  const creator = await client(t, server);
  const world = await creator.create(ID, { maxEpisodeSteps: 1 });
  const { seats } = await seated(t, server, world);
  const [first, second] = seats as unknown as Two;
  const wait = second.reset();
  await first.reset();
  t.match(await first.step(3), { truncated: true, ended: { length: 1 } });
  await wait;
  t.match(await second.step(3), { truncated: true, reward: 0, ended: { length: 1 } });
  await t.rejects(second.step(3), { code: 'episode_over' });
});

t.test('a client that is lost on its turn does not hold up the other', async (t) => {
  const server = await startServer(t);
  const world = await (await client(t, server)).create(ID);
  const { clients, seats } = await seated(t, server, world);
  const [first, second] = seats as unknown as Two;
  const wait = second.reset();
  await first.reset();
  clients[0]!.close();
  const { observation } = await wait;
  t.equal((observation as Int8Array)[(5 * 7 + 0) * 2 + 1], 1, 'the default action began');
  await second.step(6);
  await second.step(6);
  t.match(
    await second.step(6),
    { reward: -1, terminated: true },
    'four in the leftmost column were there before it',
  );
  const [again] = await Promise.all([second.reset(), until(() => server.sessions === 2)]);
  t.equal(again.infos.turn, 1, 'the next game begins without waiting for the empty seat');
});
