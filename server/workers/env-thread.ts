import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { FarstepError } from '../../protocol/errors.js';
import type { Contract } from '../../protocol/messages.js';
import type { MakeOrder } from '../host.js';
import { type Batch, copyRows } from './batch.js';
import { ANSWERED, CALL, COMPLETED, cell, MAILBOX_BYTES, RING_SIZE, SUBMITTED } from './mailbox.js';
import { type Outcome, unwrap } from './outcome.js';
import { type RemoteShard, SHOWING, type Shard, type ShardCall, type ShardOrder } from './shard.js';
import type { ThreadData } from './thread-main.js';
import { ALL, ENDED, ROWS, type ThreadMemory, threadMemory } from './thread-memory.js';

/** What an env thread does by message. */
export interface ThreadCalls {
  ping(): void;
  describe(order: MakeOrder): Contract;
  make(slot: number, order: ShardOrder, buffer: SharedArrayBuffer): void;
  drop(slot: number): void;
  shard(slot: number, call: ShardCall, args: readonly unknown[]): unknown;
}

export interface ThreadCall {
  readonly call: keyof ThreadCalls;
  readonly args: readonly unknown[];
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export interface EnvThreadOptions {
  /** Files with more envs, for the thread to load. */
  readonly modules: readonly string[];
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Called once, when there is no thread any more, with the reason; none where it was closed. */
  readonly onEnd: (reason: string | undefined) => void;
}

/** Shards on one thread: each may have a work under way, and be dropped besides. */
export const SHARDS_PER_THREAD = RING_SIZE / 4;

/** A thread that steps shards of vector envs, seen from the main thread. */
export class EnvThread {
  readonly #worker: Worker;
  readonly #mail = new Int32Array(new SharedArrayBuffer(MAILBOX_BYTES));
  readonly #port: MessagePort;
  readonly #options: EnvThreadOptions;
  /** In the order in which they were submitted, which is that in which they are done. */
  readonly #pending: Pending[] = [];
  /** Works whose outcome has been taken. */
  #taken = 0;
  #isListening = false;
  /** When the work that is under way was begun, or thereabouts. */
  #progressAt = 0;
  /** Why there is no thread any more. */
  #over: string | undefined;
  #nextSlot = 0;
  readonly #freeSlots: number[] = [];
  #shards = 0;

