/**
 * The WebSocket layer of the server's endpoint, case by case as the Autobahn test suite (crossbario/autobahn-testsuite) puts
 * them to a server, in its order and by its numbers. It needs Python 2 and an echo server. So its cases are made again here
 * after RFC 6455: in the place of an echo stands the answer to a request that came whole; a text message, which the
 * protocol has no use for, is refused as such where it is well formed, and as a bad frame where it is not. Its cases 12 and
 * 13 are of compression, which the server does not agree to.
 */
import { setImmediate } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { packMessage } from '../../protocol/messages.js';
import { bytes } from '../protocol/hex.js';
import { undisturbed } from './bystander.js';
import { RawClient, startServer } from './rig.js';
import { BINARY, CLOSE, CONTINUATION, frame, PING, PONG, TEXT } from './websocket-frame.js';

const BAD = { code: 'bad_frame', close: 1002 } as const;
const NOT_UTF8 = { code: 'bad_frame', close: 1007 } as const;
const IS_TEXT = { code: 'text_frame', close: 1003 } as const;

/** A request of so many bytes, which is answered with its id. */
function request(id: number, size = 15): Uint8Array {
  if (size === 15) return packMessage({ type: 'list', id } as never);
  for (let padding = Math.max(0, size - 32); ; padding++) {
    const message = packMessage({ type: 'list', id, x: '*'.repeat(padding) } as never);
    if (message.length === size) return message;
    if (message.length > size) throw new Error(`no request of ${size} bytes`);
  }
}

/** A message in fragments of so many bytes; `between` comes after each but the last. */
function fragments(opcode: number, payload: Uint8Array, size: number, between: Uint8Array[] = []): Buffer {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < payload.length; at += size) {
    const fin = at + size >= payload.length;
    frames.push(frame(at === 0 ? opcode : CONTINUATION, payload.subarray(at, at + size), { fin }));
    if (!fin) frames.push(...between);
  }
  return Buffer.concat(frames);
}

interface Case {
  readonly name: string;
  readonly frames: readonly Uint8Array[];
  /** Bytes of a write; all at once unless told. */
  readonly chop?: number;
  /** Ids of the answers, in their order. */
  readonly answers?: readonly number[];
  readonly pongs?: readonly (string | Uint8Array)[];
  /** The code of an error, if one is told, and that of the close frame; the connection goes on where there is none. */
  readonly end?: { readonly code?: string; readonly close: number };
}

async function hold(t: Test, url: string, { name, frames, chop, answers = [], pongs = [], end }: Case) {
  const client = await RawClient.welcomed(t, url);
  const came: string[] = [];
  const awaited = pongs.map((payload) => Buffer.from(payload).toString('hex'));
  const all = new Promise<void>((resolve) => {
    if (awaited.length === 0) resolve();
    client.socket.on('pong', (payload) => {
      if (came.push(payload.toString('hex')) === awaited.length) resolve();
    });
  });
  const sent = Buffer.concat(frames);
  const size = chop ?? sent.length;
  for (let at = 0; at < sent.length; at += size) {
    client.tcp.write(sent.subarray(at, at + size));
    if (chop !== undefined) await setImmediate();
  }
  for (const id of answers) t.equal((await client.receive()).id, id, `${name}: answer ${id}`);
  await all;
  t.same(came, awaited, `${name}: pongs`);
  if (end === undefined) {
    t.match(await client.ask(request(999)), { type: 'listed', id: 999 }, `${name}: it goes on`);
    client.socket.terminate();
    return;
  }
  if (end.code !== undefined) t.match(await client.receive(), { id: null, code: end.code }, name);
  t.equal((await client.closed).code, end.close, `${name}: closed`);
}

/** The cases of a section, on one server, beside somebody whom they must not disturb. */
function section(title: string, cases: readonly Case[]): void {
  t.test(title, async (t) => {
    const server = await startServer(t, { limits: { connectionsPerSecond: 10_000 } });
    await undisturbed(t, server.url, async () => {
      for (const each of cases) await hold(t, server.url, each);
    });
  });
}

const code = (number: number, reason: Uint8Array | string = ''): Buffer =>
  Buffer.concat([Uint8Array.of(number >> 8, number & 255), Buffer.from(reason)]);

