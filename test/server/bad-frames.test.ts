/** Frames that no client sends: each ends its connection with a code and a sentence, and touches nobody else. */
import { connect as connectTcp } from 'node:net';
import t from 'tap';
import { bytes } from '../protocol/hex.js';
import { undisturbed } from './bystander.js';
import { HELLO, RawClient, startServer, until } from './rig.js';

const FRAME_BYTES = 2 ** 21;

const values = (n: number): Uint8Array => {
  const frame = new Uint8Array(n + 5).fill(0xc0);
  frame.set(bytes('dd'));
  new DataView(frame.buffer).setUint32(1, n);
  return frame;
};

const FRAMES: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['no bytes', bytes(''), /byte 0: the frame ends 1 bytes early/],
  ['an unused type byte', bytes('c1'), /byte 0: 0xc1 is an extension type or unused/],
  ['an extension type', bytes('81 a4 74797065 d4 01 00'), /byte 6: 0xd4 is an extension type/],
  ['a number', bytes('05'), /expected a map with a string `type`/],
  ['a map without a type', bytes('81 a2 6964 01'), /expected a map with a string `type`/],
  ['a map that ends early', bytes('82 a4 74797065 a4 6c697374'), /byte 11: the frame ends 1 bytes early/],
  ['two messages', bytes('81 a4 74797065 a4 6c697374 c0'), /byte 11: 1 bytes behind the message/],
  ['a key twice', bytes('82 a4 74797065 a1 78 a4 74797065 a1 78'), /the map key "type" comes twice/],
  ['a key that is no text', bytes('82 a4 74797065 a1 78 05 05'), /expected a string as map key/],
  ['a prototype', bytes('82 a4 74797065 a1 78 a9 5f5f70726f746f5f5f 80'), /a map key named __proto__/],
  ['text that is not UTF-8', bytes('81 a4 74797065 a1 ff'), /a string that is not UTF-8/],
  [
    '33 arrays inside each other',
    bytes(`81 a4 74797065 ${'91'.repeat(33)} c0`),
    /more than 32 values inside each other/,
  ],
  [
    'a length that is not there',
    bytes('81 a4 74797065 dd ffffffff'),
    /an array of 4294967295 elements in 0 bytes/,
  ],
  [
    'too many values',
    new Uint8Array([...bytes('82 a4 74797065 a1 78 a1 61'), ...values(2 ** 20)]),
    /more than 1048576 values/,
  ],
  ['a step that ends early', bytes('94 01 01'), /the frame ends 1 bytes early/],
  ['an array of another kind', bytes('94 02 01 01 90'), /begins with 1 \(step\), got 2/],
  ['an array of another length', bytes('91 01'), /a step has 4 to 6 elements, got 1/],
  ['a step with an id that is none', bytes('94 01 ff 01 90'), /expected an integer, got 0xff/],
  ['actions that are no bin', bytes('94 01 01 01 91 a1 61'), /expected bin, got 0xa1/],
  ['a step of leaves that are not there', bytes('94 01 01 01 dd ffffffff'), /4294967295 leaves of actions/],
  ['more behind a step', bytes('94 01 01 01 90 00'), /byte 5: 1 bytes behind the step/],
];

t.test('frames that are not one message', async (t) => {
  const server = await startServer(t, { limits: { frameBytes: FRAME_BYTES, values: 2 ** 20 } });
  await undisturbed(t, server.url, async () => {
    for (const [name, frame, message] of FRAMES) {
      const client = await RawClient.welcomed(t, server.url);
      t.match(
        await client.ask(frame),
        { type: 'error', id: null, code: 'bad_frame', message, recoverable: false },
        name,
      );
      t.same(await client.closed, { code: 1002, reason: 'bad_frame' }, name);
    }
  });
});

t.test('a text frame', async (t) => {
  const server = await startServer(t);
  await undisturbed(t, server.url, async () => {
    for (const text of ['{"type":"list","id":1}', '', 'ÿ']) {
      const client = await RawClient.welcomed(t, server.url);
      client.socket.send(text);
      t.match(await client.receive(), {
        code: 'text_frame',
        message: /expected a binary frame, got text of \d+ bytes/,
      });
      t.same(await client.closed, { code: 1003, reason: 'text_frame' });
    }
  });
});

t.test('a frame above the limit, and one at it', async (t) => {
  const server = await startServer(t, { limits: { frameBytes: 1000 } });
  await undisturbed(t, server.url, async () => {
    const client = await RawClient.welcomed(t, server.url);
    t.match(
      await client.ask(new Uint8Array(1000)),
      { code: 'bad_frame' },
      'a frame of 1000 bytes is looked at',
    );
    const other = await RawClient.welcomed(t, server.url);
    t.match(await other.ask(new Uint8Array(1001)), {
      id: null,
      code: 'frame_too_large',
      message: 'limits.frameBytes is 1000',
      recoverable: false,
    });
    t.equal((await other.closed).code, 1009);
    const pieces = await RawClient.welcomed(t, server.url);
    pieces.socket.send(new Uint8Array(600), { fin: false });
    pieces.socket.send(new Uint8Array(600), { fin: true });
    t.match(await pieces.receive(), { code: 'frame_too_large' }, 'in fragments too');
  });
});

