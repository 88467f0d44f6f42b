import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { FRAME_HEADER_BYTES, FramePool, writeFrameHeader } from '../../server/frame-pool.js';
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
    const bytes = Buffer.alloc(FRAME_HEADER_BYTES);
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

t.test('frames come back when they are sent, and a few are kept', async (t) => {
  let sent = 0;
  const pool = new FramePool(() => sent++, 2);
  const first = pool.take(100);
  t.ok(first.bytes.length >= 100);
  t.not(pool.take(100), first, 'one that is under way is not given twice');
  first.sent();
  t.equal(sent, 1);
  t.equal(pool.take(50), first);
  first.sent();
  t.ok(pool.take(1000).bytes.length >= 1000, 'one that is too small is not given');
  const several = [1, 2, 3].map(() => pool.take(10));
  for (const frame of several) frame.sent();
  const again = [1, 2, 3].map(() => pool.take(10));
  t.equal(again.filter((frame) => several.includes(frame)).length, 2, 'no more than it is to keep');
});
