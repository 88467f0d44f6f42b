import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type RawData, WebSocket } from 'ws';
import { ERRORS, type ErrorCode, FarstepError } from '../protocol/errors.js';
import { isHotFrame } from '../protocol/frames.js';
import { packMessage, type Welcome } from '../protocol/messages.js';
import { VERSION } from '../protocol/version.js';
import type { Frame } from './frame-pool.js';
import { readHello } from './hello.js';
import { type Limits, sessionLimits } from './limits.js';
import { Liveness } from './liveness.js';
import type { Metrics } from './metrics.js';
import type { PendingSockets } from './pending-sockets.js';
import type { ServerSocket } from './server-socket.js';
import { errorFrame, type Session } from './session.js';
import type { SessionLink, Sessions } from './sessions.js';

export const SERVER = `farstep/${VERSION}`;

/** How long requests that came in one piece are handled without a turn for others in between, milliseconds. */
const BURST_MS = 0.5;

/** Bytes of a step that may take long to read. */
const LARGE = 2 ** 16;
/** What no good client sends, as a request beyond the limit, counts for at least, milliseconds. */
const REFUSED_MS = 1;
/** What it takes to put a message together and to unmask it, milliseconds a byte. */
const MS_PER_BYTE = 3e-6;

const BINARY = { binary: true, compress: false } as const;

/** Codes with which a client closes that is done: its session ends. After any other it may come back. */
const DONE = [1000, 1001, 1005];

/** Of a server that is started anew: the reason is when to come back, milliseconds. */
const RESTARTS = 1012;
/** The code of a connection that ended without one (RFC 6455, 7.4.1). */
const LOST = 1006;

/** A connection's name, and what of the server it may use. */
export interface ConnectionContext {
  /** The session that begins on it has the same. */
  readonly name: string;
  readonly sessions: Sessions;
  /** It is one of these while it has no session. */
  readonly pending: PendingSockets;
  readonly limits: Limits;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Who connects from where this one does is kept waiting for so many milliseconds. */
  keepOut(ms: number): void;
}

/** One WebSocket: hello first, then requests; limits, pings, backpressure. */
export class Connection implements SessionLink {
  readonly #socket: ServerSocket;
  readonly #stream: Socket;
  readonly #context: ConnectionContext;
  readonly #liveness: Liveness;
  #session: Session | undefined;
  #draining = false;
  /** Bytes that had come when its session ended for its own fault. */
  #faultAt: number | undefined;
  /** The server stops: nobody rests any more. */
  #isStopping = false;
  /** Requests whose replies the kernel has not taken yet. */
  #inFlight = 0;
  /** Replies handed to the socket that the kernel has not taken yet. */
  #unsent = 0;
  /** Why nothing is read: the client does not take its replies, the session has enough to do, or it took too long. */
  #isUntaken = false;
  #isCrowded = false;
  #isResting = false;
  /** When the first of the requests in flight came. */
  #burstAt = 0;
  /** Whether so much came at once that others have their turn between two messages. */
  #isYielding = false;
  /** Why the server ended it. */
  #endedWith: ErrorCode | 'no_pong' | undefined;
  /** Resolves the promise that `drained` gave. */
  #onDrained: (() => void) | undefined;

