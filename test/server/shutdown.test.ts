import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import t from 'tap';
import { connect } from '../../protocol/index.js';
import { GatedHost } from './gated-host.js';
import { PROBE } from './probe-env.js';
import { RawClient, slab, startServer, stepFrame, until } from './rig.js';

const step = (id: number) => stepFrame(id, 1, [slab(Int32Array.of(0)), slab(new Float32Array(2))]);

t.test('replies under way are finished, clients told, connections closed', async (t) => {
  const host = new GatedHost();
  const server = await startServer(t, { envs: host });
  const client = await RawClient.welcomed(t, server.url);
  const idle = await RawClient.welcomed(t, server.url);
  const silent = await RawClient.open(t, server.url);
  client.send({ type: 'make', id: 1, env: PROBE });
  await until(() => host.waiting === 1);
  host.open();
  await client.receive();
  client.burst([{ type: 'reset', id: 2, env: 1 }, step(3), { type: 'list', id: 4 }]);
  await until(() => host.waiting === 1);

  const closing = server.close();
  t.equal(server.close(), closing, 'closing twice is closing once');
  for (const other of [idle, silent]) {
    t.match(await other.receive(), { type: 'error', id: null, code: 'shutting_down', recoverable: false });
    t.same(await other.closed, { code: 1001, reason: 'shutting_down' });
  }
  client.send({ type: 'list', id: 5 }); // too late: not answered
  host.openAll();
  t.match(await client.receive(), { type: 'started', id: 2 });
  t.match(await client.receive(), { type: 'stepped', id: 3 });
  t.match(await client.receive(), { type: 'listed', id: 4 });
  t.match(await client.receive(), { type: 'error', id: null, code: 'shutting_down' });
  t.same(await client.closed, { code: 1001, reason: 'shutting_down' });
  await closing;
  t.equal(server.sessions, 0);
  t.equal(host.closed, 1);
  await t.rejects(connect(server.url), { code: 'connection_failed' });
});

t.test('the TypeScript client learns why', async (t) => {
  const host = new GatedHost();
  const server = await startServer(t, { envs: host });
  const client = await connect(server.url);
  const make = client.make(PROBE);
  await until(() => host.waiting === 1);
  const closing = server.close();
  host.openAll();
  const env = await make;
  await closing;
  await t.rejects(env.reset(), { code: 'shutting_down', message: 'the server is stopping' });
});

t.test('a client that does not take its replies is cut off after the grace time', async (t) => {
  const server = await startServer(t);
  const client = await RawClient.welcomed(t, server.url);
  await client.ask({ type: 'make', id: 1, env: 'MinAtar/Breakout-v1', numEnvs: 8000 });
  client.socket.pause();
  client.burst([2, 3].map((id) => ({ type: 'reset', id, env: 1 })));
  await (await RawClient.welcomed(t, server.url)).ask({ type: 'list', id: 1 });
  await server.close(20);
  t.equal(server.sessions, 0);
  client.socket.resume();
  t.equal((await client.closed).code, 1006);
});

t.test('an env that never answers does not keep the server', async (t) => {
  const host = new GatedHost();
  const server = await startServer(t, { envs: host });
  const client = await RawClient.welcomed(t, server.url);
  client.send({ type: 'make', id: 1, env: PROBE });
  await until(() => host.waiting === 1);
  await server.close(20);
  t.equal((await client.closed).code, 1006);
});

t.test('a connection that asks for a WebSocket while the server stops gets 503', async (t) => {
  const host = new GatedHost();
  const server = await startServer(t, { envs: host });
  const client = await RawClient.welcomed(t, server.url);
  client.send({ type: 'make', id: 1, env: PROBE });
  await until(() => host.waiting === 1);
  const { hostname, port } = new URL(server.url);
  const late = connectTcp(Number(port), hostname);
  late.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n');
  await (await RawClient.welcomed(t, server.url)).ask({ type: 'list', id: 1 });
  const closing = server.close();
  late.write(
    'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  );
  const [answer] = (await once(late, 'data')) as [Buffer];
  t.match(answer.toString(), /^HTTP\/1.1 503 /);
  host.openAll();
  await closing;
});

t.test('a connection that rests and closes while the server stops holds nothing up', async (t) => {
  for (let turns = 0; turns < 12; turns++) {
    // On a clock that runs ahead whoever asks much is busy for long, and rests.
    let now = 0;
    const server = await startServer(t, { now: () => (now += 5) });
    const client = await RawClient.welcomed(t, server.url);
    const other = await RawClient.welcomed(t, server.url);
    client.burst(Array.from({ length: 60 }, (_, id) => ({ type: 'list', id })));
    other.send({ type: 'list', id: 1 });
    client.socket.terminate();
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    let isClosed = false;
    void server.close(0).then(() => {
      isClosed = true;
    });
    for (let turn = 0; turn < 2000 && !isClosed; turn++)
      await new Promise((resolve) => setImmediate(resolve));
    t.ok(isClosed, `after ${turns} turns of the event loop`);
  }
});
