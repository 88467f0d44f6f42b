import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { type RawData, WebSocket } from 'ws';
import { ERRORS, FarstepError } from '../protocol/errors.js';
import { isHotFrame } from '../protocol/frames.js';
import { EDITIONS, PROTOCOL, packMessage, unpackMessage, type Welcome } from '../protocol/messages.js';
import { parseHello } from '../protocol/requests.js';
import { VERSION } from '../protocol/version.js';
import type { Frame } from './frame-pool.js';
import { type Limits, sessionLimits } from './limits.js';
import { errorFrame, type Session } from './session.js';
import type { SessionLink, Sessions } from './sessions.js';

export const SERVER = `farstep/${VERSION}`;

/** A frame that ws refuses closes the connection with one of these; the client is told why in our own words first. */
const REFUSED: Readonly<Record<number, 'bad_frame' | 'frame_too_large'>> = {
  1002: 'bad_frame',
  1007: 'bad_frame',
  1008: 'bad_frame', // too many fragments
  1009: 'frame_too_large',
};

/** ws's WebSocket, which tells its owner why ws closes it before it does. */
export class ServerSocket extends WebSocket {
  /** A frame is refused: there may be something to say. */
  onRefused: ((code: 'bad_frame' | 'frame_too_large') => void) | undefined;
  /** The client closes with this code. The event `close` comes later, when all is over. */
  onClosing: ((code: number) => void) | undefined;

  override close(code?: number, reason?: string | Buffer): void {
    const refusal = code === undefined || reason !== undefined ? undefined : REFUSED[code];
    if (this.readyState === WebSocket.OPEN) {
      if (refusal) this.onRefused?.(refusal);
      else this.onClosing?.(code ?? 1005);
    }
    super.close(code, refusal ?? reason);
  }
}

const BINARY = { binary: true, compress: false } as const;

/** Codes with which a client closes that is done: its session ends. After any other it may come back. */
const DONE = [1000, 1001, 1005];

/** A connection's name, and what of the server it may use. */
export interface ConnectionContext {
  /** The session that begins on it has the same. */
  readonly name: string;
  readonly sessions: Sessions;
  readonly limits: Limits;
  readonly log: Logger;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

/** One WebSocket: hello first, then requests; limits, pings, backpressure. */
export class Connection implements SessionLink {
  readonly #socket: ServerSocket;
  readonly #stream: Duplex;
  readonly #context: ConnectionContext;
  readonly #openedAt: number;
  #session: Session | undefined;
  #lastFrameAt: number;
  #pingedAt: number;
  #answeredPing = true;
  #draining = false;
  /** Requests whose replies the kernel has not taken yet. */
  #inFlight = 0;
  /** Replies handed to the socket that the kernel has not taken yet. */
  #unsent = 0;
  /** Resolves the promise that `drained` gave. */
  #onDrained: (() => void) | undefined;

