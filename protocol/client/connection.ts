import type { TypedArray } from '../dtypes.js';
import { FarstepError } from '../errors.js';
import { isHotFrame, StepEncoder, steppedId } from '../frames.js';
import {
  EDITIONS,
  type Hello,
  PROTOCOL,
  packMessage,
  type ReplyOf,
  type Request,
  type Subscribed,
  unpackMessage,
  type Welcome,
} from '../messages.js';
import { parseError, parseOver, parseReply } from '../replies.js';
import { sampledStream } from '../samples.js';
import { VERSION } from '../version.js';
import { type Clock, systemClock } from './clock.js';
import { type Link, type LinkEvents, shakeHands } from './handshake.js';
import type { Socket } from './socket.js';

export interface ConnectOptions {
  /** Name and version that the server's log shows. */
  readonly client?: string;
  /** A secret that says who comes, for a server that asks. */
  readonly token?: string | undefined;
  /** Longest wait for a connection and a welcome, milliseconds. */
  readonly connectTimeoutMs?: number;
  /** Longest wait for a reply, milliseconds; after it the session is given up. */
  readonly replyTimeoutMs?: number;
  /**
   * How long to try to come back after a lost connection, milliseconds; as long as the server waits where absent, and 0
   * not to try.
   */
  readonly reconnectMs?: number;
  /** Called when the connection is lost and the client tries to come back, and when it is back. */
  readonly onConnection?: (event: ConnectionEvent) => void;
  /** For tests. */
  readonly clock?: Clock;
}

export type ConnectionEvent =
  | { readonly type: 'lost'; readonly why: string }
  /** `afterMs`: how long it took. */
  | { readonly type: 'resumed'; readonly afterMs: number };

/** Who hears of what comes unasked for a stream. */
export interface StreamEvents {
  onSample(frame: Uint8Array): void;
  /** There will be no more: the stream is over (null), or the session is. */
  onEnd(error: FarstepError | null): void;
  /** The connection was lost and is back. */
  onResumed(): void;
}

type Frame = Uint8Array;
/** A request without the id, which the connection gives. */
export type Unsent<R> = R extends { readonly id: number } ? Omit<R, 'id'> : never;

interface Pending {
  /** As it was sent, to be sent again on another connection. */
  readonly frame: Frame;
  /** Whose memory the frame lies in, if anybody's. */
  readonly encoder: StepEncoder | undefined;
  readonly read: (frame: Frame) => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: FarstepError) => void;
  /** Infinity where the reply may take as long as it likes. */
  sentAt: number;
}

const CLIENT = `farstep-ts/${VERSION}`;
/** How often time limits are looked at, milliseconds. One timer for all requests: one each would cost more than a step. */
const WATCH_MS = 1000;
/** The first attempt to come back is made within this, milliseconds; each later one within twice the time. */
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5000;

/**
 * One session on one server: gives every request an id, and every reply to the request it names, in whatever order they
 * come. When the connection is lost it makes another one and sends what is unanswered again, of which callers notice
 * nothing; the server carries nothing out twice. When that is hopeless, everything unanswered is rejected, and so is
 * everything after.
 */
export class Connection {
  readonly #options: ConnectOptions;
  readonly #clock: Clock;
  #welcome: Welcome;
  /** Absent while there is no connection. */
  #socket: Socket | undefined;
  #nextId = 1;
  readonly #streams = new Map<number, StreamEvents>();
  /** In the order of the ids. */
  readonly #pending = new Map<number, Pending>();
  /** The id of the last reply that came; ids begin at 1. */
  #lastReply = 0;
  /** Those that nobody's frame lies in. */
  readonly #encoders: StepEncoder[] = [];
  #over: FarstepError | undefined;
  #stopWatch = (): void => {};
  /** Wakes the attempt to come back that waits. */
  #wake = (): void => {};
  /** Bytes that had come when the time limits were last looked at, and when more were last seen to have come. */
  #bytesRead: number | undefined;
  #heardAt: number;
  #checkedAt: number;

  private constructor(
    readonly url: string,
    welcome: Welcome,
    options: ConnectOptions,
  ) {
    this.#welcome = welcome;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#heardAt = this.#checkedAt = this.#clock.now();
    this.#watch();
  }

  /** The server's last: one that was started anew may have other limits. */
  get welcome(): Welcome {
    return this.#welcome;
  }

  /**
   * Dials `url` (ws:// or wss://) and exchanges hello and welcome. Rejects with `connection_failed` where nothing
   * answers, or with the server's own error.
   */
  static async open(url: string, options: ConnectOptions = {}): Promise<Connection> {
    if (!/^(wss?:\/\/|ws\+unix:\/)/.test(url)) {
      throw new FarstepError(
        'connection_failed',
        `expected an address like ws://host:port, got ${JSON.stringify(url)}`,
      );
    }
    let connection!: Connection;
    await dial(url, options, undefined, (link) => {
      connection = new Connection(url, link.welcome, options);
      return connection.#use(link);
    });
    return connection;
  }

