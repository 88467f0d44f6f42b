/** Who comes in, and when. */
import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { FrontDoor } from '../../server/front-door.js';
import { ManualTimers } from '../manual-timers.js';
import { Clock, RawClient, startServer, until } from './rig.js';

/** As much of a socket as a door looks at. */
class FakeSocket {
  destroyed = false;
  isPaused = true;
  constructor(
    readonly name: string,
    readonly remoteAddress: string,
  ) {}
  destroy(): void {
    this.destroyed = true;
  }
  resume(): void {
    this.isPaused = false;
  }
}

function newDoor(perSecond: number, maxWaiting: number) {
  const timers = new ManualTimers();
  const entered: string[] = [];
  const enter = (socket: Socket): void => void entered.push((socket as unknown as FakeSocket).name);
  const door = new FrontDoor(perSecond, maxWaiting, enter, timers);
  const come = (name: string, address = 'a'): FakeSocket => {
    const socket = new FakeSocket(name, address);
    door.take(socket as unknown as Socket);
    return socket;
  };
  return { timers, entered, door, come };
}

/** One that connects, and whether it has come in. */
function opening(t: Test, url: string) {
  const opened = RawClient.open(t, url).then(() => {
    state.isOpen = true;
  });
  const state = { isOpen: false, opened };
  return state;
}

t.test('so many come in at once, and so many a second', async (t) => {
  const { timers, entered, door, come } = newDoor(20, 100);
  const sockets = ['1', '2', '3', '4', '5'].map((name) => come(name));
  t.same(entered, ['1', '2'], 'a tenth of those of a second');
  t.same(
    sockets.map(({ isPaused }) => isPaused),
    [false, false, true, true, true],
    'nothing is read of those that wait',
  );
  t.equal(door.waiting, 3);
  timers.pass(49);
  t.equal(entered.length, 2);
  timers.pass(1);
  t.same(entered, ['1', '2', '3'], 'one after the other');
  timers.pass(100);
  t.same(entered, ['1', '2', '3', '4', '5'], 'in the order in which they came');
  timers.pass(200);
  for (const name of ['6', '7', '8']) come(name);
  t.equal(entered.length, 7, 'after a while as many at once again, and no more');
});

t.test('less than ten a second', async (t) => {
  const { timers, entered, come } = newDoor(2, 100);
  for (const name of ['1', '2']) come(name);
  t.same(entered, ['1']);
  timers.pass(500);
  t.same(entered, ['1', '2']);
});

t.test('where many wait, more are cut; those of other addresses come in', async (t) => {
  const { entered, door, come } = newDoor(10, 2);
  const sockets = ['1', '2', '3', '4', '5'].map((name) => come(name));
  t.same(
    sockets.map(({ destroyed }) => destroyed),
    [false, false, false, true, true],
  );
  t.equal(door.cuts, 2);
  come('other', 'b');
  t.same(entered, ['1', 'other']);
});

t.test('one that is gone when its turn comes takes nobody else’s', async (t) => {
  const { timers, entered, come } = newDoor(10, 10);
  const [, second] = ['1', '2', '3'].map((name) => come(name));
  second!.destroy();
  timers.pass(100);
  t.same(entered, ['1', '3']);
});

t.test('an address that is kept out', async (t) => {
  const { timers, entered, door, come } = newDoor(10, 10);
  door.shut('a', 3000);
  come('1');
  come('other', 'b');
  timers.pass(2999);
  t.same(entered, ['other']);
  timers.pass(1);
  t.same(entered, ['other', '1']);
});

