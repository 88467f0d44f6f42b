/**
 * An env process: steps one part of one vector env for as long as it lives, in a process of its own because what it
 * does is not ours to vouch for. Its arguments are the file that defines the envs and the id of the server's process. It
 * waits for work with blocking reads, so that work begins as soon as it comes.
 */
import { readSync, writeFileSync, writevSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { bytesOf } from '../../protocol/dtypes.js';
import { Batch, shapeOf } from './batch.js';
import { loadEnvs } from './env-modules.js';
import type { ProcessCall, ProcessCalls } from './env-process.js';
import { failure, guarded, type Outcome } from './outcome.js';
import {
  ALL,
  CALL,
  FrameReader,
  frame,
  OUTCOME,
  PayloadReader,
  rowsOf,
  SHOWN,
  STEPPED,
} from './process-frames.js';
import { describe, SHOWING, Shard } from './shard.js';
import { tryEnv } from './try-env.js';

/** The pipe to the server. */
const PIPE = 3;

// Whoever stops the server tells the whole group of processes; it is the server that ends this one.
process.on('SIGINT', () => {}).on('SIGTERM', () => {});
// A server that was killed closes the pipe, but who steps an env that never returns does not look there.
new Worker(
  `const server = Number(process.argv[3]);
  setInterval(() => process.ppid === server || process.kill(process.pid, 'SIGKILL'), 1000);`,
  { eval: true, argv: process.argv.slice(2) },
);
try {
  // A machine that runs out of memory takes this process first, and not the server.
  writeFileSync('/proc/self/oom_score_adj', '1000');
} catch {
  // Another system than Linux.
}

let shard: Shard | undefined;

const calls: ProcessCalls = {
  try: tryEnv,
  describe,
  make(order) {
    shard = new Shard(order, new Batch(shapeOf(order.contract, order.count)));
  },
  shard: (call, args) => shard!.call(call, args),
};

const numbers = (...values: number[]): Uint8Array => bytesOf(Int32Array.from(values));

function answer(payload: Buffer): Uint8Array[] {
  const { call, args } = deserialize(payload) as ProcessCall;
  const value = (calls[call] as (...args: readonly unknown[]) => unknown)(...args);
  if (call === 'shard' && SHOWING.has(args[0] as never)) {
    const { reset, memory } = shard!.batch;
    const n = value as number;
    return frame(SHOWN, [numbers(n), ...rowsOf(reset, n), memory.phases]);
  }
  const bytes = guarded(`${call}: what the env gave`, () => serialize({ value } satisfies Outcome));
  return frame(OUTCOME, [bytes]);
}

function step(payload: Buffer): Uint8Array[] {
  const { batch } = shard!;
  const reader = new PayloadReader(payload);
  const rows = reader.number();
  const ids = rows === ALL ? undefined : new Uint32Array(rows);
  if (ids) reader.bytes(bytesOf(ids));
  const n = ids ? rows : batch.numEnvs;
  reader.rows(batch.actions, n);
  const ended = shard!.step(ids);
  return frame(STEPPED, [
    numbers(n, ended),
    ...rowsOf(batch.step, n),
    ...rowsOf(batch.ended, ended),
    batch.memory.phases,
  ]);
}

function write(pieces: readonly Uint8Array[]): void {
  let rest = pieces.filter((piece) => piece.length > 0);
  while (rest.length > 0) {
    let written = writevSync(PIPE, rest);
    while (rest.length > 0 && written >= rest[0]!.length) written -= rest.shift()!.length;
    if (written > 0) rest = [rest[0]!.subarray(written), ...rest.slice(1)];
  }
}

const reader = new FrameReader((kind, payload) => {
  try {
    write(kind === CALL ? answer(payload) : step(payload));
  } catch (error) {
    write(frame(OUTCOME, [serialize(failure(error))]));
  }
});

/** The next bytes; none when the server has closed the pipe. */
function read(chunk: Buffer): Buffer {
  for (;;) {
    try {
      return chunk.subarray(0, readSync(PIPE, chunk));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EINTR') throw error;
    }
  }
}

await loadEnvs(process.argv[2]!);
const chunk = Buffer.alloc(2 ** 16);
for (let bytes = read(chunk); bytes.length > 0; bytes = read(chunk)) reader.push(bytes);
process.exit(0);
