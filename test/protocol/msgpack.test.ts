import fc from 'fast-check';
import { Packr } from 'msgpackr';
import t from 'tap';
import { FarstepError } from '../../protocol/errors.js';
import { HEADER_BYTES, Reader, Writer } from '../../protocol/msgpack.js';
import { bytes, hex } from './hex.js';

const packr = new Packr({ useRecords: false, int64AsType: 'number' });

t.test('the reader takes an integer however it is written', async (t) => {
  const cases: readonly (readonly [string, number])[] = [
    ['00', 0],
    ['7f', 127],
    ['cc 80', 128],
    ['cc 05', 5],
    ['cd 01 00', 256],
    ['ce ff ff ff ff', 2 ** 32 - 1],
    ['cf 00 00 00 01 00 00 00 00', 2 ** 32],
    ['cf 00 1f ff ff ff ff ff ff', Number.MAX_SAFE_INTEGER],
    ['d0 05', 5],
    ['d1 7f ff', 32767],
    ['d2 7f ff ff ff', 2 ** 31 - 1],
    ['d3 00 00 00 00 00 00 00 05', 5],
    ['ca 40 a0 00 00', 5],
    ['cb 41 f0 00 00 00 00 00 00', 2 ** 32],
  ];
  for (const [code, value] of cases) {
    const reader = new Reader(bytes(code));
    t.equal(reader.uint(), value, code);
    t.ok(reader.atEnd);
  }
});

t.test('the reader refuses what is not what it reads, naming the byte', async (t) => {
  const cases: readonly (readonly [keyof Reader, string, RegExp])[] = [
    ['uint', 'c0', /^byte 0: expected an integer, got 0xc0$/],
    ['uint', 'a1 61', /expected an integer, got 0xa1/],
    ['uint', 'ff', /expected an integer, got 0xff/],
    ['uint', 'd0 ff', /from 0 to 2\^53 - 1/],
    ['uint', 'd1 80 00', /from 0 to 2\^53 - 1/],
    ['uint', 'd3 ff ff ff ff ff ff ff ff', /from 0 to 2\^53 - 1/],
    ['uint', 'cf 00 20 00 00 00 00 00 00', /from 0 to 2\^53 - 1/],
    ['uint', 'cf ff ff ff ff ff ff ff ff', /from 0 to 2\^53 - 1/],
    ['uint', 'cb 3f e0 00 00 00 00 00 00', /from 0 to 2\^53 - 1/],
    ['uint', 'cb 7f f8 00 00 00 00 00 00', /from 0 to 2\^53 - 1/],
    ['uint', 'cd 01', /^byte 1: the frame ends 1 bytes early$/],
    ['uint', '', /^byte 0: the frame ends 1 bytes early$/],
    ['array', '80', /expected an array, got 0x80/],
    ['array', 'dc 01', /ends 1 bytes early/],
    ['bin', 'a1 61', /expected bin, got 0xa1/],
    ['bin', 'c4 02 00', /^byte 2: the frame ends 1 bytes early$/],
    ['bin', 'c6 ff ff ff ff', /ends 4294967295 bytes early/],
  ];
  for (const [method, code, message] of cases) {
    const reader = new Reader(bytes(code));
    t.throws(
      () => (reader[method] as () => unknown).call(reader),
      { code: 'bad_frame', message },
      `${method} ${code}`,
    );
  }
});

t.test('the reader takes arrays, bins and nil of every size', async (t) => {
  t.equal(new Reader(bytes('90')).array(), 0);
  t.equal(new Reader(bytes('9f')).array(), 15);
  t.equal(new Reader(bytes('dc 00 02')).array(), 2);
  t.equal(new Reader(bytes('dd 00 00 00 03')).array(), 3);
  t.same(new Reader(bytes('c4 01 aa')).bin(), { offset: 2, length: 1 });
  t.same(new Reader(bytes('c5 00 01 aa')).bin(), { offset: 3, length: 1 });
  t.same(new Reader(bytes('c6 00 00 00 01 aa')).bin(), { offset: 5, length: 1 });
  const reader = new Reader(bytes('c0 05'));
  t.same([reader.nil(), reader.nil(), reader.uint()], [true, false, 5]);
  const inside = new Reader(new Uint8Array(bytes('ff ff 92 cd 01 00').buffer, 2));
  t.same([inside.array(), inside.uint()], [2, 256], 'bytes that begin inside their buffer');
});

