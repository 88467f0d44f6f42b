import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { deserialize, serialize } from 'node:v8';
import { bytesOf } from '../../protocol/dtypes.js';
import { FarstepError } from '../../protocol/errors.js';
import type { Contract } from '../../protocol/messages.js';
import type { MakeOrder } from '../host.js';
import { Batch, copyRows, shapeOf } from './batch.js';
import { type Outcome, unwrap } from './outcome.js';
import {
  ALL,
  CALL,
  FrameReader,
  frame,
  PayloadReader,
  rowsOf,
  SHOWN,
  STEP,
  STEPPED,
} from './process-frames.js';
import type { RemoteShard, Shard, ShardCall, ShardOrder } from './shard.js';

/** What an env process does by call. */
export interface ProcessCalls {
  /** Tries an env with its default options; gives the microseconds that a step of it takes. */
  try(id: string): number;
  describe(order: MakeOrder): Contract;
  make(order: ShardOrder): void;
  shard(call: ShardCall, args: readonly unknown[]): unknown;
}

export interface ProcessCall {
  readonly call: keyof ProcessCalls;
  readonly args: readonly unknown[];
}

interface Pending {
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

export interface EnvProcessOptions {
  /** The file that defines its envs. */
  readonly module: string;
  /** Most that its heap may grow to, MiB. */
  readonly memoryMb: number;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Takes what its envs print, line by line. */
  readonly onLine: (line: string) => void;
  /** Called once, when there is no process any more, with the reason; none where it was closed. */
  readonly onEnd: (reason: string | undefined) => void;
}

const MAIN = fileURLToPath(new URL('./process-main.js', import.meta.url));
/** Longest line of an env's that the log gets. */
const LINE = 2000;

/** A process that steps one part of a vector env, seen from the server. */
export class EnvProcess implements RemoteShard {
  readonly #child: ChildProcess;
  readonly #pipe: Duplex;
  readonly #options: EnvProcessOptions;
  /** In the order in which they were asked, which is that in which they are answered. */
  readonly #pending: Pending[] = [];
  readonly #gone: Promise<void>;
  #askedAt = 0;
  /** Why there is no process any more. */
  #over: string | undefined;
  /** The actions of the next step, and where what the shard gives is left. */
  #actions: Batch['actions'] = [];
  #out: Batch | undefined;

  constructor(options: EnvProcessOptions) {
    this.#options = options;
    const { module, memoryMb, onLine } = options;
    this.#child = spawn(
      process.execPath,
      [`--max-old-space-size=${memoryMb}`, MAIN, module, String(process.pid)],
      {
        stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      },
    );
    const { stdout, stderr, stdio } = this.#child;
    for (const output of [stdout!, stderr!]) {
      createInterface(output).on('line', (line) => onLine(line.slice(0, LINE)));
    }
    const pipe = stdio[3] as Duplex;
    this.#pipe = pipe;
    pipe.on('error', () => {}); // told by its exit
    const reader = new FrameReader((kind, payload) => this.#answered(kind, payload));
    pipe.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch (error) {
        void this.close(`it wrote what it should not: ${(error as Error).message}`);
      }
    });
    this.#gone = new Promise((resolve) => {
      const end = (reason: string): void => {
        this.#end(reason);
        resolve();
      };
      this.#child.once('error', (error) => end(error.message));
      this.#child.once('exit', (code, signal) => end(this.#reasonOf(code, signal)));
    });
  }

  #reasonOf(code: number | null, signal: NodeJS.Signals | null): string {
    const memory = `limits.envMemoryMb is ${this.#options.memoryMb}`;
    if (signal === 'SIGABRT') return `it aborted, as it does when its memory is used up; ${memory}`;
    if (signal === 'SIGKILL') return 'it was killed, as it is when the memory of the machine is used up';
    return signal ? `it was ended by ${signal}` : `it exited with code ${code}`;
  }

  /** How long the call that is under way has taken, milliseconds; 0 while there is none. */
  get busyMs(): number {
    return this.#pending.length > 0 ? this.#options.now() - this.#askedAt : 0;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Resident memory, MiB; 0 where the system does not tell. */
  get residentMb(): number {
    try {
      const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
      return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
    } catch {
      return 0;
    }
  }

  ask<C extends keyof ProcessCalls>(
    call: C,
    ...args: Parameters<ProcessCalls[C]>
  ): Promise<ReturnType<ProcessCalls[C]>> {
    return this.#send(CALL, [serialize({ call, args } satisfies ProcessCall)]);
  }

  /** Has its shard made, whose results are left in `out`. */
  async makeShard(order: ShardOrder, out: Batch): Promise<RemoteShard> {
    this.#actions = new Batch({
      ...shapeOf(order.contract, order.count),
      observationLeaves: [],
      infos: [],
    }).actions;
    this.#out = out;
    await this.ask('make', order);
    return this;
  }

  putActions(from: Batch['actions'], n: number, fromRow: number, toRow: number): void {
    copyRows(from, this.#actions, n, fromRow, toRow);
  }

  step(ids?: Uint32Array): Promise<number> {
    const n = ids?.length ?? this.#out!.numEnvs;
    return this.#send(STEP, [
      bytesOf(Int32Array.of(ids?.length ?? ALL)),
      ...(ids ? [bytesOf(ids)] : []),
      ...rowsOf(this.#actions, n),
    ]);
  }

  call<C extends ShardCall>(call: C, ...args: Parameters<Shard[C]>): Promise<ReturnType<Shard[C]>> {
    return this.ask('shard', call, args) as Promise<ReturnType<Shard[C]>>;
  }

  #send<T>(kind: number, payload: readonly Uint8Array[]): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#over !== undefined) {
        reject(this.#death());
        return;
      }
      if (this.#pending.length === 0) this.#askedAt = this.#options.now();
      this.#pending.push({ resolve, reject });
      this.#pipe.cork();
      for (const piece of frame(kind, payload)) this.#pipe.write(piece);
      this.#pipe.uncork();
    });
  }

  #answered(kind: number, payload: Buffer): void {
    const pending = this.#pending.shift();
    if (!pending) throw new RangeError('an answer to nothing');
    this.#askedAt = this.#options.now();
    try {
      pending.resolve(this.#unwrap(kind, payload) as never);
    } catch (error) {
      pending.reject(error);
    }
  }

  /** What an answer says; the rows that it brings are left in the owner's memory. */
  #unwrap(kind: number, payload: Buffer): unknown {
    if (kind !== SHOWN && kind !== STEPPED) return unwrap(deserialize(payload) as Outcome);
    const { reset, step, ended, memory } = this.#out!;
    const reader = new PayloadReader(payload);
    const n = reader.number();
    if (kind === SHOWN) {
      reader.rows(reset, n);
      reader.bytes(memory.phases);
      return n;
    }
    const episodes = reader.number();
    reader.rows(step, n);
    reader.rows(ended, episodes);
    reader.bytes(memory.phases);
    return episodes;
  }

  /** Ends the process, whatever it does; what is under way fails. Resolves when it is gone. */
  close(reason?: string): Promise<void> {
    this.#end(reason);
    this.#child.kill('SIGKILL');
    return this.#gone;
  }

  #end(reason: string | undefined): void {
    if (this.#over !== undefined) return;
    this.#over = reason ?? 'it was closed';
    for (const { reject } of this.#pending.splice(0)) reject(this.#death());
    this.#options.onEnd(reason);
  }

  #death(): FarstepError {
    return new FarstepError('env_failed', `the process that stepped the envs has ended: ${this.#over}`);
  }
}
