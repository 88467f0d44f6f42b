/** Sessions whose connections are lost: what was done is not done again, and what was answered is not lost. */
import t, { type Test } from 'tap';
import type { Server, ServerOptions } from '../../server/index.js';
import { GatedHost } from './gated-host.js';
import { PROBE } from './probe-env.js';
import { Clock, HELLO, type Message, RawClient, slab, startServer, stepFrame, until } from './rig.js';

const MAKE = { type: 'make', id: 1, env: PROBE, seed: 5, options: { length: 1000 } };
const RESET = { type: 'reset', id: 2, env: 1 };
const step = (id: number, ack?: number) =>
  stepFrame(id, 1, [slab(Int32Array.of(id % 2)), slab(Float32Array.of(id / 100, 0))], undefined, ack);

/** A client that has made and reset a probe. */
async function begin(t: Test, options: ServerOptions = {}) {
  const server = await startServer(t, options);
  const client = await RawClient.welcomed(t, server.url);
  await client.ask(MAKE);
  await client.ask(RESET);
  return { server, client };
}

/** The client's connection breaks, and the server has noticed. */
async function lose(server: Server, client: RawClient): Promise<void> {
  const before = server.connections;
  client.socket.terminate();
  await until(() => server.connections < before);
}

const comeBack = (t: Test, server: Server, { welcome }: RawClient): Promise<RawClient> =>
  RawClient.welcomed(t, server.url, { resume: welcome.resume });

/** Replies to the steps with these ids, undisturbed. */
async function undisturbedReplies(t: Test, ids: readonly number[]): Promise<Buffer[]> {
  const { client } = await begin(t);
  const replies: Buffer[] = [];
  for (const id of ids) {
    client.send(step(id));
    replies.push(await client.frame());
  }
  return replies;
}

t.test('a reply that was lost is given again, byte for byte, and nothing done twice', async (t) => {
  const expected = await undisturbedReplies(t, [3, 4, 5, 6]);
  const { server, client } = await begin(t);
  client.send(step(3));
  t.same(await client.frame(), expected[0]);
  client.send(step(4));
  client.send(step(5));
  await client.frame();
  await client.frame();
  await lose(server, client);
  t.equal(server.sessions, 1);
  t.equal(server.numEnvs, 1, 'the session waits, with its envs');

  const again = await comeBack(t, server, client);
  t.same(again.welcome, client.welcome, 'the same session');
  again.burst([step(4), step(5), step(6)]);
  for (const reply of expected.slice(1)) t.same(await again.frame(), reply);
  const third = await comeBack(t, server, client);
  third.send(step(6));
  t.same(await third.frame(), expected[3], 'any number of times');
});

t.test(
  'what was under way is answered on the next connection; what waited is carried out there',
  async (t) => {
    const expected = await undisturbedReplies(t, [3, 4, 5, 6]);
    for (const isAnsweredBetween of [true, false]) {
      const host = new GatedHost();
      const server = await startServer(t, { envs: host });
      const client = await RawClient.welcomed(t, server.url);
      client.burst([MAKE, RESET]);
      for (let i = 0; i < 2; i++) {
        await until(() => host.waiting === 1);
        host.open();
        await client.receive();
      }
      client.burst([step(3), step(4), step(5)]);
      await until(() => host.waiting === 1);
      await lose(server, client);
      if (isAnsweredBetween) host.open();
      const again = await comeBack(t, server, client);
      again.burst([step(3), step(4), step(5)]);
      if (!isAnsweredBetween) {
        await until(() => host.waiting === 1);
        host.open();
      }
      t.same(await again.frame(), expected[0], isAnsweredBetween ? 'answered between' : 'answered after');
      host.openAll();
      again.send(step(6));
      for (const reply of expected.slice(1)) t.same(await again.frame(), reply);
    }
  },
);

t.test('a reply that nobody asks for again is not sent', async (t) => {
  const host = new GatedHost();
  const server = await startServer(t, { envs: host });
  const client = await RawClient.welcomed(t, server.url);
  client.send(MAKE);
  await until(() => host.waiting === 1);
  await lose(server, client);
  const again = await comeBack(t, server, client);
  host.open();
  t.match(await again.ask({ type: 'list', id: 2 }), { type: 'listed', id: 2 }, 'and not made');
  t.match(await again.ask(MAKE), { type: 'made', id: 1 });
});