  constructor(options: EnvThreadOptions) {
    this.#options = options;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const workerData: ThreadData = {
      mailbox: this.#mail.buffer as SharedArrayBuffer,
      port: port2,
      modules: options.modules,
    };
    this.#worker = new Worker(new URL('./thread-main.js', import.meta.url), {
      workerData,
      transferList: [port2],
      name: 'farstep envs',
    });
    this.#worker.on('error', (error: Error) => this.#end(error.message));
    this.#worker.on('exit', (code) => this.#end(`it exited with code ${code}`));
  }

  get shards(): number {
    return this.#shards;
  }

  /** How long the work that is under way has taken, milliseconds; 0 while there is none. */
  get busyMs(): number {
    return this.#pending.length > 0 ? this.#options.now() - this.#progressAt : 0;
  }

  call<C extends keyof ThreadCalls>(
    call: C,
    ...args: Parameters<ThreadCalls[C]>
  ): Promise<ReturnType<ThreadCalls[C]>> {
    if (this.#over === undefined) this.#port.postMessage({ call, args } satisfies ThreadCall);
    return this.submit(CALL) as Promise<ReturnType<ThreadCalls[C]>>;
  }

  /** Has a shard made here, whose results are left in `out`. */
  async makeShard(order: ShardOrder, out: Batch): Promise<RemoteShard> {
    const memory = threadMemory(order.contract, order.count);
    const slot = this.#freeSlots.pop() ?? this.#nextSlot++;
    this.#shards++;
    try {
      await this.call('make', slot, order, memory.buffer);
    } catch (error) {
      this.drop(slot);
      throw error;
    }
    return new ThreadShard(this, slot, memory, out);
  }

  drop(slot: number): void {
    this.call('drop', slot).then(
      () => {
        this.#shards--;
        this.#freeSlots.push(slot);
      },
      () => {}, // the thread is no more
    );
  }

  /** Has the work done that `slot` stands for. */
  submit(slot: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#over !== undefined) {
        reject(this.#death());
        return;
      }
      if (this.#pending.length === RING_SIZE) {
        reject(new FarstepError('too_many_envs', `an env thread has ${RING_SIZE} works before it`));
        return;
      }
      if (this.#pending.length === 0) this.#progressAt = this.#options.now();
      this.#pending.push({ resolve, reject });
      const number = this.#mail[SUBMITTED]!;
      this.#mail[cell(number)] = slot;
      Atomics.store(this.#mail, SUBMITTED, (number + 1) | 0);
      Atomics.notify(this.#mail, SUBMITTED);
      this.#listen();
    });
  }

  #listen(): void {
    if (this.#isListening) return;
    while (this.#pending.length > 0) {
      const { async, value } = Atomics.waitAsync(this.#mail, COMPLETED, this.#taken);
      if (async) {
        this.#isListening = true;
        void value.then(() => {
          this.#isListening = false;
          this.#take();
          this.#listen();
        });
        return;
      }
      this.#take();
    }
  }

  /** Settles everything that has been done. */
  #take(): void {
    if (this.#over !== undefined) return;
    const completed = Atomics.load(this.#mail, COMPLETED);
    if (completed === this.#taken) return;
    this.#progressAt = this.#options.now();
    while (this.#taken !== completed) {
      const { resolve, reject } = this.#pending.shift()!;
      const isAnswered = this.#mail[cell(this.#taken) + 1] === ANSWERED;
      this.#taken = (this.#taken + 1) | 0;
      if (!isAnswered) {
        resolve(undefined);
        continue;
      }
      try {
        resolve(unwrap((receiveMessageOnPort(this.#port) as { message: Outcome }).message));
      } catch (error) {
        reject(error);
      }
    }
  }

  /** Ends the thread, whatever it does; what is under way fails. Resolves when it is gone. */
  async close(reason?: string): Promise<void> {
    this.#end(reason);
    await this.#worker.terminate();
  }

  #end(reason: string | undefined): void {
    if (this.#over !== undefined) return;
    this.#take();
    this.#over = reason ?? 'it was closed';
    for (const { reject } of this.#pending.splice(0)) reject(this.#death());
    this.#port.close();
    Atomics.notify(this.#mail, COMPLETED); // nobody waits for it any more
    this.#options.onEnd(reason);
  }

  #death(): FarstepError {
    return new FarstepError('env_failed', `the thread that stepped the envs has ended: ${this.#over}`);
  }
}

class ThreadShard implements RemoteShard {
  constructor(
    private readonly thread: EnvThread,
    private readonly slot: number,
    private readonly memory: ThreadMemory,
    private readonly out: Batch,
  ) {}

  putActions(from: Batch['actions'], n: number, fromRow: number, toRow: number): void {
    copyRows(from, this.memory.batch.actions, n, fromRow, toRow);
  }

  step(ids?: Uint32Array): Promise<number> {
    const { head } = this.memory;
    head[ROWS] = ids?.length ?? ALL;
    if (ids) this.memory.ids.set(ids);
    return this.thread.submit(this.slot).then(() => this.#land(ids?.length ?? this.out.numEnvs));
  }

  /** In memory of its own a copy to the frame is fast wherever the rows begin; out of shared memory it is not. */
  #land(n: number): number {
    const { head, batch } = this.memory;
    const ended = head[ENDED]!;
    copyRows(batch.step, this.out.step, n);
    if (ended > 0) copyRows(batch.ended, this.out.ended, ended);
    this.out.memory.phases.set(batch.memory.phases);
    return ended;
  }

  async call<C extends ShardCall>(call: C, ...args: Parameters<Shard[C]>): Promise<ReturnType<Shard[C]>> {
    const value = await this.thread.call('shard', this.slot, call, args);
    const { batch } = this.memory;
    if (SHOWING.has(call)) {
      copyRows(batch.reset, this.out.reset, value as number);
      this.out.memory.phases.set(batch.memory.phases);
    }
    return value as ReturnType<Shard[C]>;
  }

  close(): void {
    this.thread.drop(this.slot);
  }
}