  /** @param stream - what `socket` writes to. */
  constructor(socket: ServerSocket, stream: Socket, context: ConnectionContext) {
    this.#socket = socket;
    this.#stream = stream;
    this.#context = context;
    this.#liveness = new Liveness(socket, stream, context.limits, context.now);
    socket.takeOver();
    socket.onRefused = (code) => this.#refuse(code);
    socket.onClosing = (code) => {
      if (DONE.includes(code)) this.#endSession();
    };
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    // What ws reports here, it has closed the connection for already.
    socket.on('error', (error) => context.log.debug({ session: context.name, err: error }, 'socket error'));
    socket.on('close', (code) => {
      if (this.#session) context.sessions.lose(this.#session, this);
      // What it went on sending had to be read for its closing frame.
      if (this.#faultAt !== undefined) this.#keepOut((stream.bytesRead - this.#faultAt) * MS_PER_BYTE);
      this.#taken();
      const reason = this.#endedWith ?? (code === LOST ? 'lost' : 'client');
      context.metrics.onClosed(reason);
      context.log.debug({ session: this.#name, code, reason }, 'closed');
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

  get requestsInFlight(): number {
    return this.#inFlight;
  }

  /** Bytes received and sent so far. */
  get traffic(): { readonly received: number; readonly sent: number } {
    return { received: this.#stream.bytesRead, sent: this.#stream.bytesWritten };
  }

  onSent(): void {
    this.#inFlight--;
    if (this.#isYielding && this.#inFlight === 0) this.#setYielding(false);
    if (--this.#unsent === 0) this.#taken();
  }

  drained(): Promise<void> | undefined {
    if (!this.#awaitTaking()) return undefined;
    return new Promise((resolve) => {
      this.#onDrained = resolve;
    });
  }

  /** A client that does not take its replies is not read from; whether it is one. */
  #awaitTaking(): boolean {
    // What is buffered may also be a pong of ws's; only a reply tells when it has gone.
    if (this.#unsent === 0 || this.#socket.bufferedAmount === 0) return false;
    if (this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#isUntaken = true;
    this.#read();
    return true;
  }

  #taken(): void {
    if (!this.#isUntaken) return;
    this.#isUntaken = false;
    this.#read();
    this.#onDrained?.();
    this.#onDrained = undefined;
  }

  #setYielding(isYielding: boolean): void {
    this.#isYielding = isYielding;
    this.#socket.setYielding(isYielding);
  }

  /** Reads from the client, or does not. */
  #read(): void {
    if (this.#isUntaken || this.#isCrowded || this.#isResting) this.#socket.pause();
    else this.#socket.resume();
    if (this.#isResting) this.#socket.hold();
    else this.#socket.release();
  }

  /** The others have their turn first, where the messages of this session took much. */
  #restAfter(ms: number): void {
    const rest = this.#session!.restAfter(ms);
    if (rest === 0 || this.#isResting || this.#isStopping) return;
    this.#isResting = true;
    this.#read();
    setTimeout(() => {
      this.#isResting = false;
      this.#read();
    }, rest).unref();
  }

  /** What a message that came then has taken of the main thread, milliseconds. */
  #costOf(frame: Buffer, at: number): number {
    return this.#context.now() - at + frame.length * MS_PER_BYTE;
  }

  /** The session ends for its own fault: what it still owes is made up for before its like comes again. */
  #keepOut(ms: number): void {
    this.#faultAt ??= this.#stream.bytesRead;
    const rest = this.#session?.restAfter(ms, 0) ?? 0;
    if (rest > 0) this.#context.keepOut(rest);
  }

  async #readAfter(room: Promise<void>): Promise<void> {
    this.#isCrowded = true;
    this.#read();
    await room;
    this.#isCrowded = false;
    this.#read();
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#socket.readyState !== WebSocket.OPEN || this.#draining) return;
    const at = this.#liveness.onFrame();
    const frame = data as Buffer;
    try {
      if (!isBinary)
        throw new FarstepError('text_frame', `expected a binary frame, got text of ${frame.length} bytes`);
      if (!this.#session) {
        this.#hello(frame);
        return;
      }
      const { requestsInFlight } = this.#context.limits;
      if (this.#inFlight === 0) this.#burstAt = at;
      else if (at - this.#burstAt > BURST_MS && !this.#isYielding) this.#setYielding(true);
      if (++this.#inFlight > requestsInFlight) {
        this.#session.refuse(
          frame,
          new FarstepError('too_many_requests', `limits.requestsInFlight is ${requestsInFlight}`),
        );
        this.#awaitTaking();
        this.#restAfter(Math.max(REFUSED_MS, this.#context.now() - at));
        return;
      }
      const room = this.#session.receive(frame, at);
      if (room && !this.#isCrowded) void this.#readAfter(room);
      if (!isHotFrame(frame) || frame.length > LARGE) this.#restAfter(this.#costOf(frame, at));
    } catch (error) {
      if (error instanceof FarstepError) {
        this.#keepOut(Math.max(REFUSED_MS, this.#costOf(frame, at)));
        this.end(error);
        return;
      }
      this.#context.log.error({ session: this.#name, err: error }, 'internal error');
      this.end(
        new FarstepError('internal', `its log has it under session ${this.#name}`, { recoverable: false }),
      );
    }
  }

  #hello(frame: Buffer): void {
    const { name, sessions, pending, limits, log } = this.#context;
    const { hello, edition } = readHello(frame);
    const tenant = sessions.admit(hello.token);
    const { session, resume } =
      hello.resume === undefined
        ? sessions.begin(name, this, tenant)
        : sessions.resume(hello.resume, this, tenant);
    this.#session = session;
    this.#socket.setMaxPayload(limits.frameBytes);
    pending.remove(this.#stream);
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
    const key = tenant?.key.name;
    log.info({ session: session.name, connection: name, client: hello.client, key }, what);
  }

  #refuse(code: 'bad_frame' | 'frame_too_large'): void {
    const { frameBytes, helloBytes } = this.#context.limits;
    const message =
      code === 'frame_too_large'
        ? this.#session
          ? `limits.frameBytes is ${frameBytes}`
          : `limits.helloBytes is ${helloBytes}`
        : 'not a WebSocket frame that RFC 6455 allows';
    this.#keepOut(REFUSED_MS);
    this.#endSession();
    this.#tell(new FarstepError(code, message));
  }

  /** Why the connection ends. */
  #tell(error: FarstepError): void {
    this.#endedWith = error.code;
    this.#context.metrics.onError(error.code);
    this.#socket.send(errorFrame(error, null), BINARY);
  }

  /** From here on the connection is nobody's. */
  #endSession(): void {
    if (!this.#session) return;
    this.#context.sessions.end(this.#session, this);
    this.#context.pending.add(this.#stream);
  }

  /** Tells the client why, ends its session and closes the connection. */
  end(error: FarstepError): void {
    this.#endSession();
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#context.log.info({ session: this.#name, code: error.code }, error.message);
    this.#tell(error);
    const entry = ERRORS[error.code];
    this.#socket.close('close' in entry ? entry.close : 1011, error.code);
    // Nobody waits for the client any more, and its closing frame is to be read.
    this.#isResting = false;
    this.#taken();
    this.#read();
  }

  /**
   * Answers what has come, ends the connection, resolves when it is over. What comes meanwhile is not answered. A session
   * that goes on when the server is started anew is not ended: its client comes back by itself.
   */
  async drainAndEnd(error: FarstepError): Promise<void> {
    this.#isStopping = true;
    const closed = new Promise<void>((resolve) => {
      this.#socket.once('close', () => resolve());
    });
    if (this.#isYielding || this.#isResting) {
      // What came in one piece has come.
      this.#setYielding(false);
      this.#isResting = false;
      this.#read();
      await setImmediate();
    }
    this.#draining = true;
    await Promise.race([this.#session?.settled(), closed]);
    if (this.#session?.isKept) this.#socket.close(RESTARTS, String(error.retryAfterMs));
    else this.end(error);
    await closed;
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** Pings, and ends the connection if a time limit has passed. Called every second or so. */
  sweep(): void {
    const broken = this.#liveness.check(this.#session !== undefined, this.#isCrowded || this.#isResting);
    if (broken === 'gone') {
      this.#context.log.info({ session: this.#name }, 'no pong: the peer is gone');
      this.#endedWith = 'no_pong';
      this.#socket.terminate();
    } else if (broken) {
      this.end(broken);
    }
  }
}