const LENGTHS = [125, 126, 127, 128, 65_535, 65_536] as const;
section('1 framing', [
  ...[0, ...LENGTHS].map((n) => ({
    name: `1.1 text of ${n} bytes`,
    frames: [frame(TEXT, '*'.repeat(n))],
    end: IS_TEXT,
  })),
  { name: '1.1.8 text in chops', frames: [frame(TEXT, '*'.repeat(65_536))], chop: 997, end: IS_TEXT },
  ...LENGTHS.map((n) => ({
    name: `1.2 a message of ${n} bytes`,
    frames: [frame(BINARY, request(1, n))],
    answers: [1],
  })),
  { name: '1.2.1 an empty message', frames: [frame(BINARY)], end: BAD },
  { name: '1.2.8 in chops', frames: [frame(BINARY, request(1, 65_536))], chop: 997, answers: [1] },
]);

const MOST = '*'.repeat(125);
section('2 pings and pongs', [
  { name: '2.1 a ping without payload', frames: [frame(PING)], pongs: [''] },
  { name: '2.2 with text', frames: [frame(PING, 'Hello, world!')], pongs: ['Hello, world!'] },
  {
    name: '2.3 with bytes that are not UTF-8',
    frames: [frame(PING, bytes('00 ff fe fd fc fb 00 ff'))],
    pongs: [bytes('00 ff fe fd fc fb 00 ff')],
  },
  { name: '2.4 of 125 bytes', frames: [frame(PING, MOST)], pongs: [MOST] },
  { name: '2.5 of 126 bytes', frames: [frame(PING, `${MOST}*`)], end: BAD },
  { name: '2.6 byte by byte', frames: [frame(PING, MOST)], chop: 1, pongs: [MOST] },
  { name: '2.7 a pong that nobody asked for', frames: [frame(PONG)] },
  { name: '2.8 with a payload', frames: [frame(PONG, 'unsolicited')] },
  { name: '2.9 and a ping behind it', frames: [frame(PONG, 'x'), frame(PING, 'ping')], pongs: ['ping'] },
  ...[undefined, 1].map((chop) => ({
    name: `2.10, 2.11 ten pings, chop ${chop}`,
    frames: [...Array(10).keys()].map((i) => frame(PING, `ping ${i}`)),
    ...(chop !== undefined && { chop }),
    pongs: [...Array(10).keys()].map((i) => `ping ${i}`),
  })),
]);

const first = frame(BINARY, request(1));
section('3 reserved bits', [
  ...[1, 2, 3, 4, 5, 6, 7].flatMap((rsv) => [
    { name: `3 bits ${rsv} of a message`, frames: [frame(BINARY, request(1), { rsv })], end: BAD },
    {
      name: `3 bits ${rsv} behind a message`,
      frames: [first, frame(BINARY, request(2), { rsv }), frame(PING)],
      answers: [1],
      end: BAD,
    },
  ]),
  { name: '3.6 of a ping', frames: [frame(PING, 'x', { rsv: 5 })], end: BAD },
  { name: '3.7 of a close', frames: [frame(CLOSE, code(1000), { rsv: 7 })], end: BAD },
  {
    name: '3.4 in chops',
    frames: [first, frame(BINARY, request(2), { rsv: 4 })],
    chop: 1,
    answers: [1],
    end: BAD,
  },
]);

section(
  '4 opcodes',
  [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) => [
    { name: `4 opcode ${opcode}`, frames: [frame(opcode)], end: BAD },
    { name: `4 opcode ${opcode} with a payload`, frames: [frame(opcode, 'reserved')], end: BAD },
    {
      name: `4 opcode ${opcode} behind a message`,
      frames: [first, frame(opcode, 'reserved'), frame(PING)],
      answers: [1],
      end: BAD,
    },
  ]),
);

