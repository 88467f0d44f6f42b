import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { type Frame, FramePool, writeFrameHeader } from '../../server/frame-pool.js';
import { makeInProcess } from '../envs/driver.js';
import { hex } from '../protocol/hex.js';
import { makeOverWire } from './wire-driver.js';

t.test('the header of a frame, as RFC 6455 has it, ends where the payload begins', async (t) => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '8200'],
    [125, '827d'],
    [126, '827e007e'],
    [65535, '827effff'],
    [65536, '827f0000000000010000'],
    [2 ** 33, '827f0000000200000000'],
  ];
  for (const [length, header] of cases) {
    const bytes = Buffer.alloc(10);
    const start = writeFrameHeader(bytes, length);
    t.equal(hex(bytes.subarray(start)), header, `${length} bytes`);
  }
});

t.test('a step reply of every size of header arrives whole', async (t) => {
  for (const [id, numEnvs] of [
    ['CartPole-v1', 1],
    ['CartPole-v1', 8],
    ['MinAtar/Breakout-v1', 200],
  ] as const) {
    const config = { numEnvs, autoreset: 'next_step' } as const;
    const [here, there] = [await makeInProcess(id, config), await makeOverWire(id, config)];
    t.teardown(() => there.close());
    const seeds = Array.from({ length: numEnvs }, (_, i) => i);
    for (const env of [here, there]) await env.reset({ seeds });
    const actions = [new Int32Array(numEnvs).fill(1)];
    t.ok(isDeepStrictEqual(await there.step(actions), await here.step(actions)), `${id} × ${numEnvs}`);
  }
});

/** A frame of the pool that is held once. */
function taken(pool: FramePool, size: number): Frame {
  const frame = pool.take(size);
  frame.hold();
  return frame;
}

t.test('a frame comes back when nobody holds it any more', async (t) => {
  const pool = new FramePool(1000);
  const first = taken(pool, 100);
  const second = taken(pool, 100);
  t.not(second, first, 'one that is held is not given twice');
  first.hold();
  first.release();
  t.not(taken(pool, 100), first);
  first.release();
  t.equal(taken(pool, 50), first);
  first.release();
  t.not(taken(pool, 1000), first, 'one that is too small is not given');
  taken(pool, 100_000).release();
  t.ok(pool.take(100).capacity < 10_000, 'nor one that is far too large');
});

t.test('the memory that a pool keeps is bounded, in frames and in bytes', async (t) => {
  const kept = (pool: FramePool, sizes: readonly number[]): number => {
    const frames = sizes.map((size) => taken(pool, size));
    for (const frame of frames) frame.release();
    return sizes.filter(() => frames.includes(pool.take(1))).length;
  };
  t.equal(kept(new FramePool(1000, 2), [10, 10, 10]), 2);
  t.equal(kept(new FramePool(1000), [400, 400, 400]), 2);
  t.equal(kept(new FramePool(1000), [5000, 10]), 1, 'one, however large');
});

t.test('a frame that is sent again on another connection is told to each of them once', async (t) => {
  const pool = new FramePool(1000);
  const frame = taken(pool, 10);
  const sent: string[] = [];
  const [one, two] = ['one', 'two'].map((name) => ({ onSent: () => void sent.push(name) }));
  const send = (carrier: { onSent(): void }) => {
    frame.hold();
    return frame.sentOn(carrier);
  };
  const first = send(one!);
  const second = send(two!);
  frame.release();
  second();
  t.not(pool.take(10), frame, 'the first has it still');
  first();
  t.same(sent, ['two', 'one']);
  t.equal(pool.take(10), frame);
});