  /** Sends a control message; resolves with the reply that its type promises, rejects with the server's error. */
  request<T extends Request['type']>(
    message: Unsent<Extract<Request, { type: T }>>,
    isPatient = false,
  ): Promise<ReplyOf[T]> {
    return this.#request<T, ReplyOf[T]>(message, (reply) => reply, isPatient);
  }

  /** Subscribes; `listen` makes, of the reply, who hears of samples. */
  subscribe<L extends StreamEvents>(
    token: string,
    credits: number,
    listen: (reply: Subscribed) => L,
  ): Promise<L> {
    // At once when the reply is there: samples may be right behind it.
    const read = (reply: Subscribed): L => {
      const listener = listen(reply);
      this.#streams.set(reply.stream, listener);
      return listener;
    };
    return this.#request<'subscribe', L>({ type: 'subscribe', token, credits }, read, false);
  }

  unlisten(stream: number): void {
    this.#streams.delete(stream);
  }

  #request<T extends Request['type'], R>(
    message: Unsent<Extract<Request, { type: T }>>,
    read: (reply: ReplyOf[T]) => R,
    isPatient: boolean,
  ): Promise<R> {
    const id = this.#nextId++;
    const frame = packMessage({ ...message, id, ...this.#ack } as unknown as Request);
    const readFrame = (reply: Frame) => read(parseReply<T>(message.type, unpackMessage(reply)));
    return this.#exchange(id, frame, undefined, readFrame, isPatient);
  }

  /**
   * Sends a step of the whole vector env `env`, or of the envs `ids`; resolves with what `read` makes of the frame of
   * its reply. `isPatient`: the reply waits for somebody else, and no wait for it is too long.
   */
  step<T>(
    env: number,
    actions: readonly TypedArray[],
    ids: Uint32Array | undefined,
    read: (reply: Frame) => T,
    isPatient: boolean,
  ): Promise<T> {
    const id = this.#nextId++;
    const encoder = this.#encoders.pop() ?? new StepEncoder();
    const frame = encoder.encode(id, env, actions, ids, this.#lastReply || undefined);
    return this.#exchange(id, frame, encoder, read, isPatient);
  }

  /** Ends the session. What is unanswered is rejected. */
  close(): void {
    this.#end(new FarstepError('closed', `${this.url}: the client was closed`), 1000);
  }

  get #ack(): { readonly ack?: number } {
    return this.#lastReply > 0 ? { ack: this.#lastReply } : {};
  }

  #exchange<T>(
    id: number,
    frame: Frame,
    encoder: StepEncoder | undefined,
    read: (reply: Frame) => T,
    isPatient: boolean,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#over) {
        reject(this.#over);
        return;
      }
      const sentAt = isPatient ? Infinity : this.#clock.now();
      this.#pending.set(id, { frame, encoder, read, resolve, reject, sentAt });
      this.#socket?.send(frame);
    });
  }

  #receive(frame: Frame): void {
    try {
      if (isHotFrame(frame)) {
        const id = steppedId(frame);
        if (id !== undefined) this.#settle(id, frame);
        else this.#streams.get(sampledStream(frame))?.onSample(frame);
        return;
      }
      const message = unpackMessage(frame);
      if (message.type === 'over') {
        const { stream } = parseOver(message);
        this.#streams.get(stream)?.onEnd(null);
        this.#streams.delete(stream);
        return;
      }
      if (message.type !== 'error') {
        if (!Number.isSafeInteger(message.id)) {
          throw new FarstepError('bad_reply', `${message.type}: expected the id of a request, got none`);
        }
        this.#settle(message.id as number, frame);
        return;
      }
      const { id, error } = parseError(message);
      if (id !== null) this.#take(id)?.reject(error);
      else this.#end(error);
    } catch (error) {
      this.#end(error as FarstepError, 1002);
    }
  }

  /** A reply to a request that nobody waits for any more is dropped. */
  #settle(id: number, frame: Frame): void {
    const pending = this.#take(id);
    if (!pending) return;
    try {
      pending.resolve(pending.read(frame) as never);
    } catch (error) {
      pending.reject(error as FarstepError);
    }
  }

  #take(id: number): Pending | undefined {
    this.#lastReply = id;
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (pending?.encoder) this.#encoders.push(pending.encoder);
    return pending;
  }

  /** Goes on over a connection that was just welcomed: first with what is unanswered. */
  #use({ socket, welcome }: Link): LinkEvents {
    const now = this.#clock.now();
    this.#welcome = welcome;
    this.#socket = socket;
    this.#heardAt = now;
    for (const pending of this.#pending.values()) {
      if (pending.sentAt !== Infinity) pending.sentAt = now;
      socket.send(pending.frame);
    }
    for (const stream of this.#streams.values()) stream.onResumed();
    return {
      onFrame: (frame) => this.#receive(frame),
      onClose: (why, retryAfterMs) => this.#lose(why, retryAfterMs),
    };
  }

  #lose(why: string, retryAfterMs = 0): void {
    this.#socket = undefined;
    if (this.#over) return;
    const { resume } = this.welcome;
    if (resume !== null && this.#reconnectMs > 0) void this.#comeBack(resume, why, retryAfterMs);
    else this.#end(new FarstepError('connection_lost', `${this.url}: the connection ended: ${why}`));
  }

  get #reconnectMs(): number {
    return this.#options.reconnectMs ?? this.welcome.limits.graceMs;
  }

  /** Tries to resume the session until it is there again, or that is hopeless. */
  async #comeBack(resume: string, why: string, retryAfterMs: number): Promise<void> {
    const { onConnection } = this.#options;
    onConnection?.({ type: 'lost', why });
    const lostAt = this.#clock.now();
    let last = why;
    let atLeastMs = retryAfterMs;
    for (let attempt = 0; ; attempt++) {
      const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt);
      const delay = atLeastMs + longest * this.#clock.random();
      if (this.#clock.now() + delay - lostAt > this.#reconnectMs) {
        const message = `${this.url}: the connection was lost (${why}), and no attempt to resume it within ${this.#reconnectMs} ms succeeded: ${last}`;
        this.#end(new FarstepError('connection_lost', message));
        return;
      }
      await this.#sleep(delay);
      if (this.#over) return;
      try {
        await dial(this.url, this.#options, resume, (link) => this.#resume(link));
        onConnection?.({ type: 'resumed', afterMs: this.#clock.now() - lostAt });
        return;
      } catch (error) {
        const { code, message, retryAfterMs } = error as FarstepError;
        if (code !== 'connection_failed' && retryAfterMs === undefined) {
          const told = `${this.url}: the connection was lost (${why}) and cannot be resumed: ${message}`;
          this.#end(new FarstepError(code, told));
          return;
        }
        last = message;
        atLeastMs = retryAfterMs ?? 0;
      }
    }
  }

  #resume(link: Link): LinkEvents {
    const { session } = link.welcome;
    if (this.#over) {
      link.socket.close(1000, '');
      return NOBODY;
    }
    if (session !== this.welcome.session) {
      const expected = `expected to resume session ${this.welcome.session}`;
      throw new FarstepError('bad_reply', `welcome.session: ${expected}, got ${session}`);
    }
    return this.#use(link);
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.#clock.after(ms, resolve);
      this.#wake = () => {
        stop();
        resolve();
      };
    });
  }

  #watch(): void {
    const { replyTimeoutMs = 120_000 } = this.#options;
    this.#stopWatch = this.#clock.after(Math.min(replyTimeoutMs, WATCH_MS), () => {
      this.#checkTimes(replyTimeoutMs);
      if (!this.#over) this.#watch();
    });
  }

  #checkTimes(replyTimeoutMs: number): void {
    const now = this.#clock.now();
    // Was this process busy with something else or asleep? Then what has come meanwhile is yet to be read.
    const wasAway = now - this.#checkedAt > 5 * WATCH_MS;
    this.#checkedAt = now;
    const socket = this.#socket;
    const bytesRead = socket?.bytesRead;
    if (bytesRead !== this.#bytesRead) this.#heardAt = now;
    this.#bytesRead = bytesRead;
    if (wasAway || !socket || this.#pending.size === 0) return;
    const silentMs = now - this.#heardAt;
    if (bytesRead !== undefined && silentMs > 2 * (this.welcome.limits.pingMs + WATCH_MS)) {
      socket.abandon();
      this.#lose(`nothing came for ${Math.round(silentMs)} ms`);
      return;
    }
    for (const { sentAt } of this.#pending.values()) {
      if (now - sentAt <= replyTimeoutMs) continue;
      this.#end(
        new FarstepError('connection_lost', `${this.url}: no reply within ${replyTimeoutMs} ms`),
        1000,
      );
      return;
    }
  }

  /** @param code - what to close the connection with; absent where the other side does. */
  #end(error: FarstepError, code?: number): void {
    if (this.#over) return;
    this.#over = error;
    this.#stopWatch();
    this.#wake();
    if (code !== undefined) this.#socket?.close(code, '');
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(error);
    for (const stream of this.#streams.values()) stream.onEnd(error);
    this.#streams.clear();
  }
}

/** Dials with the hello of these options, for a session of its own or for the one of the token `resume`. */
function dial(
  url: string,
  { client = CLIENT, token, connectTimeoutMs = 10_000, clock = systemClock }: ConnectOptions,
  resume: string | undefined,
  onWelcome: (link: Link) => LinkEvents,
): Promise<void> {
  const hello: Hello = {
    type: 'hello',
    protocol: PROTOCOL,
    editions: EDITIONS,
    client,
    capabilities: [],
    ...(token !== undefined && { token }),
    ...(resume !== undefined && { resume }),
  };
  return shakeHands(url, hello, connectTimeoutMs, clock, onWelcome);
}

/** Of a connection that came when it was not wanted any more. */
const NOBODY: LinkEvents = { onFrame: () => {}, onClose: () => {} };