t.test('what is cut is cut before node makes a socket of it', async (t) => {
  const { entered, door } = newDoor(10, 1);
  let made = 0;
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    made++;
    door.take(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  door.guard(server);
  const { port } = server.address() as AddressInfo;
  const clients = ['1', '2', '3', '4', '5'].map(() => connectTcp(port, '127.0.0.1').on('error', () => {}));
  t.teardown(() => {
    for (const client of clients) client.destroy();
    door.close();
    server.close();
  });
  await Promise.all(clients.slice(2).map((client) => once(client.resume(), 'close')));
  t.same([entered.length, door.waiting, door.cuts, made], [1, 1, 3, 2]);
});

t.test('a door that is closed', async (t) => {
  const { timers, entered, door, come } = newDoor(10, 10);
  come('1');
  const waiting = come('2');
  door.close();
  t.ok(waiting.destroyed);
  t.ok(come('3').destroyed);
  timers.pass(1000);
  t.same(entered, ['1']);
});

/** An address beside 127.0.0.1 from which the loopback can be reached. */
const ELSEWHERE = { localAddress: '127.0.0.2' };
const skip = process.platform !== 'linux' && 'elsewhere the loopback has one address';

t.test('more connections a second than the limit', { skip }, async (t) => {
  const timers = new ManualTimers();
  const server = await startServer(t, {
    timers,
    limits: { connectionsPerSecond: 20, pendingConnections: 8 },
  });
  const { hostname, port } = new URL(server.url);
  const come = (): Socket => {
    const socket = connectTcp(Number(port), hostname).on('error', () => {});
    t.teardown(() => socket.destroy());
    return socket;
  };
  const silent = Array.from({ length: 6 }, come);
  await until(() => server.pendingConnections === 6);
  const cut = come();
  await once(cut, 'close');
  t.same(server.pendingCuts, { pendingConnections: 0, helloMs: 0, connectionsPerSecond: 1 });
  const other = await RawClient.welcomed(t, server.url, ELSEWHERE);
  t.match(other.welcome, { type: 'welcome' }, 'who comes from elsewhere does not wait');
  for (const socket of silent) socket.destroy();
  const late = RawClient.welcomed(t, server.url);
  await until(() => server.pendingConnections > 0);
  timers.pass(300);
  t.match((await late).welcome, { type: 'welcome' }, 'who waits comes in');
  timers.pass(100);
  const metrics = await fetch(`${server.url.replace('ws:', 'http:')}/metrics`);
  const text = await metrics.text();
  t.match(text, 'farstep_connections_cut_total{limit="connectionsPerSecond"} 1\n');
  t.match(text, 'farstep_limit{limit="connectionsPerSecond"} 20\n');
});

t.test(
  'where a session ends for its own fault, its like waits until others had their part',
  { skip },
  async (t) => {
    const timers = new ManualTimers();
    const clock = new Clock();
    const server = await startServer(t, { timers, now: clock.now });
    const other = await RawClient.welcomed(t, server.url, ELSEWHERE);
    const bad = await RawClient.welcomed(t, server.url);
    await other.ask({ type: 'list', id: 1 });
    bad.send(Uint8Array.of(0xc1));
    t.match(await bad.receive(), { code: 'bad_frame' });
    await bad.closed;
    const again = opening(t, server.url);
    await until(() => server.pendingConnections === 1);
    for (let id = 2; id <= 5; id++) await other.ask({ type: 'list', id });
    timers.pass(3);
    for (let id = 6; id <= 9; id++) await other.ask({ type: 'list', id });
    t.notOk(again.isOpen, 'four milliseconds for one of its own');
    timers.pass(1);
    await again.opened;
  },
);

t.test('what it goes on sending is made up for too', { skip }, async (t) => {
  const timers = new ManualTimers();
  const clock = new Clock();
  const server = await startServer(t, { timers, now: clock.now });
  const other = await RawClient.welcomed(t, server.url, ELSEWHERE);
  const bad = await RawClient.welcomed(t, server.url);
  await other.ask({ type: 'list', id: 1 });
  bad.send(Uint8Array.of(0xc1));
  for (let i = 0; i < 20; i++) bad.send(new Uint8Array(1e6));
  t.match(await bad.receive(), { code: 'bad_frame' });
  await bad.closed;
  const again = opening(t, server.url);
  await until(() => server.connections === 1 && server.pendingConnections === 1);
  timers.pass(230);
  for (let id = 2; id <= 5; id++) await other.ask({ type: 'list', id });
  t.notOk(again.isOpen, 'nearly 60 ms for 20 MB, four times');
  timers.pass(20);
  await again.opened;
});
