import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import t from 'tap';
import { connect } from '../../protocol/index.js';
import { Clock, startServer } from './rig.js';

t.test('/healthz tells how the server is', async (t) => {
  const clock = new Clock();
  const server = await startServer(t, { now: clock.now });
  const http = server.url.replace('ws:', 'http:');
  const client = await connect(server.url);
  t.teardown(() => client.close());
  await client.make('CartPole-v1', { numEnvs: 3 });
  clock.time = 4200;
  const response = await fetch(`${http}/healthz?verbose`);
  t.equal(response.status, 200);
  t.equal(response.headers.get('content-type'), 'application/json');
  const { server: name, ...health } = (await response.json()) as Record<string, unknown>;
  t.match(name, /^farstep\//);
  t.same(health, { status: 'ok', connections: 1, sessions: 1, envs: 3, uptimeSeconds: 4 });
});

t.test('other pages there are none', async (t) => {
  const server = await startServer(t);
  const response = await fetch(`${server.url.replace('ws:', 'http:')}/metric?x=1`);
  t.equal(response.status, 404);
  t.same(await response.json(), {
    error: 'no page at /metric; this server answers /healthz, /readyz, /metrics and WebSocket connections',
  });
});

t.test('requests that no browser sends are answered, and hurt nobody', async (t) => {
  const server = await startServer(t);
  const { hostname, port } = new URL(server.url);
  const upgrade = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
  const cases: readonly (readonly [string, RegExp])[] = [
    ['GET // HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1.1 404 /],
    ['GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1.1 404 /],
    ['OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1.1 404 /],
    ['POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc', /^HTTP\/1.1 200 /],
    ['nonsense\r\n\r\n', /^HTTP\/1.1 400 /],
    [`GET / HTTP/1.1\r\n${upgrade}Sec-WebSocket-Version: 13\r\n\r\n`, /^HTTP\/1.1 400 /],
    [`GET / HTTP/1.1\r\n${upgrade}Sec-WebSocket-Version: 99\r\nSec-WebSocket-Key: x\r\n\r\n`, /^HTTP\/1.1 4/],
    [`POST / HTTP/1.1\r\n${upgrade}Sec-WebSocket-Version: 13\r\n\r\n`, /^HTTP\/1.1 405 /],
  ];
  for (const [request, answer] of cases) {
    const socket = connectTcp(Number(port), hostname);
    socket.write(request);
    const [data] = (await once(socket, 'data')) as [Buffer];
    t.match(data.toString(), answer, request.split('\r\n', 1)[0]);
    socket.destroy();
  }
  const client = await connect(server.url);
  t.same((await client.list()).length > 0, true);
  client.close();
});

t.test('an address that is taken', async (t) => {
  const server = await startServer(t);
  const { Server } = await import('../../server/index.js');
  const { port } = new URL(server.url);
  await t.rejects(Server.start({ port: Number(port) }), { code: 'EADDRINUSE' });
});
