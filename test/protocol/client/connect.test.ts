import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { connect } from '../../../protocol/index.js';
import { startScripted, WELCOME } from './scripted-server.js';

t.test('hello says who comes, welcome what is allowed', async (t) => {
  const server = await startScripted(t);
  const client = await connect(server.url, { client: 'test/1' });
  t.same(server.hellos, [{ type: 'hello', protocol: 1, editions: [1], client: 'test/1', capabilities: [] }]);
  t.same(client.limits, WELCOME.limits);
  t.equal(client.url, server.url);
  const closed = server.closed();
  client.close();
  t.equal(await closed, 1000);
});

t.test('the error that the server sends in place of a welcome', async (t) => {
  const server = await startScripted(t, undefined, (_hello, peer) => {
    peer.send({
      type: 'error',
      id: null,
      code: 'unsupported_protocol',
      message: 'this server speaks 2',
      recoverable: false,
    });
    peer.socket.close(4002);
  });
  await t.rejects(connect(server.url), { code: 'unsupported_protocol', message: 'this server speaks 2' });
});

t.test('something else in place of a welcome', async (t) => {
  const cases = [
    [{ type: 'made', id: 1 }, 'bad_reply', /expected welcome, got made/],
    [{ ...WELCOME, limits: {} }, 'bad_reply', /welcome.limits/],
    [{ ...WELCOME, edition: 2 }, 'bad_reply', /welcome.edition: expected one of 1, got 2/],
    [Uint8Array.of(0xc1), 'bad_frame', /byte 0/],
    [Uint8Array.of(0x94, 1, 1, 1, 0x90), 'bad_frame', /expected a map/],
  ] as const;
  for (const [greeting, code, message] of cases) {
    const server = await startScripted(t, undefined, (_hello, peer) => peer.send(greeting));
    await t.rejects(connect(server.url), { code, message }, String(message));
  }
});

t.test('a server that closes the connection, or never answers', async (t) => {
  const closing = await startScripted(t, undefined, (_hello, peer) => peer.socket.close(4321, 'go away'));
  await t.rejects(connect(closing.url), { code: 'connection_failed', message: /go away/ });
  const silent = await startScripted(t, undefined, () => {});
  const closed = silent.closed();
  await t.rejects(connect(silent.url, { connectTimeoutMs: 20 }), {
    code: 'connection_failed',
    message: /no welcome within 20 ms/,
  });
  t.equal(await closed, 1000, 'and the connection is given up');
});

t.test('nothing there, or something else', async (t) => {
  const http = createServer((_request, response) => response.end('hello'));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  await t.rejects(connect(`ws://127.0.0.1:${port}`), {
    code: 'connection_failed',
    message: /Is a farstep server running there\?/,
  });
  await new Promise((resolve) => http.close(resolve));
  await t.rejects(connect(`ws://127.0.0.1:${port}`), {
    code: 'connection_failed',
    message: /ECONNREFUSED.*Is a farstep server running there\?/,
  });
});

t.test('what is no address', async (t) => {
  for (const url of [
    'localhost:7447',
    'http://localhost',
    '',
    'ws://',
    'ws://[bad',
    'ws://localhost:999999',
  ]) {
    await t.rejects(connect(url), { code: 'connection_failed' }, url);
  }
});
