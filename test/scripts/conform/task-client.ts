/** A client at the task of the conformance kit, made to be spoiled: a subclass that overrides one method has one fault. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Packr } from 'msgpackr';
import { type ClientOptions, WebSocket } from 'ws';
import { arrayType, bytesOf, type DType, sizeOf, viewOrCopy } from '../../../protocol/dtypes.js';
import { FarstepError } from '../../../protocol/errors.js';
import type { Contract, SessionLimits } from '../../../protocol/messages.js';
import type { Leaf } from '../../../protocol/spaces/index.js';
import type { Outcome, RunClient } from '../../../scripts/conform/client/task.js';

export type Fields = Readonly<Record<string, unknown>>;
export type Reply = Fields | readonly unknown[];

const packr = new Packr({ useRecords: false, variableMapSize: true, int64AsType: 'number' });

const isStepped = (reply: Reply): reply is readonly unknown[] => Array.isArray(reply);

export class TaskClient {
  protected readonly told = {
    rewards: [] as number[],
    returns: [] as number[],
    observed: 0,
    final: 0,
    errors: [] as string[],
  };
  protected handle = 0;
  protected limits!: SessionLimits;
  protected socket!: WebSocket;
  #contract!: Contract;
  #lastId = 0;
  #lastReply = 0;
  #resume: unknown;
  #isOver = false;
  /** As they were sent, by id. */
  readonly #unanswered = new Map<number, Buffer | string>();
  readonly #arrived: Reply[] = [];
  #onArrival: (() => void) | undefined;

  constructor(protected readonly args: readonly string[]) {}

  protected get numEnvs(): number {
    return Number(this.args[2]);
  }

  /** What the command prints. */
  async run(): Promise<string> {
    const [url, , , , autoreset, steps, way] = this.args;
    this.told.rewards = new Array<number>(this.numEnvs).fill(0);
    try {
      await this.dial(url!);
      const made = (await this.request({ type: 'make', ...this.make() })) as Fields;
      this.handle = made.env as number;
      this.#contract = made.contract as Contract;
      await this.#reset(this.firstReset());
      const all = Array.from({ length: this.numEnvs }, (_, i) => i);
      const parts = way === 'halves' ? [0, 1].map((half) => all.filter((i) => i % 2 === half)) : [all];
      let over: number[] = [];
      for (let t = 0; t < Number(steps); t++) {
        if (autoreset === 'disabled' && over.length > 0 && this.resetsByHand())
          await this.#reset({ ids: over });
        over = [];
        const size = Math.min(parts.length, this.window());
        for (let at = 0; at < parts.length; at += size) {
          const group = parts.slice(at, at + size);
          const sent = group.map((ids) => this.#step(t, ids));
          for (const [k, id] of sent.entries()) over.push(...this.#see(await this.wait(id), group[k]!));
        }
      }
      this.end();
    } catch (error) {
      if (!(error instanceof FarstepError)) throw error;
      this.#isOver = true;
      await this.failed(error.code);
      this.socket.terminate();
    }
    return this.print();
  }

  terminate(): void {
    this.#isOver = true;
    this.socket?.terminate();
  }

  protected print(): string {
    return `${JSON.stringify(this.told)}\n`;
  }

  protected socketOptions(): { readonly protocols?: string[]; readonly options?: ClientOptions } {
    return {};
  }

  /** Connects and is welcomed. Rejects with the server's error, or with `connection_lost`. */
  protected async dial(url: string): Promise<void> {
    const { protocols = [], options } = this.socketOptions();
    const socket = new WebSocket(url, protocols, {
      perMessageDeflate: false,
      maxPayload: 2 ** 31 - 1,
      ...options,
    });
    this.socket = socket;
    const welcome = await new Promise<Fields>((resolve, reject) => {
      let isWelcomed = false;
      socket
        .on('open', () => this.begin())
        .on('message', (data) => {
          const reply = this.decode(data as Buffer);
          if (isWelcomed) this.#arrive(reply);
          else resolve(reply as Fields);
          isWelcomed = true;
        })
        .on('error', () => {})
        .on('close', (_code, reason) => {
          if (isWelcomed) void this.#lost(url, Number(reason.toString()));
          else reject(new FarstepError('connection_lost', 'before the welcome'));
        });
    });
    if (welcome.type === 'error') throw new FarstepError(welcome.code as never, 'refused');
    this.limits = welcome.limits as SessionLimits;
    this.#resume = welcome.resume ?? undefined;
  }

  /** Comes back, where the session is kept, and sends again what is unanswered. */
  async #lost(url: string, backAfterMs: number): Promise<void> {
    if (this.#isOver) return;
    const deadline = performance.now() + this.patienceMs();
    let code = 'connection_lost';
    for (let pause = this.pauseMs(0, backAfterMs), attempt = 1; code === 'connection_lost'; attempt++) {
      if (this.#resume === undefined || performance.now() + pause > deadline) break;
      await sleep(pause);
      pause = this.pauseMs(attempt, 0);
      try {
        await this.dial(url);
        for (const frame of this.repeats([...this.#unanswered.values()])) this.socket.send(frame);
        return;
      } catch (error) {
        ({ code } = error as FarstepError);
      }
    }
    this.#arrive({ type: 'error', id: null, code, recoverable: false });
  }

  /** How long to wait before an attempt to come back. */
  protected pauseMs(attempt: number, backAfterMs: number): number {
    return backAfterMs + 20 * 2 ** attempt;
  }

  /** How long to try. */
  protected patienceMs(): number {
    return this.limits.graceMs;
  }

  protected repeats(frames: readonly (Buffer | string)[]): readonly (Buffer | string)[] {
    return frames;
  }

  protected begin(): void {
    this.send(this.hello());
  }

  protected hello(): unknown {
    const resume = this.#resume === undefined ? {} : { resume: this.#resume };
    return { type: 'hello', protocol: 1, editions: [1], client: 'the tests', ...resume };
  }

  protected make(): Fields {
    const [, env, , seed, autoreset] = this.args;
    return { env, numEnvs: this.numEnvs, seed: Number(seed), autoreset };
  }

  protected firstReset(): Fields {
    return {};
  }

  protected resetsByHand(): boolean {
    return true;
  }

  /** Requests that may be under way. */
  protected window(): number {
    return this.limits.requestsInFlight;
  }

  protected nextId(): number {
    return ++this.#lastId;
  }

  protected encode(value: unknown): Buffer | string {
    return packr.pack(value);
  }

  protected decode(frame: Buffer): Reply {
    return packr.unpack(frame) as Reply;
  }

  protected send(value: unknown): void {
    this.socket.send(this.encode(value));
  }

  #ask(id: number, request: unknown): void {
    const frame = this.encode(request);
    this.#unanswered.set(id, frame);
    this.socket.send(frame);
  }

  protected async request(fields: Fields): Promise<Reply> {
    const id = this.nextId();
    this.#ask(id, { ...fields, id, ...(this.#lastReply > 0 && { ack: this.#lastReply }) });
    const reply = await this.wait(id);
    if (!isStepped(reply) && reply.type === 'error')
      throw new FarstepError(reply.code as never, 'refused', { recoverable: false });
    return reply;
  }

  protected action(t: number, env: number): number {
    return (t + env) % 2;
  }

  protected slab(dtype: DType, values: readonly number[]): Buffer {
    const slab = new (arrayType(dtype))(values.length);
    for (const [k, x] of values.entries()) slab[k] = (dtype.endsWith('int64') ? BigInt(x) : x) as never;
    return Buffer.from(bytesOf(slab));
  }

  protected step(id: number, actions: readonly Buffer[], ids: readonly number[]): unknown {
    return [1, id, this.handle, actions, this.slab('uint32', ids)];
  }

  protected numbers(dtype: DType, slab: unknown): number[] {
    const bytes = slab as Buffer;
    const values = viewOrCopy(dtype, bytes, 0, bytes.length / arrayType(dtype).BYTES_PER_ELEMENT);
    return Array.from(values as ArrayLike<number | bigint>, Number);
  }

  protected observe(slabs: unknown, leaves: readonly Leaf[]): number {
    let sum = 0;
    for (const [k, slab] of ((slabs ?? []) as readonly Buffer[]).entries())
      for (const x of this.numbers(leaves[k]!.dtype, slab)) sum += x;
    return sum;
  }

  protected refused(code: string): void {
    this.told.errors.push(code);
  }

  /** The session is over before its time. */
  protected async failed(code: string): Promise<void> {
    this.told.errors.push(code);
  }

  protected isReplyTo(id: number, reply: Reply): boolean {
    return (isStepped(reply) ? reply[1] : reply.id) === id;
  }

  protected end(): void {
    this.#isOver = true;
    this.socket.close(1000);
  }

  protected async next(): Promise<Reply> {
    if (this.#arrived.length === 0)
      await new Promise<void>((resolve) => {
        this.#onArrival = resolve;
      });
    const reply = this.#arrived.shift()!;
    if (!isStepped(reply) && reply.type === 'error' && reply.id === null)
      throw new FarstepError(reply.code as never, 'over', { recoverable: false });
    return reply;
  }

  protected async wait(id: number): Promise<Reply> {
    const others: Reply[] = [];
    let reply = await this.next();
    while (!this.isReplyTo(id, reply)) {
      others.push(reply);
      reply = await this.next();
    }
    this.#arrived.unshift(...others);
    return reply;
  }

  #arrive(reply: Reply): void {
    const id = Number(isStepped(reply) ? reply[1] : reply.id);
    if (this.#unanswered.delete(id)) this.#lastReply = id;
    this.#arrived.push(reply);
    this.#onArrival?.();
  }

  async #reset(fields: Fields): Promise<void> {
    const started = (await this.request({ type: 'reset', env: this.handle, ...fields })) as Fields;
    this.told.observed += this.observe(started.observations, this.#contract.observationLeaves);
  }

  #step(t: number, ids: readonly number[]): number {
    const actions = this.#contract.actionLeaves.map(({ dtype, shape }) =>
      this.slab(
        dtype,
        ids.flatMap((i) => new Array<number>(sizeOf(shape)).fill(this.action(t, i))),
      ),
    );
    const id = this.nextId();
    this.#ask(id, this.step(id, actions, ids));
    return id;
  }

  /** Takes note of the reply to a step; gives the envs that are over. */
  #see(reply: Reply, ids: readonly number[]): number[] {
    if (!isStepped(reply)) {
      this.refused(String(reply.code));
      return [];
    }
    const leaves = this.#contract.observationLeaves;
    this.told.observed += this.observe(reply[3], leaves);
    for (const [row, reward] of this.numbers('float64', reply[4]).entries())
      this.told.rewards[ids[row]!]! += reward;
    const ended = reply[8] as readonly unknown[] | null;
    if (!ended) return [];
    this.told.returns.push(...this.numbers('float64', ended[1]));
    this.told.final += this.observe(ended[4], leaves);
    return this.numbers('uint32', ended[0]).map((row) => ids[row]!);
  }
}

/** Runs such a client in this process. */
export const runHere =
  (Client: typeof TaskClient): RunClient =>
  async (args, timeoutMs): Promise<Outcome> => {
    const client = new Client(args);
    const ran = client.run().catch((error: Error) => `${error.message}\n`);
    const stdout = await new Promise<string | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), timeoutMs);
      void ran.then((printed) => {
        clearTimeout(timer);
        resolve(printed);
      });
    });
    if (stdout === undefined) client.terminate();
    return { hasEnded: stdout !== undefined, stdout: stdout ?? '', stderr: '' };
  };
