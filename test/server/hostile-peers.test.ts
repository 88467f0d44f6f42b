/** Peers that come to do harm, or are broken: what they hold is bounded, and is had back when their time is over. */
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { FarstepError } from '../../protocol/errors.js';
import { type EnvHost, inlineHost } from '../../server/host.js';
import type { Server } from '../../server/index.js';
import { undisturbed } from './bystander.js';
import { GatedHost } from './gated-host.js';
import { PROBE } from './probe-env.js';
import { Clock, HELLO, packed, RawClient, slab, startServer, stepFrame, until } from './rig.js';
import { BINARY, CONTINUATION, frame, PING } from './websocket-frame.js';

const UPGRADE = [
  'GET / HTTP/1.1',
  'Host: x',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  '',
  '',
].join('\r\n');

/** A TCP connection. */
function tcp(t: Test, server: Server): Socket {
  const { hostname, port } = new URL(server.url);
  const socket = connectTcp(Number(port), hostname);
  socket.on('error', () => {});
  t.teardown(() => socket.destroy());
  return socket;
}

/** Bytes that stay with a client when no more is read. */
async function unread({ socket }: RawClient): Promise<number> {
  let before = -1;
  for (let same = 0; same < 200; same++) {
    if (socket.bufferedAmount !== before) same = 0;
    before = socket.bufferedAmount;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return before;
}

const ping = frame(PING, 'x');

/** Another one is answered while `busy` is not: gives what that is answered next. */
async function restsBeside(t: Test, busy: RawClient, other: RawClient) {
  let isAnswered = false;
  const next = busy.receive().then((reply) => {
    isAnswered = true;
    return reply;
  });
  for (let id = 1; id <= 5; id++) t.match(await other.ask({ type: 'list', id }), { type: 'listed', id });
  t.notOk(isAnswered, 'it rests');
  return { next };
}

t.test('a byte a second on the way to a WebSocket, or none at all', async (t) => {
  const clock = new Clock();
  const server = await startServer(t, { now: clock.now, limits: { helloMs: 1000 } });
  const silent = tcp(t, server);
  const dripping = tcp(t, server);
  await until(() => server.pendingConnections === 2);
  const closed = [silent, dripping].map((socket) => new Promise((resolve) => socket.on('close', resolve)));
  for (let i = 0; i < 10; i++) {
    dripping.write(UPGRADE[i]!);
    clock.time += 100;
    server.sweep();
    t.equal(server.pendingConnections, 2, 'not before limits.helloMs');
  }
  clock.time += 1;
  server.sweep();
  t.equal(server.pendingConnections, 0);
  t.same(server.pendingCuts, { pendingConnections: 0, helloMs: 2, connectionsPerSecond: 0 });
  const metrics = await fetch(`${server.url.replace('ws:', 'http:')}/metrics`);
  t.match(await metrics.text(), 'farstep_connections_cut_total{limit="helloMs"} 2\n');
  await Promise.all(closed);
});

t.test('a byte a second of a hello', async (t) => {
  const clock = new Clock();
  const server = await startServer(t, { now: clock.now, limits: { helloMs: 1000 } });
  const client = await RawClient.open(t, server.url);
  const hello = frame(BINARY, packed(HELLO));
  for (let i = 0; i < 10; i++) {
    client.tcp.write(hello.subarray(i, i + 1));
    clock.time += 100;
    server.sweep();
  }
  clock.time += 1;
  server.sweep();
  t.match(await client.receive(), { code: 'hello_timeout', recoverable: false });
  t.equal((await client.closed).code, 4001);
});

t.test('a byte a second of a message, in one frame or in fragments with pings between', async (t) => {
  for (const inFragments of [false, true]) {
    const clock = new Clock();
    const server = await startServer(t, { now: clock.now, limits: { frameMs: 1000, pingMs: 1e9 } });
    await undisturbed(t, server.url, async () => {
      const client = await RawClient.welcomed(t, server.url);
      const message = packed({ type: 'list', id: 1 });
      const other = await RawClient.welcomed(t, server.url);
      const put = async (bytes: Uint8Array): Promise<void> => {
        client.tcp.write(bytes);
        if (inFragments) {
          client.tcp.write(ping);
          await once(client.socket, 'pong');
        } else {
          await other.ask({ type: 'list', id: 1 });
        }
      };
      await put(
        inFragments
          ? frame(BINARY, message.subarray(0, 1), { fin: false })
          : frame(BINARY, message.subarray(0, 1), { length: 1000 }),
      );
      for (let i = 0; i <= 10; i++) {
        server.sweep();
        await put(inFragments ? frame(CONTINUATION, Buffer.of(0), { fin: false }) : Buffer.of(0));
        t.equal(client.socket.readyState, client.socket.OPEN, 'not before limits.frameMs');
        clock.time += 100;
      }
      server.sweep();
      t.match(await client.receive(), {
        id: null,
        code: 'frame_timeout',
        message: /limits.frameMs, 1000 ms/,
        recoverable: false,
      });
      t.same(await client.closed, { code: 4006, reason: 'frame_timeout' });
    });
  }
});

t.test('a client that always has half a message under way, and completes them, stays', async (t) => {
  const clock = new Clock();
  const server = await startServer(t, { now: clock.now, limits: { frameMs: 1000, pingMs: 1e9 } });
  const client = await RawClient.welcomed(t, server.url);
  const message = frame(BINARY, packed({ type: 'list', id: 1 }));
  client.tcp.write(message.subarray(0, 20));
  for (let i = 0; i < 10; i++) {
    client.tcp.write(Buffer.concat([message.subarray(20), message.subarray(0, 20)]));
    t.match(await client.receive(), { type: 'listed' });
    server.sweep();
    clock.time += 900;
  }
  t.equal(server.sessions, 1);
});

t.test('pongs that answer no ping do not keep a peer alive', async (t) => {
  const clock = new Clock();
  const server = await startServer(t, { now: clock.now, limits: { pingMs: 1000, graceMs: 0 } });
  const dead = await RawClient.welcomed(t, server.url, { autoPong: false });
  for (let i = 0; i < 2; i++) {
    const pinged = once(dead.socket, 'ping');
    clock.time += 1001;
    server.sweep();
    if (i === 0) await pinged;
    for (const data of ['', 'a guess', '12345678']) dead.socket.pong(data);
    await (await RawClient.welcomed(t, server.url)).ask({ type: 'list', id: 1 });
  }
  t.equal((await dead.closed).code, 1006);
});

t.test('10,000 connections that say nothing: the oldest make room', async (t) => {
  const limits = { pendingConnections: 20, connectionsPerSecond: 1e6 };
  const server = await startServer(t, { limits });
  await undisturbed(t, server.url, async () => {
    let cut = 0;
    // No more at once than what the kernel keeps for a server that is yet to take them.
    for (let made = 200; made <= 10_000; made += 200) {
      for (let i = 0; i < 200; i++) tcp(t, server).on('close', () => cut++);
      await until(() => cut >= made - 20);
    }
    t.equal(server.pendingConnections, 20);
    t.same(server.pendingCuts, { pendingConnections: 9980, helloMs: 0, connectionsPerSecond: 0 });
    t.match((await RawClient.welcomed(t, server.url)).welcome, { type: 'welcome' }, 'others come in');
    t.equal(server.sessions, 2);
  });
});

t.test('WebSockets without a hello are among them, and so are those that do not close', async (t) => {
  const server = await startServer(t, { limits: { pendingConnections: 3 } });
  const silent = await RawClient.open(t, server.url);
  const ended = await RawClient.welcomed(t, server.url);
  ended.tcp.on('data', () => {});
  ended.tcp.removeAllListeners('data'); // it will not answer the closing frame
  ended.send(Uint8Array.of(0xc1));
  await until(() => server.sessions === 0);
  t.equal(server.pendingConnections, 2);
  t.equal(server.connections, 2);
  for (let i = 0; i < 2; i++) tcp(t, server);
  t.equal((await silent.closed).code, 1006);
  tcp(t, server);
  await until(() => server.connections === 0);
  t.equal(server.pendingConnections, 3);
});

t.test('requests that wait are read no further than the limit', async (t) => {
  const host = new GatedHost();
  const clock = new Clock();
  const limits = { queuedBytes: 100_000, pingMs: 1000, idleMs: 1e9 };
  const server = await startServer(t, { envs: host, now: clock.now, limits });
  t.teardown(() => host.openAll());
  const client = await RawClient.welcomed(t, server.url);
  client.burst([
    { type: 'make', id: 1, env: PROBE },
    { type: 'reset', id: 2, env: 1 },
  ]);
  await until(() => host.waiting === 1);
  host.open();
  await client.receive();
  await until(() => host.waiting === 1);
  // Far more than what the kernel keeps for a socket: the rest stays with the client.
  const large = {
    type: 'rewards',
    id: 3,
    env: 1,
    achieved: Buffer.alloc(4_000_000),
    desired: Buffer.alloc(0),
  };
  for (let i = 0; i < 8; i++) client.send({ ...large, id: 3 + i });
  const bytes = await unread(client);
  t.ok(bytes > 8_000_000, `${bytes} bytes are not read`);
  for (let i = 0; i < 4; i++) {
    clock.time += 1001;
    server.sweep();
  }
  await (await RawClient.welcomed(t, server.url)).ask({ type: 'list', id: 1 });
  t.equal(client.socket.readyState, client.socket.OPEN, 'it cannot answer pings that are not read');
  host.openAll();
  t.match(await client.receive(), { type: 'started', id: 2 });
  for (let i = 0; i < 8; i++) t.match(await client.receive(), { id: 3 + i, code: 'not_supported' });
  const push = [slab(Int32Array.of(0)), slab(new Float32Array(2))];
  t.match(await client.ask(stepFrame(20, 1, push)), { type: 'stepped', id: 20 });
});

t.test('a client that floods with requests and reads no refusals is not read from either', async (t) => {
  const host = new GatedHost();
  const server = await startServer(t, { envs: host, limits: { requestsInFlight: 2 } });
  t.teardown(() => host.openAll());
  const client = await RawClient.welcomed(t, server.url);
  client.socket.pause();
  client.send({ type: 'make', id: 1, env: PROBE });
  const flood = packed({ type: 'list', id: 2 });
  await undisturbed(t, (await startServer(t)).url, async () => {
    for (let i = 0; i < 200_000; i++) client.socket.send(flood);
    const bytes = await unread(client); // every refusal is longer than its request
    t.ok(bytes > 0, `${bytes} bytes are not read`);
  });
});

t.test('envs of all sessions together', async (t) => {
  const host = new GatedHost();
  const server = await startServer(t, { envs: host, limits: { serverEnvs: 10 } });
  t.teardown(() => host.openAll());
  const make = { type: 'make', id: 1, env: PROBE, numEnvs: 6 };
  const one = await RawClient.welcomed(t, server.url);
  one.send(make);
  await until(() => host.waiting === 1);
  const two = await RawClient.welcomed(t, server.url);
  const refused = {
    code: 'too_many_envs',
    message: 'make: 6 envs are open on the server and 6 asked for, limits.serverEnvs is 10',
    retryAfterMs: 10_000,
  };
  t.match(await two.ask(make), refused, 'those that are being made count');
  host.openAll();
  t.match(await one.receive(), { type: 'made' });
  t.match(await two.ask(make), refused);
  await one.ask({ type: 'close', id: 2, env: 1 });
  t.match(await two.ask(make), { type: 'made' });
});

/** A host whose `transitions` take two seconds, by the clock. */
const slowly = (host: EnvHost, clock: Clock): EnvHost => ({
  async make(request) {
    const env = await host.make(request);
    const transitions = () => {
      clock.time += 2000;
      throw new FarstepError('not_supported', 'after a while');
    };
    return { ...env, transitions };
  },
});

t.test('requests that take long leave the others their turns, though they come in one piece', async (t) => {
  const clock = new Clock();
  const server = await startServer(t, { now: clock.now, envs: slowly(inlineHost, clock) });
  const busy = await RawClient.welcomed(t, server.url);
  const other = await RawClient.welcomed(t, server.url);
  await busy.ask({ type: 'make', id: 1, env: 'FrozenLake-v1' });
  busy.burst([2, 3, 4].map((id) => ({ type: 'transitions', id, env: 1 })));
  t.match(await busy.receive(), { code: 'not_supported', id: 2 });
  const { next } = await restsBeside(t, busy, other);
  t.equal(clock.time, 2000);
  const closed = server.close();
  t.match(await next, { code: 'not_supported', id: 3 }, 'not when the server stops');
  t.match(await busy.receive(), { code: 'not_supported', id: 4 });
  await closed;
});

t.test('who is ended while it rests is gone at once', async (t) => {
  const clock = new Clock();
  const limits = { idleMs: 5000, graceMs: 0 };
  const server = await startServer(t, { now: clock.now, limits, envs: slowly(inlineHost, clock) });
  const [busy, other] = [await RawClient.welcomed(t, server.url), await RawClient.welcomed(t, server.url)];
  await busy.ask({ type: 'make', id: 1, env: 'FrozenLake-v1' });
  busy.burst([2, 3].map((id) => ({ type: 'transitions', id, env: 1 })));
  t.match(await busy.receive(), { code: 'not_supported', id: 2 });
  await other.ask({ type: 'list', id: 1 });
  clock.time += 5001;
  await other.ask({ type: 'list', id: 2 });
  server.sweep();
  t.match(await busy.receive(), { code: 'idle_timeout' });
  t.equal((await busy.closed).code, 4003);
  await until(() => server.connections === 1);
});

t.test('nobody who is idle is waited for', async (t) => {
  const clock = new Clock();
  const server = await startServer(t, { now: clock.now, envs: slowly(inlineHost, clock) });
  const [busy, idle] = [await RawClient.welcomed(t, server.url), await RawClient.welcomed(t, server.url)];
  await busy.ask({ type: 'make', id: 1, env: 'FrozenLake-v1' });
  await idle.ask({ type: 'list', id: 1 });
  clock.time += 1001;
  busy.burst([2, 3].map((id) => ({ type: 'transitions', id, env: 1 })));
  for (const id of [2, 3]) t.match(await busy.receive(), { code: 'not_supported', id });
  t.equal(clock.time, 1001 + 4000);
});

t.test('requests that waited and take long leave the others their turns, until all is to end', async (t) => {
  const clock = new Clock();
  const gate = new GatedHost();
  const envs = slowly(gate, clock);
  const server = await startServer(t, { now: clock.now, envs });
  const busy = await RawClient.welcomed(t, server.url);
  const other = await RawClient.welcomed(t, server.url);
  busy.send({ type: 'make', id: 1, env: 'FrozenLake-v1' });
  await until(() => gate.waiting === 1);
  gate.open();
  t.match(await busy.receive(), { type: 'made' });
  busy.burst([
    { type: 'reset', id: 2, env: 1 },
    ...[3, 4, 5].map((id) => ({ type: 'transitions', id, env: 1 })),
  ]);
  await until(() => gate.waiting === 1);
  gate.open();
  t.match(await busy.receive(), { type: 'started', id: 2 });
  t.match(await busy.receive(), { code: 'not_supported', id: 3 });
  const { next } = await restsBeside(t, busy, other);
  const closed = server.close();
  t.match(await next, { code: 'not_supported', id: 4 }, 'not when the server stops');
  t.match(await busy.receive(), { code: 'not_supported', id: 5 });
  await closed;
});