const open = (opcode: number, payload: Uint8Array | string) => frame(opcode, payload, { fin: false });
const whole = request(1, 125);
const [left, right] = [whole.subarray(0, 60), whole.subarray(60)];
const ping = frame(PING, 'ping');
section('5 fragments', [
  { name: '5.1 of a ping', frames: [open(PING, 'a'), frame(CONTINUATION, 'b')], end: BAD },
  { name: '5.2 of a pong', frames: [open(PONG, 'a'), frame(CONTINUATION, 'b')], end: BAD },
  ...[undefined, 1].flatMap((chop) => {
    const inChops = chop === undefined ? {} : { chop };
    return [
      {
        name: `5.3 to 5.5 of a message, chop ${chop}`,
        frames: [open(BINARY, left), frame(CONTINUATION, right)],
        ...inChops,
        answers: [1],
      },
      {
        name: `5.6 to 5.8 a ping between, chop ${chop}`,
        frames: [open(BINARY, left), ping, frame(CONTINUATION, right)],
        ...inChops,
        answers: [1],
        pongs: ['ping'],
      },
      ...[frame, open].map((make) => ({
        name: `5.9 to 5.14 a continuation of nothing, ${make.name}, chop ${chop}`,
        frames: [make(CONTINUATION, 'x'), first],
        ...inChops,
        end: BAD,
      })),
    ];
  }),
  {
    name: '5.15 a continuation of nothing behind a message',
    frames: [open(BINARY, left), frame(CONTINUATION, right), open(CONTINUATION, 'x'), first],
    answers: [1],
    end: BAD,
  },
  { name: '5.16, 5.17 a continuation, then a message', frames: [open(CONTINUATION, 'x'), first], end: BAD },
  { name: '5.18 a message amid a message', frames: [open(BINARY, left), first], end: BAD },
  {
    name: '5.19, 5.20 five fragments and pings between',
    frames: [fragments(BINARY, whole, 25, [ping])],
    answers: [1],
    pongs: ['ping', 'ping', 'ping', 'ping'],
  },
  {
    name: '6.1.2 empty fragments',
    frames: [open(BINARY, ''), open(CONTINUATION, ''), frame(CONTINUATION, whole)],
    answers: [1],
  },
]);

const VALID = [
  ['6.2 text', '48656c6c6f2dc2b540c39fc3b6c3a4c3bcc3a0c3a12d5554462d382121'],
  ['6.5 the word kosme', 'cebae1bdb9cf83cebcceb5'],
  ['6.7 the first of each length', '00 c280 e0a080 f0908080'],
  ['6.9 the last of each length', '7f dfbf efbfbf f48fbfbf'],
  ['6.11 around the surrogates', 'ed9fbf ee8080 efbfbd'],
  ['6.22, 6.23 no characters, but UTF-8', 'efbfbe efbfbf f09fbfbe f09fbfbf f48fbfbe f48fbfbf'],
] as const;
/** Each is to be refused. */
const refused = (name: string, ...texts: string[]) => texts.map((hex) => [name, hex] as const);
const INVALID = [
  ...refused('6.3 a surrogate behind text', 'cebae1bdb9cf83cebcceb5eda080656469746564'),
  ...refused('6.4 beyond the last', 'cebae1bdb9cf83cebcceb5f4908080656469746564'),
  ...refused('6.6, 6.15 it ends early', 'ce', 'cebae1', 'cebae1bd', 'f0', 'f090', 'f09080', 'e0a0', 'c2'),
  ...refused('6.8 longer than there is', 'f888808080', 'fc8480808080'),
  ...refused('6.10 beyond the last', 'f7bfbfbf', 'fbbfbfbfbf', 'fdbfbfbfbfbf', 'f4908080'),
  ...refused('6.12 a continuation of nothing', '80', 'bf', '80bf', '80bf80', '80bf80bf80bf'),
  ...refused('6.13 a first byte alone', 'c020', 'df20', 'e020', 'ef20', 'f020', 'f720', 'f820', 'fc20'),
  ...refused('6.14 bytes that there are not', 'fe', 'ff', 'fefeffff'),
  ...refused('6.16 a slash in too many bytes', 'c0af', 'e080af', 'f08080af', 'f8808080af', 'fc80808080af'),
  ...refused('6.17 others', 'c1bf', 'e09fbf', 'f08fbfbf', 'f887bfbfbf', 'fc83bfbfbfbf'),
  ...refused('6.18 zero', 'c080', 'e08080', 'f0808080', 'f880808080', 'fc8080808080'),
  ...refused('6.19 a surrogate', 'eda080', 'edadbf', 'edae80', 'edafbf', 'edb080', 'edbe80', 'edbfbf'),
  ...refused('6.20, 6.21 two', 'eda080edb080', 'edadbfedbfbf', 'edae80edb080', 'edafbfedbfbf'),
];
section(
  '6 text',
  [
    ...VALID.map(([name, hex]) => ({ name, hex, end: IS_TEXT })),
    ...INVALID.map(([name, hex]) => ({ name, hex, end: NOT_UTF8 })),
  ].flatMap(({ name, hex, end }) => [
    { name: `${name}: ${hex}`, frames: [frame(TEXT, bytes(hex))], end },
    { name: `${name}: ${hex}, in fragments`, frames: [fragments(TEXT, bytes(hex), 1)], end },
  ]),
);

