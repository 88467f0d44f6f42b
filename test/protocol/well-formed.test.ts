import fc from 'fast-check';
import { Packr } from 'msgpackr';
import t from 'tap';
import { FarstepError } from '../../protocol/errors.js';
import { checkWellFormed } from '../../protocol/msgpack.js';
import { spoiled } from './arbitraries.js';
import { bytes } from './hex.js';

const packr = new Packr({ useRecords: false, variableMapSize: true, int64AsType: 'number' });

t.test('every kind of value passes', async (t) => {
  const good = [
    '00',
    '7f',
    'e0',
    'ff',
    'c0',
    'c2',
    'c3',
    'ca 00 00 00 00',
    'cb 00 00 00 00 00 00 00 00',
    'cc 00',
    'cd 00 00',
    'ce 00 00 00 00',
    'cf 00 00 00 00 00 00 00 00',
    'd0 00',
    'd1 00 00',
    'd2 00 00 00 00',
    'd3 00 00 00 00 00 00 00 00',
    'a0',
    'a2 c3 a9',
    'd9 01 61',
    'da 00 01 61',
    'db 00 00 00 01 61',
    'c4 01 ff',
    'c5 00 01 ff',
    'c6 00 00 00 01 ff',
    '90',
    '92 01 a1 61',
    'dc 00 01 c0',
    'dd 00 00 00 01 c0',
    '80',
    '82 a1 61 01 a1 62 02',
    'de 00 01 a1 61 01',
    'df 00 00 00 01 a1 61 01',
    '82 a4 ef bb bf 61 01 a1 61 02', // two keys that differ by a byte order mark
  ];
  for (const code of good) t.doesNotThrow(() => checkWellFormed(bytes(code)), code);
});

t.test('what is not one message is refused, naming the byte', async (t) => {
  const bad: readonly (readonly [string, RegExp])[] = [
    ['', /^byte 0: the frame ends 1 bytes early$/],
    ['c1', /^byte 0: 0xc1 is an extension type or unused$/],
    ['d4 01 00', /0xd4 is an extension type/],
    ['c7 01 01 00', /0xc7 is an extension type/],
    ['01 02', /^byte 1: 1 bytes behind the message$/],
    ['cd 00', /^byte 1: the frame ends 1 bytes early$/],
    ['a2 c3 28', /^byte 1: a string that is not UTF-8$/],
    ['a3 ed a0 80', /a string that is not UTF-8/],
    ['92 01', /^byte 1: an array of 2 elements in 1 bytes$/],
    ['dd ff ff ff ff', /an array of 4294967295 elements in 0 bytes/],
    ['df ff ff ff ff', /a map of 4294967295 entries in 0 bytes/],
    ['db ff ff ff ff', /ends 4294967295 bytes early/],
    ['81 01 01', /^byte 1: expected a string as map key, got 0x1$/],
    ['82 a1 61 01 a1 61 02', /^byte 4: the map key "a" comes twice$/],
    ['81 a9 5f 5f 70 72 6f 74 6f 5f 5f 01', /^byte 1: a map key named __proto__$/],
    ['91 81 a9 5f 5f 70 72 6f 74 6f 5f 5f 01', /^byte 2: a map key named __proto__$/],
    [`${'91'.repeat(33)}00`, /more than 32 values inside each other/],
  ];
  for (const [code, message] of bad) {
    t.throws(() => checkWellFormed(bytes(code)), { code: 'bad_frame', message }, code.slice(0, 40));
  }
  t.doesNotThrow(() => checkWellFormed(bytes(`${'91'.repeat(32)}00`)));
});

t.test('a message of more than 2^20 values is refused', async (t) => {
  const frame = new Uint8Array(5 + 2 ** 20).fill(0xc0);
  frame.set(bytes('dd 00 10 00 00'));
  t.throws(() => checkWellFormed(frame), {
    code: 'bad_frame',
    message: /more than 1048576 values in one message/,
  });
  frame.set(bytes('dd 00 0f ff ff'));
  t.doesNotThrow(() => checkWellFormed(frame.subarray(0, -1)));
});

t.test('whoever takes fewer values stops there, and keys are values', async (t) => {
  const message = bytes('83 a1 61 01 a1 62 92 02 03 a1 63 04'); // a map of three, with an array of two
  t.doesNotThrow(() => checkWellFormed(message, 9));
  t.throws(() => checkWellFormed(message, 8), {
    code: 'frame_too_large',
    message: 'byte 11: more than 8 values in one message',
  });
});

t.test('a claimed length takes no memory', async (t) => {
  const claims = [
    'dd ff ff ff f0',
    'df ff ff ff f0',
    'db ff ff ff f0',
    'c6 ff ff ff f0',
    'dc ff ff',
    'de ff ff',
  ];
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  for (const claim of claims) {
    for (let i = 0; i < 1000; i++) {
      try {
        checkWellFormed(bytes(claim));
        t.fail(claim);
      } catch {}
    }
  }
  const after = process.memoryUsage();
  t.ok(after.heapUsed - heapUsed + after.arrayBuffers - arrayBuffers < 32 * 2 ** 20);
});

t.test('what msgpackr packs passes, and nothing shorter does', async () => {
  const value = fc.anything({
    withNullPrototype: false,
    values: [
      fc.integer(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.string({ unit: 'binary' }),
      fc.uint8Array().map((data) => Buffer.from(data)),
    ],
    key: fc.string({ unit: 'binary' }).filter((key) => key !== '__proto__'),
    maxDepth: 4,
  });
  fc.assert(
    fc.property(value, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (x, part) => {
      const frame = packr.pack(x);
      checkWellFormed(frame);
      try {
        checkWellFormed(frame.subarray(0, Math.floor(frame.length * part)));
        return false;
      } catch (error) {
        return error instanceof FarstepError && error.code === 'bad_frame';
      }
    }),
  );
});

t.test('what passes, msgpackr unpacks; what does not gives bad_frame', async () => {
  const message = packr.pack({
    type: 'reset',
    id: 5,
    seeds: [1, null, 2 ** 40],
    options: { a: 'b', c: true, d: -1.5 },
  });
  const frame = fc.oneof(fc.uint8Array({ maxLength: 64 }), spoiled(message));
  fc.assert(
    fc.property(frame, (data) => {
      try {
        checkWellFormed(data);
      } catch (error) {
        return error instanceof FarstepError && error.code === 'bad_frame';
      }
      packr.unpack(data);
      return true;
    }),
    { numRuns: 2000 },
  );
});
