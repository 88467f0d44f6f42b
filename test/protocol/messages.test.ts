import { Packr } from 'msgpackr';
import t from 'tap';
import { packMessage, type Reply, unpackMessage } from '../../protocol/messages.js';
import { bytes, hex } from './hex.js';

t.test('control messages are plain maps in the shortest form', async (t) => {
  t.equal(hex(packMessage({ type: 'list', id: 1 })), '82a474797065a46c697374a2696401');
  const seeds = [0, 255, 2 ** 31, 2 ** 32 - 1];
  const reply: Reply = {
    type: 'started',
    id: 300,
    n: 1,
    observations: [Uint8Array.of(1, 2)],
    infos: [],
    seeds,
  };
  t.equal(
    hex(packMessage(reply)),
    [
      '86',
      'a474797065 a773746172746564',
      'a26964 cd012c',
      'a16e 01',
      'ac6f62736572766174696f6e73 91 c4020102',
      'a5696e666f73 90',
      'a57365656473 94 00 ccff ce80000000 ceffffffff',
    ]
      .join('')
      .replaceAll(' ', ''),
  );
});

t.test('a field that is undefined crosses as nil, never as an extension type', async (t) => {
  const frame = packMessage({ type: 'reset', id: 1, env: 2, ids: undefined } as never);
  t.ok(hex(frame).endsWith('a3696473c0'));
});

t.test('unpackMessage takes what any encoder writes', async (t) => {
  const packr = new Packr({ useRecords: false, useFloat32: 3 });
  const message = {
    type: 'x',
    id: 2 ** 40,
    seeds: [1.5, -1, 2 ** 53 - 1],
    mask: [true, false],
    data: Buffer.of(1),
  };
  const unpacked = unpackMessage(packr.pack(message));
  t.same({ ...unpacked, data: [...(unpacked.data as Uint8Array)] }, { ...message, data: [1] });
  t.equal(unpackMessage(bytes('82 a4 74797065 a1 78 a2 6964 d3 0000000000000007')).id, 7);
  t.equal(
    unpackMessage(bytes('82 a4 74797065 a1 78 a2 6964 cf 0020000000000000')).id,
    2 ** 53,
    'as near as a double',
  );
});

t.test('a frame that is no map with a type is refused', async (t) => {
  const cases = ['01', 'c0', '90', 'a1 61', '80', '81 a4 74797065 01', '81 a4 74797065 c0', 'c4 00'];
  for (const code of cases) {
    t.throws(
      () => unpackMessage(bytes(code)),
      { code: 'bad_frame', message: /expected a map with a string `type`/ },
      code,
    );
  }
  t.throws(() => unpackMessage(bytes('c1')), { code: 'bad_frame', message: /^byte 0/ });
});

t.test('names that objects have anyway are names like others', async (t) => {
  const frame = new Packr({ useRecords: false }).pack(
    new Map<string, unknown>([
      ['type', 'x'],
      ['constructor', 1],
      ['toString', 2],
      ['hasOwnProperty', 3],
    ]),
  );
  const message = unpackMessage(frame);
  t.same(message, { type: 'x', constructor: 1, toString: 2, hasOwnProperty: 3 });
  t.equal(Object.getPrototypeOf(message), Object.prototype);
});

t.test('bin in a message is a view into the frame', async (t) => {
  const frame = packMessage({
    type: 'rendered',
    id: 1,
    width: 1,
    height: 1,
    format: 'rgb',
    data: Uint8Array.of(1, 2, 3),
  });
  t.equal((unpackMessage(frame).data as Uint8Array).buffer, frame.buffer);
});
