import t from 'tap';
import { FORMULAS } from '../../../agents/nn/formulas.js';
import { Heap } from '../../../agents/nn/heap.js';
import { HostMemory } from '../../../agents/nn/host-memory.js';
import { multiply, type Product } from '../../../agents/nn/multiply.js';
import type { Arithmetic, Pointwise } from '../../../agents/nn/pointwise.js';
import { PANEL_BYTES } from '../../../agents/nn/wasm/matmul.js';
import { floats, relativeError, uniform } from './helpers.js';

const memory = new HostMemory();
const heap = new Heap(memory);
const { kernels } = heap;
const random = uniform(1);

/** Puts numbers into the heap with a canary on either side. */
function place(values: Float32Array): { address: number; read(): Float32Array; intact(): boolean } {
  const guard = 4;
  const start = heap.allocate(values.length + 2 * guard);
  heap.fill(start, values.length + 2 * guard, 7.5);
  const address = start + 4 * guard;
  heap.write(address, values);
  return {
    address,
    read: () => heap.read(address, values.length),
    intact: () =>
      [...heap.read(start, guard), ...heap.read(address + 4 * values.length, guard)].every((x) => x === 7.5),
  };
}

t.test('products of every shape of tile', async (t) => {
  for (const m of [1, 2, 3, 4, 5, 6, 13]) {
    for (const n of [1, 2, 3, 4, 5, 7, 8, 9, 13, 16]) {
      for (const k of [1, 2, 5, 130, 260]) {
        const [a, b, bias, c] = [
          floats(m * k, random),
          floats(k * n, random),
          floats(n, random),
          floats(m * n, random),
        ];
        const bTransposed = b.map((_, at) => b[(at % k) * n + Math.floor(at / k)]!);
        const expected = (start: (i: number, j: number) => number, transposed: boolean) =>
          Float32Array.from({ length: m * n }, (_, at) => {
            const [i, j] = [Math.floor(at / n), at % n];
            let sum = start(i, j);
            for (let q = 0; q < k; q++) sum += a[transposed ? q * m + i : i * k + q]! * b[q * n + j]!;
            return sum;
          });
        const [pa, pb, pbT, pBias] = [place(a), place(b), place(bTransposed), place(bias)];
        const run = (options: Partial<Product>): Float32Array => {
          const pc = place(c);
          multiply(kernels, { a: pa.address, b: pb.address, c: pc.address, m, n, k, ...options });
          t.ok(pc.intact(), `[${m}, ${k}] · [${k}, ${n}] writes its own elements only`);
          const result = pc.read();
          heap.free(pc.address - 16);
          return result;
        };
        for (const [name, actual, wanted] of [
          ['plain', run({}), expected(() => 0, false)],
          ['transposed', run({ transposeA: true }), expected(() => 0, true)],
          ['B transposed', run({ transposeB: true, b: pbT.address }), expected(() => 0, false)],
          ['onto', run({ accumulate: true }), expected((i, j) => c[i * n + j]!, false)],
          [
            'onto, transposed',
            run({ accumulate: true, transposeA: true }),
            expected((i, j) => c[i * n + j]!, true),
          ],
          ['bias', run({ bias: pBias.address }), expected((_, j) => bias[j]!, false)],
          [
            'relu',
            run({ bias: pBias.address, relu: true }),
            expected((_, j) => bias[j]!, false).map((x) => Math.max(0, x)),
          ],
        ] as const) {
          const near = actual.every((x, at) => Math.abs(x - wanted[at]!) < 1e-4);
          if (!near)
            t.fail(`${name}: [${m}, ${k}] · [${k}, ${n}]: ${actual.join()}, expected ${wanted.join()}`);
        }
        for (const p of [pa, pb, pbT, pBias]) heap.free(p.address - 16);
      }
    }
  }
});