  /** @param stream - what `socket` writes to. */
  constructor(socket: ServerSocket, stream: Duplex, context: ConnectionContext) {
    this.#socket = socket;
    this.#stream = stream;
    this.#context = context;
    this.#openedAt = context.now();
    this.#lastFrameAt = this.#openedAt;
    this.#pingedAt = this.#openedAt;
    socket.onRefused = (code) => this.#refuse(code);
    socket.onClosing = (code) => {
      if (this.#session && DONE.includes(code)) context.sessions.end(this.#session, this);
    };
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('pong', () => {
      this.#answeredPing = true;
    });
    // What ws reports here, it has closed the connection for already.
    socket.on('error', (error) => context.log.debug({ session: context.name, err: error }, 'socket error'));
    socket.on('close', (code) => {
      if (this.#session) context.sessions.lose(this.#session, this);
      this.#resume();
      context.log.info({ session: this.#name, code }, 'closed');
    });
  }

  get #name(): string {
    return this.#session?.name ?? this.#context.name;
  }

  /**
   * Header and payload in one piece of memory and one write, where ws would make two. Between two of ws's own sends,
   * which it never splits without compression, a whole frame may go out like this.
   */
  write(frame: Frame): boolean {
    if (this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#unsent++;
    this.#stream.write(frame.content, frame.sentOn(this));
    return true;
  }

  writeUnasked(frame: Frame): boolean {
    if (this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#stream.write(frame.content, frame.release);
    return true;
  }

  get backlog(): number {
    return this.#socket.bufferedAmount;
  }

  onSent(): void {
    this.#inFlight--;
    if (--this.#unsent === 0) this.#resume();
  }

  /** A client that does not take its replies is not read from. */
  drained(): Promise<void> | undefined {
    // What is buffered may also be a pong of ws's; only a reply tells when it has gone.
    if (this.#unsent === 0 || this.#socket.bufferedAmount === 0) return undefined;
    if (this.#socket.readyState !== WebSocket.OPEN) return undefined;
    this.#socket.pause();
    return new Promise((resolve) => {
      this.#onDrained = resolve;
    });
  }

  #resume(): void {
    if (this.#socket.isPaused) this.#socket.resume();
    this.#onDrained?.();
    this.#onDrained = undefined;
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#socket.readyState !== WebSocket.OPEN || this.#draining) return;
    this.#lastFrameAt = this.#context.now();
    const frame = data as Buffer;
    try {
      if (!isBinary)
        throw new FarstepError('text_frame', `expected a binary frame, got text of ${frame.length} bytes`);
      if (!this.#session) {
        this.#hello(frame);
        return;
      }
      const { requestsInFlight } = this.#context.limits;
      if (++this.#inFlight > requestsInFlight) {
        this.#session.refuse(
          frame,
          new FarstepError('too_many_requests', `limits.requestsInFlight is ${requestsInFlight}`),
        );
        return;
      }
      this.#session.receive(frame);
    } catch (error) {
      this.end(error instanceof FarstepError ? error : new FarstepError('internal', 'a fault of the server'));
      if (!(error instanceof FarstepError))
        this.#context.log.error({ session: this.#name, err: error }, 'fault');
    }
  }

  #hello(frame: Buffer): void {
    const { name, sessions, limits, log } = this.#context;
    if (isHotFrame(frame))
      throw new FarstepError('bad_hello', 'the first message must be hello, got an array');
    const message = unpackMessage(frame);
    if (message.type !== 'hello') {
      throw new FarstepError(
        'bad_hello',
        `the first message must be hello, got ${JSON.stringify(message.type).slice(0, 60)}`,
      );
    }
    const hello = parseHello(message);
    if (hello.protocol !== PROTOCOL) {
      throw new FarstepError(
        'unsupported_protocol',
        `this server speaks protocol ${PROTOCOL}, the client ${hello.protocol}`,
      );
    }
    const edition = EDITIONS.findLast((known) => hello.editions.includes(known));
    if (edition === undefined) {
      throw new FarstepError(
        'unsupported_protocol',
        `this server speaks editions ${EDITIONS.join(', ')}, the client ${hello.editions.join(', ') || 'none'}`,
      );
    }
    const { session, resume } =
      hello.resume === undefined ? sessions.begin(name, this) : sessions.resume(hello.resume, this);
    this.#session = session;
    const welcome: Welcome = {
      type: 'welcome',
      session: session.name,
      resume,
      edition,
      capabilities: [],
      limits: sessionLimits(limits),
      server: SERVER,
    };
    this.#socket.send(packMessage(welcome), BINARY);
    const what = hello.resume === undefined ? 'welcomed' : 'welcomed back';
    log.info({ session: session.name, connection: name, client: hello.client }, what);
  }

  #refuse(code: 'bad_frame' | 'frame_too_large'): void {
    const { frameBytes } = this.#context.limits;
    const message =
      code === 'frame_too_large'
        ? `limits.frameBytes is ${frameBytes}`
        : 'not a WebSocket frame that RFC 6455 allows';
    if (this.#session) this.#context.sessions.end(this.#session, this);
    this.#socket.send(errorFrame(new FarstepError(code, message), null), BINARY);
  }

  /** Tells the client why, ends its session and closes the connection. */
  end(error: FarstepError): void {
    if (this.#session) this.#context.sessions.end(this.#session, this);
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#context.log.info({ session: this.#name, code: error.code }, error.message);
    this.#socket.send(errorFrame(error, null), BINARY);
    const entry = ERRORS[error.code];
    this.#socket.close('close' in entry ? entry.close : 1011, error.code);
    this.#resume(); // nobody waits for the client any more, and its closing frame is to be read
  }

  /** Answers what has come, ends the connection, resolves when it is over. What comes meanwhile is not answered. */
  async drainAndEnd(error: FarstepError): Promise<void> {
    this.#draining = true;
    const closed = new Promise<void>((resolve) => {
      this.#socket.once('close', () => resolve());
    });
    await Promise.race([this.#session?.settled(), closed]);
    this.end(error);
    await closed;
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** Pings, and ends the connection if a time limit has passed. Called every second or so. */
  sweep(): void {
    const { limits, now, log } = this.#context;
    const time = now();
    if (!this.#session && time - this.#openedAt > limits.helloMs) {
      this.end(new FarstepError('hello_timeout', `no hello within limits.helloMs, ${limits.helloMs} ms`));
    } else if (time - this.#lastFrameAt > limits.idleMs) {
      this.end(new FarstepError('idle_timeout', `nothing came within limits.idleMs, ${limits.idleMs} ms`));
    } else if (time - this.#pingedAt > limits.pingMs) {
      if (!this.#answeredPing) {
        log.info({ session: this.#name }, 'no pong: the peer is gone');
        this.#socket.terminate();
        return;
      }
      this.#pingedAt = time;
      this.#answeredPing = false;
      if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping();
    }
  }
}
