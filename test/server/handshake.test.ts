import t from 'tap';
import { connect } from '../../protocol/index.js';
import { DEFAULT_LIMITS } from '../../server/index.js';
import { sessionLimits } from '../../server/limits.js';
import { Clock, HELLO, type Message, RawClient, startServer, stepFrame, until } from './rig.js';

t.test('hello and welcome', async (t) => {
  const server = await startServer(t, { limits: { envs: 7 } });
  const client = await RawClient.open(t, server.url);
  const welcome = await client.ask(HELLO);
  const { session, resume, limits, server: name, ...rest } = welcome;
  t.same(rest, { type: 'welcome', edition: 1, capabilities: [] });
  t.match(session, /^[\w-]{8}$/);
  t.match(resume, new RegExp(`^${String(session)}\\.[\\w-]{32}$`));
  t.match(name, /^farstep\//);
  t.same(limits, sessionLimits({ ...DEFAULT_LIMITS, envs: 7 }));
  const other = await (await RawClient.open(t, server.url)).ask(HELLO);
  t.not(other.session, session, 'every session has a name of its own');
});

t.test('a client of a later edition, with fields that it may leave out', async (t) => {
  const server = await startServer(t);
  const client = await RawClient.open(t, server.url);
  const hello = { type: 'hello', protocol: 1, editions: [1, 2, 3], client: null, token: 't', resume: null };
  t.match(await client.ask(hello), { type: 'welcome', edition: 1 });
});

t.test('a first message that is no valid hello: coded error, close code, and nothing else', async (t) => {
  const server = await startServer(t);
  const cases: readonly (readonly [Message | Uint8Array, string, number, RegExp])[] = [
    [{ ...HELLO, protocol: 2 }, 'unsupported_protocol', 4002, /this server speaks protocol 1, the client 2/],
    [{ ...HELLO, editions: [7, 8] }, 'unsupported_protocol', 4002, /speaks editions 1, the client 7, 8/],
    [{ ...HELLO, editions: [] }, 'unsupported_protocol', 4002, /the client none/],
    [{ type: 'list', id: 1 }, 'bad_hello', 4000, /the first message must be hello, got "list"/],
    [
      { ...HELLO, protocol: '1' },
      'bad_hello',
      4000,
      /hello.protocol: expected a non-negative integer, got "1"/,
    ],
    [{ ...HELLO, extra: 1 }, 'bad_hello', 4000, /hello: unknown field "extra"/],
    [stepFrame(1, 1, []), 'bad_hello', 4000, /the first message must be hello, got an array/],
    [Uint8Array.of(0xc1), 'bad_frame', 1002, /byte 0/],
    [new Uint8Array(0), 'bad_frame', 1002, /byte 0: the frame ends 1 bytes early/],
  ];
  for (const [first, code, close, message] of cases) {
    const client = await RawClient.open(t, server.url);
    const error = await client.ask(first);
    t.match(error, { type: 'error', id: null, code, message, recoverable: false }, code);
    t.same(await client.closed, { code: close, reason: code });
  }
  await until(() => server.sessions === 0);
});

t.test('the client learns it from the error, not from the close code', async (t) => {
  const server = await startServer(t, { limits: { sessions: 1 } });
  const first = await connect(server.url);
  await t.rejects(connect(server.url), {
    code: 'too_many_sessions',
    message: '1 sessions are open, limits.sessions is 1',
    retryAfterMs: 10_000,
  });
  first.close();
});

t.test('connections beyond the limit are refused before they cost anything', async (t) => {
  const server = await startServer(t, { limits: { connections: 2 } });
  await RawClient.welcomed(t, server.url);
  const silent = await RawClient.open(t, server.url);
  await t.rejects(RawClient.open(t, server.url), /Unexpected server response: 503/);
  await t.rejects(connect(server.url), { code: 'connection_failed', message: /503/ });
  silent.socket.close();
  await until(() => server.connections === 1);
  await RawClient.welcomed(t, server.url);
});

t.test('a second hello changes nothing', async (t) => {
  const server = await startServer(t);
  const client = await RawClient.welcomed(t, server.url);
  const error = await client.ask(HELLO);
  t.match(error, { type: 'error', id: null, code: 'second_hello', recoverable: true });
  t.match(await client.ask({ type: 'list', id: 5 }), { type: 'listed', id: 5 });
});

t.test('no hello in time', async (t) => {
  const clock = new Clock();
  const server = await startServer(t, { now: clock.now, limits: { helloMs: 1000 } });
  const silent = await RawClient.open(t, server.url);
  const talking = await RawClient.welcomed(t, server.url);
  clock.time = 1000;
  server.sweep();
  clock.time = 1001;
  server.sweep();
  t.match(await silent.receive(), {
    code: 'hello_timeout',
    message: /limits.helloMs, 1000 ms/,
    recoverable: false,
  });
  t.same(await silent.closed, { code: 4001, reason: 'hello_timeout' });
  t.match(await talking.ask({ type: 'list', id: 1 }), { type: 'listed' });
});

t.test('too many sessions: one more may come when one has gone', async (t) => {
  const server = await startServer(t, { limits: { sessions: 2 } });
  const first = await RawClient.welcomed(t, server.url);
  await RawClient.welcomed(t, server.url);
  const third = await RawClient.open(t, server.url);
  t.match(await third.ask(HELLO), { code: 'too_many_sessions', retryAfterMs: 10_000, recoverable: false });
  t.same(await third.closed, { code: 1013, reason: 'too_many_sessions' });
  first.socket.close();
  await until(() => server.sessions === 1);
  await RawClient.welcomed(t, server.url);
});