t.test('zeros are left out of products, whose numbers stay the same', async (t) => {
  for (const m of [1, 2, 3, 4, 7, 128, 301]) {
    for (const n of [31, 32, 63, 64, 77, 132]) {
      for (const k of [1, 9, 190, 400]) {
        for (const share of [0, 0.1, 0.55, 1]) {
          const a = floats(m * k, random).map((x) => (random() < share ? x : 0));
          const [b, bias, c] = [floats(k * n, random), floats(n, random), floats(m * n, random)];
          const [pa, pb, pBias] = [place(a), place(b), place(bias)];
          const variants: Partial<Product>[] = [
            { bias: pBias.address, relu: true },
            { transposeA: true, accumulate: true },
            { transposeB: true },
          ];
          for (const options of variants) {
            const [whole, parts] = [place(c), place(c)];
            const product = { m, k, a: pa.address, ...options };
            multiply(kernels, { ...product, n, b: pb.address, c: whole.address });
            // Few columns at a time are multiplied with the zeros.
            for (let first = 0; first < n; first += 8) {
              multiply(kernels, {
                ...product,
                n: Math.min(8, n - first),
                b: pb.address + 4 * first * (options.transposeB ? k : 1),
                ...(options.bias && { bias: options.bias + 4 * first }),
                bStride: options.transposeB ? k : n,
                c: parts.address + 4 * first,
                cStride: n,
              });
            }
            t.ok(whole.intact() && parts.intact());
            const [actual, expected] = [whole.read(), parts.read()];
            const at = actual.findIndex((x, i) => x !== expected[i]);
            if (at >= 0) {
              const what = `[${m}, ${k}] · [${k}, ${n}], ${share} of A, ${Object.keys(options).join()}`;
              t.fail(`${what}: element ${at} is ${actual[at]}, expected ${expected[at]}`);
            }
            for (const each of [whole, parts]) heap.free(each.address - 16);
          }
          for (const each of [pa, pb, pBias]) heap.free(each.address - 16);
        }
      }
    }
  }
});

t.test('rows that are full where others were looked at fill the room, and no more', async (t) => {
  const [m, n, k] = [128, 132, 192];
  const sampled = new Set([0, 32, 64, 96]);
  const a = floats(m * k, random).map((x, at) => (sampled.has(Math.floor(at / k)) ? 0 : x));
  const [pa, pb, pc] = [place(a), place(floats(k * n, random)), place(new Float32Array(m * n))];
  const room = place(new Float32Array(PANEL_BYTES / 4));
  multiply(
    { ...kernels, panel: room.address },
    { a: pa.address, b: pb.address, transposeB: true, c: pc.address, m, n, k },
  );
  t.ok(
    room
      .read()
      .slice(-3000)
      .some((x) => x !== 0),
    'nearly all of it',
  );
  t.ok(room.intact());
});

t.test('rows with gaps', async (t) => {
  const [m, n, k] = [5, 6, 7];
  const [a, b, c] = [floats(m * 10, random), floats(k * 11, random), floats(m * 12, random)];
  const [pa, pb, pc] = [place(a), place(b), place(c)];
  multiply(kernels, {
    a: pa.address,
    aStride: 10,
    b: pb.address,
    bStride: 11,
    c: pc.address,
    cStride: 12,
    m,
    n,
    k,
  });
  const expected = Float32Array.from(c, (old, at) => {
    const [i, j] = [Math.floor(at / 12), at % 12];
    if (j >= n) return old;
    let sum = 0;
    for (let q = 0; q < k; q++) sum += a[i * 10 + q]! * b[q * 11 + j]!;
    return sum;
  });
  t.ok(relativeError(pc.read(), expected) < 1e-5);
});

t.test('transposes, sums and copies of every remainder', async (t) => {
  for (const rows of [1, 3, 4, 6, 9]) {
    for (const columns of [1, 2, 4, 5, 8, 11]) {
      const x = floats(rows * columns, random);
      const [from, to, sums] = [
        place(x),
        place(new Float32Array(x.length)),
        place(new Float32Array(columns)),
      ];
      kernels.transpose(from.address, to.address, rows, columns);
      t.same(
        to.read(),
        x.map((_, at) => x[(at % rows) * columns + Math.floor(at / rows)]!),
      );
      kernels.columnSums(from.address, sums.address, rows, columns);
      const expected = Array.from({ length: columns }, (_, j) =>
        x.reduce((sum, v, at) => sum + (at % columns === j ? v : 0), 0),
      );
      t.ok(relativeError(sums.read(), expected) < 1e-5);
      heap.copyRows(from.address, columns, to.address, columns, rows, columns);
      t.same(to.read(), x);
      const norm = kernels.sumOfSquares(from.address, x.length);
      t.ok(Math.abs(norm / x.reduce((sum, v) => sum + v * v, 0) - 1) < 1e-5);
      t.ok(to.intact() && sums.intact());
    }
  }
});