t.test('before the welcome messages are small', async (t) => {
  const server = await startServer(t, { limits: { helloBytes: 1000, frameBytes: 5000 } });
  await undisturbed(t, server.url, async () => {
    const stranger = await RawClient.open(t, server.url);
    t.match(await stranger.ask({ ...HELLO, client: 'x'.repeat(1000) }), {
      id: null,
      code: 'frame_too_large',
      message: 'limits.helloBytes is 1000',
    });
    t.equal((await stranger.closed).code, 1009);
    const client = await RawClient.welcomed(t, server.url);
    const list = { type: 'list', id: 1, padding: 'x'.repeat(4900) };
    t.match(await client.ask(list), { id: 1, code: 'bad_message' }, 'behind it they may be larger');
    t.match(await client.ask({ ...list, padding: 'x'.repeat(5000) }), {
      message: 'limits.frameBytes is 5000',
    });
  });
});

t.test('before the welcome messages are of few values', async (t) => {
  const server = await startServer(t);
  const stranger = await RawClient.open(t, server.url);
  const capabilities = Array.from({ length: 1000 }, () => 'x');
  t.match(await stranger.ask({ ...HELLO, capabilities }), {
    code: 'frame_too_large',
    message: /^byte \d+: more than 1000 values in one message$/,
  });
});

t.test('who has more envs may send more values', async (t) => {
  const server = await startServer(t, { limits: { values: 200, valuesPerEnv: 100 } });
  await undisturbed(t, server.url, async () => {
    const ids = (length: number) => ({
      type: 'reset',
      id: 9,
      env: 1,
      ids: new Array<number>(length).fill(0),
    });
    const poor = await RawClient.welcomed(t, server.url);
    t.match(await poor.ask(ids(180)), { id: 9, code: 'no_such_env' });
    t.match(await poor.ask(ids(200)), {
      id: null,
      code: 'frame_too_large',
      message:
        /^byte \d+: more than 200 values in one message; limits.values is 200, limits.valuesPerEnv is 100 for each of 0 envs$/,
      recoverable: false,
    });
    t.equal((await poor.closed).code, 1009);
    const rich = await RawClient.welcomed(t, server.url);
    await rich.ask({ type: 'make', id: 1, env: 'CartPole-v1', numEnvs: 3 });
    t.match(await rich.ask(ids(480)), { id: 9, code: 'bad_ids' });
    t.match(await rich.ask(ids(500)), { code: 'frame_too_large', message: /more than 500 values/ });
  });
});

t.test('what Autobahn’s cases leave out: no mask, and lengths that nobody has', async (t) => {
  const server = await startServer(t);
  const cases: readonly (readonly [string, string, string, number])[] = [
    ['not masked', '82 01 00', 'bad_frame', 1002],
    ['a length of 2^60', '82 ff 1000000000000000 00000000', 'frame_too_large', 1009],
    ['a length of 4 GiB', '82 ff 0000000100000000 00000000', 'frame_too_large', 1009],
  ];
  await undisturbed(t, server.url, async () => {
    for (const [name, raw, code, close] of cases) {
      const client = await RawClient.welcomed(t, server.url);
      client.tcp.write(bytes(raw));
      t.match(await client.receive(), { type: 'error', id: null, code, recoverable: false }, name);
      t.equal((await client.closed).code, close, name);
    }
  });
});

t.test('too many fragments', async (t) => {
  const server = await startServer(t);
  const client = await RawClient.welcomed(t, server.url);
  client.tcp.write(
    Buffer.concat([bytes('02 80 00000000'), ...new Array<Uint8Array>(20_000).fill(bytes('00 80 00000000'))]),
  );
  t.match(await client.receive(), { code: 'bad_frame' });
  t.equal((await client.closed).code, 1008);
});

t.test('connections that break off: in a frame, in a request, in the upgrade', async (t) => {
  const server = await startServer(t, { limits: { graceMs: 0 } });
  const { hostname, port } = new URL(server.url);
  await undisturbed(t, server.url, async () => {
    const inFrame = await RawClient.welcomed(t, server.url);
    inFrame.tcp.write(bytes('82 fe 1000 00000000 94'));
    inFrame.socket.terminate();
    const unread = await RawClient.welcomed(t, server.url);
    await unread.ask({ type: 'make', id: 1, env: 'CartPole-v1', numEnvs: 8 });
    for (let i = 0; i < 20; i++) unread.send({ type: 'reset', id: 2, env: 1 });
    unread.socket.terminate();
    const upgrade = connectTcp(Number(port), hostname);
    upgrade.on('error', () => {});
    upgrade.end('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n');
    await until(() => server.sessions === 1);
    t.equal(server.numEnvs, 4, 'their envs are gone');
  });
});
