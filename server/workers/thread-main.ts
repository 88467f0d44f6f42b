/**
 * An env thread: steps shards of vector envs for as long as it lives. It never returns to its event loop, so that work
 * begins as soon as the main thread has asked for it.
 */
import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import '../../envs/index.js';
import { loadEnvs } from './env-modules.js';
import type { ThreadCall, ThreadCalls } from './env-thread.js';
import { ANSWERED, CALL, COMPLETED, cell, STEPPED, SUBMITTED } from './mailbox.js';
import { failure, type Outcome } from './outcome.js';
import { describe, Shard } from './shard.js';
import { ALL, ENDED, ROWS, type ThreadMemory, threadMemory } from './thread-memory.js';

export interface ThreadData {
  readonly mailbox: SharedArrayBuffer;
  readonly port: MessagePort;
  /** Files with more envs. */
  readonly modules: readonly string[];
}

const { mailbox, port, modules } = workerData as ThreadData;
const mail = new Int32Array(mailbox);
const shards = new Map<number, { readonly shard: Shard; readonly memory: ThreadMemory }>();

const calls: ThreadCalls = {
  ping: () => {},
  describe,
  make(slot, order, buffer) {
    const memory = threadMemory(order.contract, order.count, buffer);
    shards.set(slot, { shard: new Shard(order, memory.batch), memory });
  },
  drop: (slot) => void shards.delete(slot),
  shard: (slot, call, args) => shards.get(slot)!.shard.call(call, args),
};

/** Does the work that the next message tells of. */
function answer(): void {
  const { call, args } = (receiveMessageOnPort(port) as { message: ThreadCall }).message;
  try {
    const value = (calls[call] as (...args: readonly unknown[]) => unknown)(...args);
    port.postMessage({ value } satisfies Outcome);
  } catch (error) {
    port.postMessage(failure(error));
  }
}

/** Gives the error where it failed. */
function step(slot: number): Outcome | undefined {
  const { shard, memory } = shards.get(slot)!;
  const { head, ids } = memory;
  const rows = head[ROWS]!;
  try {
    head[ENDED] = shard.step(rows === ALL ? undefined : ids.subarray(0, rows));
    return undefined;
  } catch (error) {
    return failure(error);
  }
}

for (const path of modules) await loadEnvs(path);

for (let done = 0; ; ) {
  while (Atomics.load(mail, SUBMITTED) === done) Atomics.wait(mail, SUBMITTED, done);
  const at = cell(done);
  const slot = mail[at]!;
  let outcome: typeof STEPPED | typeof ANSWERED = ANSWERED;
  if (slot === CALL) {
    answer();
  } else {
    const error = step(slot);
    if (error) port.postMessage(error);
    else outcome = STEPPED;
  }
  mail[at + 1] = outcome;
  done = (done + 1) | 0;
  Atomics.store(mail, COMPLETED, done);
  Atomics.notify(mail, COMPLETED);
}