t.test('patches and back', async (t) => {
  for (const [height, width, channels, size, stride] of [
    [5, 4, 3, 2, 1],
    [7, 7, 1, 3, 2],
    [6, 5, 4, 3, 3],
  ] as const) {
    const [rows, columns] = [
      Math.floor((height - size) / stride) + 1,
      Math.floor((width - size) / stride) + 1,
    ];
    const image = floats(2 * height * width * channels, random);
    const visit = (each: (pixel: number, patch: number) => void): void => {
      let patch = 0;
      for (let e = 0; e < 2; e++)
        for (let y = 0; y < rows; y++)
          for (let x = 0; x < columns; x++)
            for (let dy = 0; dy < size; dy++)
              for (let dx = 0; dx < size; dx++)
                for (let c = 0; c < channels; c++)
                  each(((e * height + y * stride + dy) * width + x * stride + dx) * channels + c, patch++);
    };
    const expected = new Float32Array(2 * rows * columns * size * size * channels);
    visit((pixel, patch) => (expected[patch] = image[pixel]!));
    const [from, to] = [place(image), place(new Float32Array(expected.length))];
    kernels.gatherPatches(from.address, to.address, 2, height, width, channels, size, stride);
    t.same(to.read(), expected);
    kernels.scatterPatches(from.address, to.address, 2, height, width, channels, size, stride);
    const added = image.slice();
    visit((pixel, patch) => (added[pixel]! += expected[patch]!));
    t.ok(relativeError(from.read(), added) < 1e-6);
    t.ok(from.intact() && to.intact());
  }
});

t.test('bytes become floats, in place too', async (t) => {
  for (const n of [1, 7, 8, 9, 30]) {
    const bytes = Uint8Array.from({ length: n }, () => Math.floor(256 * random()));
    const to = place(new Float32Array(n));
    heap.write(to.address, bytes, 0.5);
    t.same(
      to.read(),
      Float32Array.from(bytes, (byte) => byte / 2),
    );
    t.ok(to.intact());
  }
});

const NUMBERS: Arithmetic<number> = {
  constant: (value) => value,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  max: Math.max,
  min: Math.min,
  sqrt: Math.sqrt,
  abs: Math.abs,
  ifGreater: (a, b, then, otherwise) => (a > b ? then : otherwise),
  once: (value) => value,
};

t.test('every formula computes what it says, in whole vectors and in the rest', async (t) => {
  for (const [name, pointwise] of Object.entries<Pointwise>(FORMULAS)) {
    const { reads, writes, scalars, gapped } = pointwise;
    // Three rows where arrays are gapped, and two floats in between.
    const [rows, gap] = gapped === undefined ? [1, 0] : [3, 2];
    for (const n of [1, 4, 6, 11]) {
      const arrays = [...new Set<string>([...reads, ...writes])];
      const stride = (array: string): number => n + (gapped?.includes(array) ? gap : 0);
      const values = Object.fromEntries(
        arrays.map((array) => [array, floats(rows * stride(array), random).map(Math.abs)]),
      );
      const given = scalars.map(() => Math.fround(0.1 + random()));
      const placed = Object.fromEntries(arrays.map((array) => [array, place(values[array]!)]));
      const kernel = kernels[name as keyof typeof FORMULAS];
      const lengths = gapped === undefined ? [n] : [n, rows, 4 * gap];
      kernel(...arrays.map((array) => placed[array]!.address), ...given, ...lengths);
      for (const array of writes) {
        const expected = values[array]!.map((old, at) => {
          const [row, i] = [Math.floor(at / stride(array)), at % stride(array)];
          if (i >= n) return old;
          const element = Object.fromEntries(
            reads.map((read) => [read, values[read]![row * stride(read) + i]!]),
          );
          for (const [j, scalar] of scalars.entries()) element[scalar] = given[j]!;
          return pointwise.formula(NUMBERS, element)[array]!;
        });
        t.ok(relativeError(placed[array]!.read(), expected) < 1e-5, `${name}: ${array}, ${n}`);
        t.ok(placed[array]!.intact());
      }
    }
  }
});

t.test('the tangent and the logistic function all along', async (t) => {
  const x = Float32Array.from({ length: 4001 }, (_, i) => (i - 2000) / 100);
  for (const [name, f] of [
    ['tanh', Math.tanh],
    ['sigmoid', (v: number) => 1 / (1 + Math.exp(-v))],
  ] as const) {
    const y = place(x);
    kernels[name](y.address, x.length);
    const error = y.read().reduce((most, value, i) => Math.max(most, Math.abs(value - f(x[i]!))), 0);
    t.ok(error < 3e-7, `${name}: ${error}`);
  }
});

t.test('host memory is handed out, taken back and grown', async (t) => {
  const memory = new HostMemory();
  const blocks = [100, 5, 70_000, 16].map((bytes) => ({ bytes, address: memory.allocate(bytes) }));
  for (const [i, { address, bytes }] of blocks.entries()) {
    t.equal(address % 16, 0);
    for (const other of blocks.slice(i + 1)) {
      t.ok(
        address + bytes <= other.address || other.address + other.bytes <= address,
        'apart from each other',
      );
    }
  }
  const grown = memory.buffer.byteLength;
  for (const { address } of blocks) memory.free(address);
  t.equal(memory.allocate(70_000), 16, 'neighbours that are free are one, and no array is at address 0');
  t.equal(memory.buffer.byteLength, grown);
  t.equal(memory.buffer, memory.memory.buffer);
});
