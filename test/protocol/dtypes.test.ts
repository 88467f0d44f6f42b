import t from 'tap';
import { arrayType, type DType, isDType, itemSize, sizeOf, viewOrCopy } from '../../protocol/dtypes.js';

const SIZES: Readonly<Record<DType, number>> = {
  bool: 1,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float32: 4,
  float64: 8,
};

t.test('names and sizes are those of NumPy', async (t) => {
  for (const [name, size] of Object.entries(SIZES)) {
    t.ok(isDType(name));
    t.equal(itemSize(name as DType), size, name);
    t.equal(new (arrayType(name as DType))(3).byteLength, 3 * size);
  }
  for (const name of ['float16', 'toString', '__proto__', '', 7, null]) t.notOk(isDType(name), String(name));
});

t.test('sizeOf is the product of a shape', async (t) => {
  t.same([sizeOf([]), sizeOf([3]), sizeOf([2, 3]), sizeOf([2, 0, 3])], [1, 3, 6, 0]);
});

t.test('viewOrCopy gives a view where memory is aligned and a copy where it is not', async (t) => {
  for (const [dtype, size] of Object.entries(SIZES) as [DType, number][]) {
    for (let shift = 0; shift < 8; shift++) {
      // Bytes that begin `shift` into their buffer, three before the slab of two elements.
      const bytes = new Uint8Array(new ArrayBuffer(64), shift, 48);
      for (let i = 0; i < bytes.length; i++) bytes[i] = i;
      const array = viewOrCopy(dtype, bytes, 3, 2);
      const aligned = (shift + 3) % size === 0;
      t.equal(array.buffer === bytes.buffer, aligned, `${dtype} at ${shift + 3}`);
      t.equal(array.length, 2);
      t.same(
        [...new Uint8Array(array.buffer, array.byteOffset, array.byteLength)],
        [...bytes.subarray(3, 3 + 2 * size)],
      );
    }
  }
});

t.test('elements are little-endian', async (t) => {
  t.same([...viewOrCopy('uint16', Uint8Array.of(0x34, 0x12), 0, 1)], [0x1234]);
  t.same([...viewOrCopy('float64', Uint8Array.of(0, 0, 0, 0, 0, 0, 0xf0, 0x3f), 0, 1)], [1]);
  t.same([...viewOrCopy('int64', new Uint8Array(8).fill(255), 0, 1)], [-1n]);
});
