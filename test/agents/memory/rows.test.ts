import t from 'tap';
import { Rows } from '../../../agents/memory/rows.js';

t.test('rows of every kind come back as they went in', async (t) => {
  const floats = new Rows(5, 'float32', [3]);
  floats.write(4, Float32Array.of(0, 0, 0, 1, 2, 3), 1);
  const out = new Float32Array(9);
  floats.read(4, out, 2);
  t.same(Array.from(out), [0, 0, 0, 0, 0, 0, 1, 2, 3]);

  const scalars = new Rows(2, 'int64', []);
  scalars.write(1, BigInt64Array.of(-7n), 0);
  const bigs = new BigInt64Array(1);
  scalars.read(1, bigs, 0);
  t.equal(bigs[0], -7n);

  const pictures = new Rows(3, 'uint8', [8, 8]);
  const picture = Uint8Array.from({ length: 64 }, (_, i) => i);
  pictures.write(2, picture, 0);
  const seen = new Uint8Array(64);
  pictures.read(2, seen, 0);
  t.same(seen, picture);
});

t.test('a table larger than a block', async (t) => {
  const size = 2 ** 20;
  const rows = new Rows(40, 'uint8', [size]); // blocks of 16 MiB hold 16 rows
  for (const row of [0, 15, 16, 39]) rows.write(row, new Uint8Array(size).fill(row + 1), 0);
  const out = new Uint8Array(size);
  for (const row of [0, 15, 16, 39]) {
    rows.read(row, out, 0);
    t.ok(
      out.every((x) => x === row + 1),
      `row ${row}`,
    );
  }
  t.same(
    Array.from(rows.prefix(17), (block) => block.length),
    [16 * size, size],
  );
});
