import { once } from 'node:events';
import { Packr } from 'msgpackr';
import { WebSocket } from 'ws';
import { createRng } from '../../envs/rng/create.js';
import type { Rng } from '../../envs/rng/rng.js';
import { ERRORS, type ErrorCode } from '../../protocol/errors.js';
import { FrameSource, type Known } from './frames.js';

/** What came of the frames, of all lanes together. */
export interface Tally {
  frames: number;
  sessions: number;
  resumed: number;
  /** Frames sent, by the type that they were made from. */
  readonly sent: Map<string, number>;
  /** Replies, by their type; errors by `error` and their code. */
  readonly replies: Map<string, number>;
}

const TIMEOUT_MS = 60_000;
/** Ids are so far apart that a spoiled one is not that of another frame. */
const ID_STEP = 1000;
/** Frames sent without waiting for their replies: fewer than may be unanswered. */
const MOST_AT_ONCE = 24;
const MOST_BURSTS = 30;
/** Good messages with which a session begins, so that there is something to spoil. */
const SETUP = ['make', 'make', 'create', 'reset', 'reset', 'snapshot', 'share'];
const RARE = { list: 0.05, hello: 0.2 } as Readonly<Record<string, number>>;

const packr = new Packr({ useRecords: false, variableMapSize: true, int64AsType: 'number' });
const HELLO = { type: 'hello', protocol: 1, editions: [1], client: 'fuzz', capabilities: [] };

const increment = (counts: Map<string, number>, key: string): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
};

/** One client after the other that sends what it should not, and sees to it that each frame is answered. */
export class Lane {
  readonly #rng: Rng;
  readonly #types: readonly string[];
  readonly #known: Known = { snapshots: [], worlds: [], streams: [] };
  readonly #source: FrameSource;
  #nextId = ID_STEP;

  constructor(
    private readonly url: string,
    seed: number,
    private readonly tally: Tally,
  ) {
    this.#rng = createRng('pcg64', seed);
    this.#source = new FrameSource(this.#rng, this.#known);
    this.#types = this.#source.types;
  }

  /** Goes on until so many frames were sent by all lanes. Rejects with what the server did that it must not. */
  async run(frames: number): Promise<void> {
    let resume: string | undefined;
    while (this.tally.frames < frames) {
      const client = await FuzzClient.open(this.url);
      if (resume === undefined && this.#rng.random() < 0.1) {
        await this.#spoiledHello(client);
        continue;
      }
      resume = await this.#session(client, resume, frames);
    }
  }

  #draw(): string {
    for (;;) {
      const type = this.#types[this.#rng.integers(0, this.#types.length)]!;
      if (this.#rng.random() < (RARE[type] ?? 1)) return type;
    }
  }

