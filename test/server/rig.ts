/** A server to test, and clients that say what no good client would. */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { Packr } from 'msgpackr';
import type { Test } from 'tap';
import { type ClientOptions, WebSocket } from 'ws';
import { Server, type ServerOptions } from '../../server/index.js';
import { TEST_HOST } from './test-host.js';

/** A clock that a test moves. */
export class Clock {
  time = 0;
  readonly now = (): number => this.time;
}

/** A server on a free port, closed when the test ends. */
export async function startServer(t: Test, options: ServerOptions = {}): Promise<Server> {
  const server = await Server.start({ ...TEST_HOST, ...options });
  t.teardown(() => server.close(0));
  return server;
}

/** Resolves when the event loop has brought it about: what the other end of a socket does is seen a little later. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

export type Message = Readonly<Record<string, unknown>>;

// Not the codec under test.
const packr = new Packr({ useRecords: false, variableMapSize: true, int64AsType: 'number' });

export const HELLO: Message = { type: 'hello', protocol: 1, editions: [1], client: 'raw', capabilities: [] };

/** A step as msgpackr writes it. */
export const stepFrame = (
  id: number,
  env: number,
  actions: readonly Uint8Array[],
  ids?: Uint8Array,
  ack?: number,
): Buffer =>
  packr.pack([
    1,
    id,
    env,
    actions,
    ...(ids ? [ids] : ack === undefined ? [] : [null]),
    ...(ack === undefined ? [] : [ack]),
  ]);

/** A message as msgpackr writes it. */
export const packed = (message: Message): Buffer => packr.pack(message);

/** Typed arrays as the bytes they are sent as. */
export const slab = (array: ArrayBufferView): Buffer =>
  Buffer.from(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);

/** A client that sends what it is told and keeps every frame that comes. */
export class RawClient {
  readonly #frames: Buffer[] = [];
  #onFrame: (() => void) | undefined;
  /** What the server answered to the hello. */
  welcome: Message = {};
  /** How the connection ended. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => {
      this.#frames.push(data as Buffer);
      this.#onFrame?.();
    });
    socket.on('error', () => {}); // told by `closed`
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
        this.#onFrame?.();
      });
    });
  }

  /** Connects without saying hello. */
  static async open(t: Test, url: string, options: ClientOptions = {}): Promise<RawClient> {
    const client = new RawClient(new WebSocket(url, { perMessageDeflate: false, ...options }));
    t.teardown(() => client.socket.terminate());
    await once(client.socket, 'open');
    return client;
  }

  /** Connects and is welcomed; `resume` goes on with the session of that token. */
  static async welcomed(
    t: Test,
    url: string,
    { resume, ...options }: ClientOptions & { readonly resume?: unknown } = {},
  ): Promise<RawClient> {
    const client = await RawClient.open(t, url, options);
    client.welcome = await client.ask(resume === undefined ? HELLO : { ...HELLO, resume });
    return client;
  }

  /** The TCP connection below. */
  get tcp(): Duplex {
    return (this.socket as unknown as { readonly _socket: Duplex })._socket;
  }

  send(message: Message | Uint8Array): void {
    this.socket.send(message instanceof Uint8Array ? message : packed(message));
  }

  /** Sends several messages in one write. */
  burst(messages: readonly (Message | Uint8Array)[]): void {
    this.tcp.cork();
    for (const message of messages) this.send(message);
    this.tcp.uncork();
  }

  /** The next frame. Rejects if the connection ends first. */
  async frame(): Promise<Buffer> {
    while (this.#frames.length === 0) {
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error('the connection has ended');
      await new Promise<void>((resolve) => {
        this.#onFrame = resolve;
      });
    }
    return this.#frames.shift()!;
  }

  /** The next control message, or a stepped frame as `{type: 'stepped', id}`. */
  async receive(): Promise<Message> {
    const value = packr.unpack(await this.frame()) as Message | readonly unknown[];
    return Array.isArray(value) ? { type: 'stepped', id: value[1], n: value[2] } : (value as Message);
  }

  /** Sends one message and gives what comes next. */
  ask(message: Message | Uint8Array): Promise<Message> {
    this.send(message);
    return this.receive();
  }
}
