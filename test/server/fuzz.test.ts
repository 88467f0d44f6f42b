/**
 * Random and mutated frames: each is answered, or ends its connection, with a code that ERRORS has; nothing crashes or
 * hangs, and a session beside steps on. `npm test` runs a few hundred; FUZZ_RUNS=1000000 runs more.
 */
import fc from 'fast-check';
import t from 'tap';
import { ERRORS, type ErrorCode } from '../../protocol/errors.js';
import { packMessage } from '../../protocol/messages.js';
import { spoiled } from '../protocol/arbitraries.js';
import { undisturbed } from './bystander.js';
import { PROBE } from './probe-env.js';
import { HELLO, type Message, RawClient, slab, startServer, stepFrame } from './rig.js';

const RUNS = Number(process.env.FUZZ_RUNS ?? 400);
t.setTimeout(60_000 + RUNS * 100);

const pack = (message: Message) => packMessage(message as never);
const GOOD: readonly Uint8Array[] = [
  pack(HELLO),
  pack({ type: 'list', id: 1 }),
  pack({
    type: 'make',
    id: 2,
    env: PROBE,
    numEnvs: 2,
    seed: 3,
    options: { length: 3 },
    autoreset: 'same_step',
  }),
  pack({ type: 'reset', id: 3, env: 1, ids: [0, 1], seeds: [1, null], options: {} }),
  pack({ type: 'reset', id: 3, env: 1, mask: [true, false] }),
  pack({ type: 'render', id: 4, env: 1, index: 0, format: 'rgb' }),
  pack({ type: 'close', id: 5, env: 2 }),
  stepFrame(6, 1, [slab(Int32Array.of(0, 1)), slab(new Float32Array(4))]),
  stepFrame(7, 1, [slab(Int32Array.of(0)), slab(new Float32Array(2))], slab(Uint32Array.of(1))),
];

const frame = fc.oneof(
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }) },
  { weight: 6, arbitrary: fc.constantFrom(...GOOD).chain(spoiled) },
  { weight: 1, arbitrary: fc.constantFrom(...GOOD) },
);

/** A client with an env that has been reset. */
let opened = 0;

async function open(t: Parameters<typeof RawClient.open>[0], url: string): Promise<RawClient> {
  // Each from elsewhere, where the loopback has many addresses: none waits for what the one before was ended for.
  const elsewhere = process.platform === 'linux' && { localAddress: `127.0.1.${(opened++ % 250) + 1}` };
  const client = await RawClient.welcomed(t, url, { ...elsewhere });
  await client.ask(GOOD[2]!);
  await client.ask(GOOD[3]!);
  return client;
}

t.test('any frames', async (t) => {
  const server = await startServer(t, { limits: { envs: 64, connectionsPerSecond: 1e6 } });
  await undisturbed(t, server.url, async () => {
    let client = await open(t, server.url);
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 8 }), async (frames) => {
        for (const data of frames) {
          const { type, code, recoverable } = await client.ask(data);
          if (type !== 'error') continue;
          const entry = ERRORS[code as ErrorCode];
          if (!entry || code === 'internal' || recoverable !== entry.recoverable) return false;
          if (recoverable) continue;
          const { code: close } = await client.closed;
          if (!('close' in entry) || close !== entry.close) return false;
          client = await open(t, server.url);
        }
        return true;
      }),
      { numRuns: RUNS },
    );
    client.socket.terminate();
  });
});

t.test('any first frame', async (t) => {
  const server = await startServer(t, { limits: { connectionsPerSecond: 1e6 } });
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 60 }), spoiled(GOOD[0]!)), async (data) => {
      const client = await RawClient.open(t, server.url);
      const { type, code } = await client.ask(data);
      client.socket.terminate();
      return (
        type === 'welcome' || ['bad_hello', 'bad_frame', 'unsupported_protocol'].includes(code as string)
      );
    }),
    { numRuns: Math.min(RUNS, 150) },
  );
});

t.test('bytes that are WebSocket frames or not', async (t) => {
  const server = await startServer(t, { limits: { connectionsPerSecond: 1e6 } });
  const header = fc.constantFrom(
    [0x82, 0x81],
    [0x82, 0xfe, 0, 200],
    [0x02, 0x80],
    [0x80, 0x80],
    [0x89, 0x80],
    [0x88, 0x80],
  );
  const chunk = fc.oneof(
    fc.uint8Array({ maxLength: 50 }),
    header.map((head) => Uint8Array.of(...head, 0, 0, 0, 0, 0xc0)),
  );
  await undisturbed(t, server.url, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { minLength: 1, maxLength: 6 }), async (chunks) => {
        const client = await RawClient.welcomed(t, server.url);
        for (const data of chunks) client.tcp.write(data);
        client.tcp.end();
        const { code } = await client.closed;
        return [1000, 1002, 1003, 1005, 1006, 1007, 1009].includes(code) || code >= 3000;
      }),
      { numRuns: Math.min(RUNS, 150) },
    );
  });
});