  #frame(type: string): Uint8Array {
    this.tally.frames++;
    increment(this.tally.sent, type);
    this.#nextId += ID_STEP;
    return this.#source.frame(type, this.#nextId);
  }

  async #spoiledHello(client: FuzzClient): Promise<void> {
    client.send(this.#frame('hello'));
    await client.next();
    if (!client.isOver) client.terminate();
  }

  /** Gives the token to resume it with, where it is to be. */
  async #session(client: FuzzClient, token: string | undefined, frames: number): Promise<string | undefined> {
    client.send(packr.pack(token === undefined ? HELLO : { ...HELLO, resume: token }));
    const welcome = await client.next();
    if (welcome?.type !== 'welcome') {
      // One that was away is the first to make room for others.
      if (welcome?.code === 'no_such_session') return undefined;
      throw new Error(`a good hello was answered with ${JSON.stringify(welcome)}`);
    }
    if (token === undefined) {
      this.tally.sessions++;
      for (const type of SETUP) {
        this.#nextId += ID_STEP;
        client.send(this.#source.good(type, this.#nextId));
        const reply = await client.next();
        if (reply) this.#learn(reply);
      }
    } else {
      this.tally.resumed++;
    }
    let hasSeats = token !== undefined;
    const bursts = 1 + this.#rng.integers(0, MOST_BURSTS);
    for (let i = 0; i < bursts && this.tally.frames < frames; i++) {
      const sent = Array.from({ length: 1 + this.#rng.integers(0, MOST_AT_ONCE) }, () =>
        this.#frame(this.#draw()),
      );
      for (const frame of sent) client.send(frame);
      this.#nextId += ID_STEP;
      const barrier = this.#nextId;
      client.send(packr.pack({ type: 'close', id: barrier, env: 2 ** 40 }));
      let answered = 0;
      for (;;) {
        const reply = await client.next();
        if (!reply) break;
        increment(this.tally.replies, reply.type === 'error' ? `error ${String(reply.code)}` : reply.type);
        if (reply.id === barrier) break;
        answered++;
        hasSeats ||= reply.type === 'joined';
        this.#learn(reply);
      }
      if (client.isOver) return undefined;
      // What a seat of a world asks for is answered when others have moved.
      if (answered !== sent.length && !hasSeats) {
        const shown = sent.map((frame) => Buffer.from(frame).toString('hex')).join('\n');
        throw new Error(`${sent.length} frames, ${answered} replies:\n${shown}`);
      }
    }
    const end = this.#rng.random();
    if (end < 0.5) client.close();
    else client.terminate();
    return end < 0.75 ? undefined : (welcome.resume as string);
  }

  #learn(reply: Reply): void {
    const keep = (list: unknown[], value: unknown): void => {
      list.push(value);
      if (list.length > 8) list.shift();
    };
    if (reply.type === 'snapshotted')
      for (const one of reply.snapshots as unknown[]) keep(this.#known.snapshots, one);
    if (reply.type === 'created') keep(this.#known.worlds, reply.world);
    if (reply.type === 'shared') keep(this.#known.streams, reply.token);
  }
}

type Reply = Readonly<Record<string, unknown>> & { readonly type: string };

/** A connection that holds the server to what it may do on it. */
class FuzzClient {
  readonly #arrived: Reply[] = [];
  #last: Reply | undefined;
  #onArrival = (): void => {};
  #code: number | undefined;

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data) => {
      const reply = read(data as Buffer);
      if (!reply) return;
      this.#last = reply;
      this.#arrived.push(reply);
      this.#onArrival();
    });
    socket.on('error', () => {}); // told by its close
    socket.on('close', (code) => {
      this.#code = code;
      this.#onArrival();
    });
  }

  static async open(url: string): Promise<FuzzClient> {
    const client = new FuzzClient(new WebSocket(url, { perMessageDeflate: false, skipUTF8Validation: true }));
    await once(client.socket, 'open');
    return client;
  }

  get isOver(): boolean {
    return this.#code !== undefined;
  }

  send(frame: Uint8Array): void {
    this.socket.send(frame);
  }

  /** The next reply; undefined at the end of the connection. Rejects if that was not announced, or nothing comes. */
  async next(): Promise<Reply | undefined> {
    if (this.#arrived.length === 0 && this.#code === undefined) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve, reject) => {
        this.#onArrival = resolve;
        timer = setTimeout(() => reject(new Error(`no reply in ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS);
      });
      clearTimeout(timer);
    }
    const reply = this.#arrived.shift();
    if (!reply) {
      this.#checkEnd();
      return undefined;
    }
    if (reply.type === 'error') checkError(reply);
    if (reply.type === 'error' && reply.recoverable === false) {
      while (this.#code === undefined) {
        await new Promise<void>((resolve) => {
          this.#onArrival = resolve;
        });
      }
      this.#checkEnd();
    }
    return reply;
  }

  #checkEnd(): void {
    const entry = ERRORS[this.#last?.code as ErrorCode] as { readonly close?: number } | undefined;
    if (entry?.close === this.#code) return;
    throw new Error(`closed with ${this.#code} after ${JSON.stringify(this.#last)}`);
  }

  close(): void {
    this.socket.removeAllListeners('close');
    this.socket.close(1000);
  }

  terminate(): void {
    this.socket.removeAllListeners('close');
    this.socket.terminate();
  }
}

/** A reply; undefined for what comes unasked. */
function read(frame: Buffer): Reply | undefined {
  if (frame[0]! >> 4 === 9) return frame[1] === 2 ? { type: 'stepped' } : undefined;
  const reply = packr.unpack(frame) as Reply;
  return reply.type === 'over' ? undefined : reply;
}

function checkError({ code, recoverable, message }: Reply): void {
  const entry = ERRORS[code as ErrorCode];
  if (!entry) throw new Error(`an unknown code: ${String(code)}`);
  if (code === 'internal') throw new Error(`a fault of the server: ${String(message)}`);
  if (recoverable !== entry.recoverable)
    throw new Error(`${String(code)}: recoverable is ${String(recoverable)}`);
}
