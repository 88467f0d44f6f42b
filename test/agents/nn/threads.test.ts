import { execFile } from 'node:child_process';
import t from 'tap';
import { Heap } from '../../../agents/nn/heap.js';
import { HostMemory } from '../../../agents/nn/host-memory.js';
import { multiply, type Product } from '../../../agents/nn/multiply.js';
import { instantiateKernels, type Kernels, kernelModule } from '../../../agents/nn/wasm/kernels.js';
import type { Matmul } from '../../../agents/nn/wasm/shared-product.js';
import { Threads, threadCount } from '../../../agents/nn/wasm/threads.js';
import { floats, uniform } from './helpers.js';

const memory = new HostMemory();
const heap = new Heap(memory);
const random = uniform(1);

function place(length: number, least = -Infinity): number {
  const address = heap.allocate(length);
  heap.write(
    address,
    floats(length, random).map((x) => Math.max(least, x)),
  );
  return address;
}

// Parts of rows and of columns, packed and not, in one stretch of k and in several, with rests of every kind.
const SHAPES: readonly (readonly [m: number, n: number, k: number, transposed: 'A' | 'B' | 'none'])[] = [
  [301, 25, 300, 'none'],
  [16, 513, 300, 'B'],
  [150, 301, 40, 'none'],
  [65, 130, 300, 'A'],
];

t.test('the numbers are the same, bit for bit, however many threads compute them', async (t) => {
  const alone = instantiateKernels(memory, 1);
  const together = [2, 3].map((threads) => instantiateKernels(memory, threads));
  // With and without the zeros of a relu in A.
  for (const [[m, n, k, transposed], least] of SHAPES.flatMap((shape) => [
    [shape, 0] as const,
    [shape] as const,
  ])) {
    const [a, b, bias, c] = [place(m * k, least), place(k * n), place(n), place(m * n)];
    const run = (kernels: Kernels, options: Partial<Product>): Float32Array => {
      heap.fill(c, m * n, 0.5);
      const product = { a, b, c, m, n, k, transposeA: transposed === 'A', transposeB: transposed === 'B' };
      multiply(kernels, { ...product, ...options });
      return heap.read(c, m * n);
    };
    for (const options of [{ bias, relu: true }, { accumulate: true }]) {
      const expected = run(alone, options);
      for (const kernels of together) {
        // Over and over: other threads take other parts each time.
        for (let i = 0; i < 50; i++) {
          if (!Buffer.from(run(kernels, options).buffer).equals(Buffer.from(expected.buffer)))
            t.fail(`[${m}, ${k}] · [${k}, ${n}], time ${i}`);
        }
      }
    }
    for (const address of [a, b, bias, c]) heap.free(address);
  }
});

t.test('other threads do take part', async (t) => {
  const [m, n, k] = [256, 64, 256];
  const [a, b, c] = [place(m * k), place(k * n), place(m * n)];
  const kernels = instantiateKernels(memory, 1);
  multiply(kernels, { a, b, c, m, n, k });
  const expected = heap.read(c, m * n);
  heap.fill(c, m * n, 0);
  // This thread's own part waits until all others are there.
  let own = 0;
  const others = () => heap.read(c, m * n).filter((x) => x !== 0).length;
  const waiting: Matmul = (...args) => {
    own += args[3] * args[4];
    for (let turn = 0; own + others() < m * n; turn++) {
      if (turn > 60_000) throw new Error('nobody computes the other parts');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
    kernels.matmul(...args);
  };
  const threads = new Threads(kernelModule(), memory, waiting, kernels.panel, 2);
  multiply({ ...kernels, matmul: threads.multiply }, { a, b, c, m, n, k });
  t.ok(own > 0 && own < m * n, 'and so does this one');
  t.same(heap.read(c, m * n), expected);
});

t.test('they keep no process alive', async (t) => {
  const program = `
    const { Heap } = await import('${new URL('../../../agents/nn/heap.js', import.meta.url)}');
    const { HostMemory } = await import('${new URL('../../../agents/nn/host-memory.js', import.meta.url)}');
    const heap = new Heap(new HostMemory());
    const [m, n, k] = [256, 256, 256];
    const at = heap.allocate(3 * m * n);
    const step = 4 * n;
    for (let i = 0; i < 20; i++)
      heap.kernels.matmul(at, at + step * k, at + 2 * step * k, m, n, k, step, 4, step, 4, step, 0, 0, 0, heap.kernels.panel, 128);
  `;
  const env = { ...process.env, FARSTEP_THREADS: '3' };
  const code = await new Promise((resolve) => {
    const args = ['--input-type=module', '--eval', program];
    execFile(process.execPath, args, { env, timeout: 120_000 }, (error) =>
      resolve(error?.code ?? error ?? 0),
    );
  });
  t.equal(code, 0);
});

t.test('FARSTEP_THREADS', async (t) => {
  const { FARSTEP_THREADS: before } = process.env;
  t.teardown(() => {
    if (before === undefined) delete process.env.FARSTEP_THREADS;
    else process.env.FARSTEP_THREADS = before;
  });
  process.env.FARSTEP_THREADS = '3';
  t.equal(threadCount(), 3);
  process.env.FARSTEP_THREADS = '1000';
  t.equal(threadCount(), 8, 'there are no more');
  for (const wrong of ['0', 'two', '-1', '']) {
    process.env.FARSTEP_THREADS = wrong;
    t.throws(() => threadCount(), {
      message: `FARSTEP_THREADS: expected a number of threads, 1 or more, got '${wrong}'`,
    });
  }
});