t.test('errors are given again as well', async (t) => {
  const { server, client } = await begin(t);
  const bad = { type: 'render', id: 3, env: 9 };
  const error = await client.ask(bad);
  t.match(error, { code: 'no_such_env', id: 3 });
  await lose(server, client);
  const again = await comeBack(t, server, client);
  t.same(await again.ask(bad), error);
});

t.test('requests that were never begun are carried out, refused ones too', async (t) => {
  const { server, client } = await begin(t, { limits: { requestsInFlight: 2 } });
  await lose(server, client);
  const again = await comeBack(t, server, client);
  t.match(await again.ask(step(3)), { type: 'stepped', id: 3 });
});

t.test('a new connection takes the place of one that the server believes in still', async (t) => {
  const { server, client } = await begin(t);
  client.send(step(3));
  const reply = await client.frame();
  const again = await comeBack(t, server, client);
  t.match(await client.receive(), {
    type: 'error',
    id: null,
    code: 'session_resumed',
    recoverable: false,
  });
  t.same(await client.closed, { code: 4005, reason: 'session_resumed' });
  t.equal(server.sessions, 1, 'which ends nothing');
  again.send(step(3));
  t.same(await again.frame(), reply);
  t.match(await again.ask(step(4)), { type: 'stepped', id: 4 });
});

t.test('a dead connection that the server waits for to take a reply does not hold up the next', async (t) => {
  const { server, client } = await begin(t);
  const large = { type: 'make', id: 3, env: 'MinAtar/Breakout-v1', numEnvs: 8000 };
  await client.ask(large);
  client.socket.pause();
  client.burst([
    { type: 'reset', id: 4, env: 2 },
    { type: 'reset', id: 5, env: 2 },
  ]);
  await (await RawClient.welcomed(t, server.url)).ask({ type: 'list', id: 1 });
  const again = await comeBack(t, server, client);
  again.burst([{ type: 'reset', id: 4, env: 2 }, { type: 'reset', id: 5, env: 2 }, step(6)]);
  t.match(await again.receive(), { type: 'started', id: 4, n: 8000 });
  t.match(await again.receive(), { type: 'started', id: 5, n: 8000 });
  t.match(await again.receive(), { type: 'stepped', id: 6 });
});

t.test('tokens that open nothing', async (t) => {
  const { server, client } = await begin(t);
  const token = client.welcome.resume as string;
  const [name, secret] = token.split('.') as [string, string];
  const other = await begin(t);
  const wrong = [
    '',
    '.',
    name,
    `${name}.`,
    `${name}.${'A'.repeat(secret.length)}`,
    `${name}.${secret}x`,
    `x.${secret}`,
    'é'.repeat(41),
    other.client.welcome.resume,
  ];
  for (const resume of wrong) {
    const stranger = await RawClient.open(t, server.url);
    t.match(
      await stranger.ask({ ...HELLO, resume }),
      { type: 'error', id: null, code: 'no_such_session', recoverable: false },
      String(resume),
    );
    t.same(await stranger.closed, { code: 4004, reason: 'no_such_session' });
  }
  const stranger = await RawClient.open(t, server.url);
  t.match(await stranger.ask({ ...HELLO, resume: 7 }), { code: 'bad_hello', message: /hello.resume/ });
  t.match(await client.ask(step(3)), { type: 'stepped' }, 'and disturb nobody');
});

t.test('the grace time', async (t) => {
  const clock = new Clock();
  const { server, client } = await begin(t, { now: clock.now, limits: { graceMs: 1000, pingMs: 1e9 } });
  t.equal((client.welcome.limits as Message).graceMs, 1000);
  clock.time = 5000;
  await lose(server, client);
  clock.time = 6000;
  server.sweep();
  t.equal(server.sessions, 1, 'not before it is over');
  const again = await comeBack(t, server, client);
  clock.time = 8000;
  server.sweep();
  t.match(await again.ask(step(3)), { type: 'stepped' }, 'it is over for those alone that are away');
  await lose(server, again);
  clock.time = 9001;
  server.sweep();
  t.equal(server.sessions, 0);
  t.equal(server.numEnvs, 0);
  const late = await RawClient.open(t, server.url);
  t.match(await late.ask({ ...HELLO, resume: client.welcome.resume }), { code: 'no_such_session' });
});

