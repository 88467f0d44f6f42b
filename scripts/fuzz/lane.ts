import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Packr } from 'msgpackr';
import { WebSocket } from 'ws';
import { createRng } from '../../envs/rng/create.js';
import type { Rng } from '../../envs/rng/rng.js';
import { ERRORS, type ErrorCode } from '../../protocol/errors.js';
import { steppedId } from '../../protocol/frames.js';
import { FrameSource, type Sent } from './frames.js';
import { Known, type Reply } from './known.js';
import type { Tally } from './tally.js';

const TIMEOUT_MS = 60_000;
/** Ids are so far apart that a spoiled one is not that of another frame. */
const ID_STEP = 1000;
/** Frames sent without waiting for their replies: fewer than may be unanswered. */
const MOST_AT_ONCE = 24;
const MOST_BURSTS = 60;
/** Good messages with which a session begins, so that there is something to spoil. */
const SETUP = ['make', 'make', 'create', 'reset', 'reset', 'snapshot', 'share'];
/** What is long, or leaves little to go on with. */
const RARE: Readonly<Record<string, number>> = {
  list: 0.05,
  hello: 0.1,
  transitions: 0.05,
  render: 0.2,
  make: 0.5,
  create: 0.5,
  close: 0.3,
  leave: 0.3,
};
/** Steps are what there is most of. */
const STEPS = 0.2;

const packr = new Packr({ useRecords: false, variableMapSize: true, int64AsType: 'number' });
const HELLO = { type: 'hello', protocol: 1, editions: [1], client: 'fuzz', capabilities: [] };

/** One client after the other that sends what it should not, and sees to it that each frame is answered. */
export class Lane {
  readonly #rng: Rng;
  readonly #types: readonly string[];
  readonly #known = new Known();
  readonly #source: FrameSource;
  #nextId = ID_STEP;

  constructor(
    private readonly url: string,
    seed: number,
    private readonly tally: Tally,
    private readonly localAddress?: string,
  ) {
    this.#rng = createRng('pcg64', seed);
    this.#source = new FrameSource(this.#rng, this.#known);
    this.#types = this.#source.types;
  }

  /** Goes on until so many frames were sent by all lanes. Rejects with what the server did that it must not. */
  async run(frames: number): Promise<void> {
    let resume: string | undefined;
    while (this.tally.frames < frames) {
      const client = await FuzzClient.open(this.url, this.localAddress);
      if (resume === undefined && this.#rng.random() < 0.1) {
        await this.#spoiledHello(client);
        continue;
      }
      resume = await this.#session(client, resume, frames);
    }
  }

  #draw(): string {
    if (this.#rng.random() < STEPS) return 'step';
    for (;;) {
      const type = this.#types[this.#rng.integers(0, this.#types.length)]!;
      if (this.#rng.random() < (RARE[type] ?? 1)) return type;
    }
  }

  /** The next frame, and the id that it has, unless that is spoiled. */
  #frame(type: string): Sent & { readonly id: number } {
    this.tally.onSent(type);
    this.#nextId += ID_STEP;
    return { ...this.#source.frame(type, this.#nextId), id: this.#nextId };
  }

  async #spoiledHello(client: FuzzClient): Promise<void> {
    client.send(this.#frame('hello').bytes);
    const reply = await client.next();
    if (reply) this.tally.onReply(reply);
    if (reply) this.tally.onAnswer('hello', reply.type !== 'error');
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
      this.#known.forget();
      for (const type of SETUP) {
        this.#nextId += ID_STEP;
        const { bytes, handle } = this.#source.good(type, this.#nextId);
        client.send(bytes);
        const reply = await client.next();
        if (reply) this.#known.learn(reply, handle);
      }
    } else {
      this.tally.resumed++;
    }
    let hasSeats = token !== undefined;
    const bursts = 1 + this.#rng.integers(0, MOST_BURSTS);
    for (let i = 0; i < bursts && this.tally.frames < frames; i++) {
      const sent = new Map<unknown, Sent>();
      for (let n = 1 + this.#rng.integers(0, MOST_AT_ONCE); n > 0; n--) {
        const frame = this.#frame(this.#draw());
        sent.set(frame.id, frame);
      }
      this.#nextId += ID_STEP;
      const barrier = this.#nextId;
      const last = packr.pack({ type: 'close', id: barrier, env: 2 ** 40 });
      client.sendAll([...Array.from(sent.values(), ({ bytes }) => bytes), last]);
      let answered = 0;
      for (;;) {
        const reply = await client.next();
        if (!reply) break;
        this.tally.onReply(reply);
        if (reply.id === barrier) break;
        answered++;
        hasSeats ||= reply.type === 'joined';
        const request = sent.get(reply.id);
        if (request) this.tally.onAnswer(request.type, reply.type !== 'error');
        this.#known.learn(reply, request?.handle);
      }
      if (client.isOver) return undefined;
      // What a seat of a world asks for is answered when others have moved.
      if (answered !== sent.size && !hasSeats) {
        const shown = Array.from(sent.values(), ({ bytes }) => Buffer.from(bytes).toString('hex')).join('\n');
        throw new Error(`${sent.size} frames, ${answered} replies:\n${shown}`);
      }
    }
    const end = this.#rng.random();
    if (end < 0.5) client.close();
    else client.terminate();
    return end < 0.75 ? undefined : (welcome.resume as string);
  }
}

/** A connection that holds the server to what it may do on it. */
class FuzzClient {
  readonly #arrived: Reply[] = [];
  #last: Reply | undefined;
  #onArrival = (): void => {};
  #code: number | undefined;

  #tcp: Socket | undefined;

  private constructor(private readonly socket: WebSocket) {
    socket.on('upgrade', (response) => {
      this.#tcp = response.socket;
    });
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

  static async open(url: string, localAddress: string | undefined): Promise<FuzzClient> {
    const options = {
      perMessageDeflate: false,
      skipUTF8Validation: true,
      ...(localAddress && { localAddress }),
    };
    const client = new FuzzClient(new WebSocket(url, options));
    await once(client.socket, 'open');
    return client;
  }

  get isOver(): boolean {
    return this.#code !== undefined;
  }

  send(frame: Uint8Array): void {
    this.socket.send(frame);
  }

  /** Sends frames in as few pieces as can be. */
  sendAll(frames: readonly Uint8Array[]): void {
    this.#tcp?.cork();
    for (const frame of frames) this.send(frame);
    this.#tcp?.uncork();
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
  if (frame[0]! >> 4 === 9) {
    const id = steppedId(frame);
    return id === undefined ? undefined : { type: 'stepped', id };
  }
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