section('7 closing', [
  {
    name: '7.1.1 behind a message',
    frames: [first, frame(CLOSE, code(1000))],
    answers: [1],
    end: { close: 1000 },
  },
  { name: '7.1.2 twice', frames: [frame(CLOSE, code(1000)), frame(CLOSE, code(1001))], end: { close: 1000 } },
  { name: '7.1.3 a ping behind it', frames: [frame(CLOSE, code(1000)), ping], end: { close: 1000 } },
  { name: '7.1.4 a message behind it', frames: [frame(CLOSE, code(1000)), first], end: { close: 1000 } },
  {
    name: '7.1.5 amid a message',
    frames: [open(BINARY, left), frame(CLOSE, code(1000)), frame(CONTINUATION, right)],
    end: { close: 1000 },
  },
  {
    name: '7.1.6 behind 256 KiB, and a ping',
    frames: [frame(BINARY, request(1, 2 ** 18)), frame(CLOSE, code(1000)), ping],
    answers: [1],
    end: { close: 1000 },
  },
  { name: '7.3.1 without a code', frames: [frame(CLOSE)], end: { close: 1005 } },
  { name: '7.3.2 with half a code', frames: [frame(CLOSE, Uint8Array.of(3))], end: BAD },
  { name: '7.3.4 with a reason', frames: [frame(CLOSE, code(1000, 'Hello World!'))], end: { close: 1000 } },
  { name: '7.3.5 the longest', frames: [frame(CLOSE, code(1000, '*'.repeat(123)))], end: { close: 1000 } },
  { name: '7.3.6 one byte longer', frames: [frame(CLOSE, code(1000, '*'.repeat(124)))], end: BAD },
  {
    name: '7.5.1 that is not UTF-8',
    frames: [frame(CLOSE, code(1000, bytes('ceba eda080')))],
    end: NOT_UTF8,
  },
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map((number) => ({
    name: `7.7 code ${number}`,
    frames: [frame(CLOSE, code(number))],
    end: { close: number },
  })),
  ...[0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65_535].map((number) => ({
    name: `7.9, 7.13 code ${number}`,
    frames: [frame(CLOSE, code(number, 'reason'))],
    end: BAD,
  })),
]);

const MIB = 2 ** 20;
section('9 and 10 large messages', [
  ...[2 ** 16, 2 ** 18, MIB, 4 * MIB, 8 * MIB].map((n) => ({
    name: `9.2 of ${n} bytes`,
    frames: [frame(BINARY, request(1, n))],
    answers: [1],
  })),
  ...[256, 1024, 4096, 16_384, 65_536].map((n) => ({
    name: `9.4 a MiB in fragments of ${n}`,
    frames: [fragments(BINARY, request(1, MIB), n)],
    answers: [1],
  })),
  ...[997, 16_384].map((chop) => ({
    name: `9.6 a MiB in chops of ${chop}`,
    frames: [frame(BINARY, request(1, MIB))],
    chop,
    answers: [1],
  })),
  ...[15, 125, 1024].map((n) => ({
    name: `9.8 a thousand of ${n} bytes`,
    frames: [...Array(1000).keys()].map((id) => frame(BINARY, request(id + 1, n))),
    answers: [...Array(1000).keys()].map((id) => id + 1),
  })),
  {
    name: '10.1 64 KiB in fragments of 1300',
    frames: [fragments(BINARY, request(1, 65_536), 1300)],
    answers: [1],
  },
]);