t.test('what ends a session at once', async (t) => {
  const ends: readonly (readonly [string, ServerOptions, (client: RawClient) => void])[] = [
    ['close 1000', {}, ({ socket }) => socket.close(1000)],
    ['close 1001', {}, ({ socket }) => socket.close(1001)],
    ['close without a code', {}, ({ socket }) => socket.close()],
    ['an error that ends the connection', {}, (client) => client.send(Uint8Array.of(0xc1))],
    ['bytes that are no frame', {}, ({ tcp }) => tcp.write(Uint8Array.of(0x82, 0x01, 0x00))],
    [
      'a frame that is too large',
      { limits: { frameBytes: 1000 } },
      ({ socket }) => socket.send(Buffer.alloc(1001)),
    ],
    ['no grace', { limits: { graceMs: 0 } }, ({ socket }) => socket.terminate()],
  ];
  for (const [name, options, end] of ends) {
    const { server, client } = await begin(t, options);
    end(client);
    await client.closed;
    await until(() => server.connections === 0);
    t.equal(server.sessions, 0, name);
    t.equal(server.numEnvs, 0, name);
  }
  const { server, client } = await begin(t);
  client.socket.close(4321);
  await client.closed;
  await until(() => server.connections === 0);
  t.equal(server.sessions, 1, 'another code does not');
});

t.test('without a grace time there is nothing to resume', async (t) => {
  const { client } = await begin(t, { limits: { graceMs: 0 } });
  t.equal(client.welcome.resume, null);
});

t.test('a client that is away makes room for one that comes', async (t) => {
  const { server, client } = await begin(t, { limits: { sessions: 2 } });
  const other = await RawClient.welcomed(t, server.url);
  await lose(server, client);
  await lose(server, other);
  const third = await RawClient.welcomed(t, server.url);
  t.match(third.welcome, { type: 'welcome' });
  t.equal(server.sessions, 2);
  t.equal(server.numEnvs, 0, 'it was the one that had waited longest');
  await comeBack(t, server, other);
  const fourth = await RawClient.open(t, server.url);
  t.match(await fourth.ask(HELLO), { code: 'too_many_sessions' });
});

t.test('what the server keeps: what was acknowledged is forgotten', async (t) => {
  const { server, client } = await begin(t);
  for (let id = 3; id < 10; id++) await client.ask(step(id, id - 1));
  await lose(server, client);
  const again = await comeBack(t, server, client);
  t.match(await again.ask(step(9)), { type: 'stepped', id: 9 });
  t.match(await again.ask(step(8)), {
    type: 'error',
    id: 8,
    code: 'reply_not_kept',
    message: /request 8 was carried out/,
    recoverable: true,
  });
  t.match(await again.ask(step(10, 12345)), { type: 'stepped', id: 10 }, 'an ack of nothing is nothing');
  t.match(await again.ask({ type: 'list', id: 11, ack: 10 }), { type: 'listed' });
  t.match(await again.ask({ type: 'list', id: 12, ack: 'x' }), {
    code: 'bad_message',
    message: /list.ack: expected the id of a reply/,
  });
});

t.test('what the server keeps: without acknowledgements, as many as may be unanswered', async (t) => {
  const { server, client } = await begin(t, { limits: { requestsInFlight: 4 } });
  const replies = new Map<number, Buffer>();
  for (let id = 3; id < 12; id++) {
    client.send(step(id));
    replies.set(id, await client.frame());
  }
  await lose(server, client);
  const again = await comeBack(t, server, client);
  for (const id of [8, 9, 10, 11]) {
    again.send(step(id));
    t.same(await again.frame(), replies.get(id));
  }
  t.match(await again.ask(step(7)), { code: 'reply_not_kept' });
});

t.test('what the server keeps: bytes, but always the last', async (t) => {
  const { server, client } = await begin(t, { limits: { keptReplyBytes: 1000 } });
  const picture = (id: number) => ({ type: 'render', id, env: 2, format: 'rgb' });
  await client.ask({ type: 'make', id: 3, env: 'CartPole-v1' });
  await client.ask({ type: 'reset', id: 4, env: 2 });
  const first = await client.ask(picture(5));
  t.match(first, { type: 'rendered', id: 5 });
  await client.ask(picture(6));
  await lose(server, client);
  const again = await comeBack(t, server, client);
  t.match(await again.ask(picture(5)), { code: 'reply_not_kept' });
  t.ok((first.data as Buffer).equals((await again.ask(picture(6))).data as Buffer));
  for (const id of [7, 8, 9]) await again.ask(step(id));
  await lose(server, again);
  const third = await comeBack(t, server, client);
  for (const id of [7, 8, 9]) t.match(await third.ask(step(id)), { type: 'stepped', id });
});