t.test('the writer takes the shortest form', async (t) => {
  const write = (fill: (writer: Writer) => void, size = 16): string => {
    const writer = new Writer(new Uint8Array(size));
    fill(writer);
    return hex(writer.bytes.subarray(0, writer.offset));
  };
  const integers: readonly (readonly [number, string])[] = [
    [0, '00'],
    [127, '7f'],
    [128, 'cc80'],
    [255, 'ccff'],
    [256, 'cd0100'],
    [65535, 'cdffff'],
    [65536, 'ce00010000'],
    [2 ** 32 - 1, 'ceffffffff'],
    [2 ** 32, 'cf0000000100000000'],
    [Number.MAX_SAFE_INTEGER, 'cf001fffffffffffff'],
  ];
  for (const [value, expected] of integers)
    t.equal(
      write((w) => w.uint(value)),
      expected,
      String(value),
    );
  t.equal(
    write((w) => w.array(15)),
    '9f',
  );
  t.equal(
    write((w) => w.array(16)),
    'dc0010',
  );
  t.equal(
    write((w) => w.array(65535)),
    'dcffff',
  );
  t.equal(
    write((w) => w.nil()),
    'c0',
  );
  t.equal(
    write((w) => w.bin(Uint8Array.of(1, 2))),
    'c4020102',
  );
  t.match(
    write((w) => w.bin(new Uint8Array(256)), 300),
    /^c50100(00)+$/,
  );
  t.match(
    write((w) => w.bin(new Uint8Array(65536)), 70000),
    /^c600010000(00)+$/,
  );
});

t.test('what the writer writes, msgpackr and the reader read', async () => {
  const element = fc.oneof(
    fc.maxSafeNat(),
    fc.nat(300),
    fc.uint8Array({ maxLength: 300 }),
    fc.constant(null),
  );
  fc.assert(
    fc.property(fc.array(element, { maxLength: 40 }), (elements) => {
      const size = elements.reduce<number>(
        (sum, x) => sum + HEADER_BYTES + (x instanceof Uint8Array ? x.length : 0),
        0,
      );
      const writer = new Writer(new Uint8Array(size + HEADER_BYTES));
      writer.array(elements.length);
      for (const x of elements) {
        if (x === null) writer.nil();
        else if (typeof x === 'number') writer.uint(x);
        else writer.bin(x);
      }
      const frame = writer.bytes.subarray(0, writer.offset);
      const unpacked = (packr.unpack(frame) as unknown[]).map((x) => (x instanceof Uint8Array ? hex(x) : x));
      const reader = new Reader(frame);
      const read = Array.from({ length: reader.array() }, (_, i) => {
        const x = elements[i];
        if (x === null) return reader.nil() ? null : undefined;
        if (typeof x === 'number') return reader.uint();
        const { offset, length } = reader.bin();
        return hex(frame.subarray(offset, offset + length));
      });
      const expected = elements.map((x) => (x instanceof Uint8Array ? hex(x) : x));
      return (
        reader.atEnd && [unpacked, read].every((got) => JSON.stringify(got) === JSON.stringify(expected))
      );
    }),
  );
});

t.test('the reader gives bad_frame on any bytes, or stays inside them', async () => {
  const methods = ['uint', 'array', 'bin', 'nil'] as const;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 24 }), fc.array(fc.constantFrom(...methods)), (data, calls) => {
      const reader = new Reader(data);
      try {
        for (const call of calls) reader[call]();
      } catch (error) {
        if (!(error instanceof FarstepError) || error.code !== 'bad_frame') throw error;
      }
      return reader.offset <= data.length;
    }),
    { numRuns: 1000 },
  );
});
