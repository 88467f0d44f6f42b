import { FarstepError } from '../errors.js';
import { isHotFrame, steppedId } from '../frames.js';
import {
  EDITIONS,
  type Hello,
  PROTOCOL,
  packMessage,
  type ReplyOf,
  type Request,
  unpackMessage,
  type Welcome,
} from '../messages.js';
import { parseError, parseReply, parseWelcome } from '../replies.js';
import { openSocket, type Socket } from './socket.js';

export interface ConnectOptions {
  /** Name and version that the server's log shows. */
  readonly client?: string;
  /** Longest wait for a connection and a welcome, milliseconds. */
  readonly connectTimeoutMs?: number;
  /** Longest wait for a reply, milliseconds; after it the connection counts as lost. */
  readonly replyTimeoutMs?: number;
}

type Frame = Uint8Array;
/** A request without the id, which the connection gives. */
export type Unsent<R> = R extends { readonly id: number } ? Omit<R, 'id'> : never;

interface Pending {
  readonly read: (frame: Frame) => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: FarstepError) => void;
  /** Infinity where the reply may take as long as it likes. */
  readonly sentAt: number;
}

const CLIENT = 'farstep-ts/0.1.0';

/**
 * One WebSocket to one server: gives every request an id, and every reply to the request it names, in whatever order
 * they come. Once the connection is lost, everything unanswered is rejected with `connection_lost`, and so is
 * everything after.
 */
export class Connection {
  #socket!: Socket;
  #nextId = 1;
  #pending = new Map<number, Pending>();
  #over: FarstepError | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  private constructor(
    readonly url: string,
    readonly welcome: Welcome,
    socket: Socket,
    replyTimeoutMs: number,
  ) {
    this.#socket = socket;
    // One timer for all requests: a timer each would cost more than a step.
    this.#timer = setInterval(() => this.#checkReplies(replyTimeoutMs), Math.min(replyTimeoutMs, 1000));
    (this.#timer as { unref?: () => void }).unref?.();
  }

  /**
   * Dials `url` (ws:// or wss://) and exchanges hello and welcome. Rejects with `connection_failed` where nothing
   * answers, or with the server's own error.
   */
  static async open(url: string, options: ConnectOptions = {}): Promise<Connection> {
    const { client = CLIENT, connectTimeoutMs = 10_000, replyTimeoutMs = 120_000 } = options;
    if (!/^(wss?:\/\/|ws\+unix:\/)/.test(url)) {
      throw new FarstepError(
        'connection_failed',
        `expected an address like ws://host:port, got ${JSON.stringify(url)}`,
      );
    }
    let connection: Connection | undefined;
    let socket: Socket | undefined;
    return new Promise((resolve, reject) => {
      let failed = false;
      const fail = (error: FarstepError) => {
        failed = true;
        clearTimeout(timer);
        socket?.close(1000, '');
        reject(error);
      };
      const timer = setTimeout(() => {
        fail(new FarstepError('connection_failed', `${url}: no welcome within ${connectTimeoutMs} ms`));
      }, connectTimeoutMs);
      const hello: Hello = {
        type: 'hello',
        protocol: PROTOCOL,
        editions: EDITIONS,
        client,
        capabilities: [],
      };
      openSocket(url, {
        onOpen: () => socket!.send(packMessage(hello)),
        onFrame: (frame) => {
          if (connection) return connection.#receive(frame);
          if (failed) return;
          try {
            const welcome = parseWelcome(unpackMessage(frame));
            clearTimeout(timer);
            connection = new Connection(url, welcome, socket!, replyTimeoutMs);
            resolve(connection);
          } catch (error) {
            fail(error as FarstepError);
          }
        },
        onClose: (code, reason) => {
          const why = reason || `close code ${code}`;
          if (connection)
            connection.#end(new FarstepError('connection_lost', `${url}: the connection ended: ${why}`));
          else
            fail(new FarstepError('connection_failed', `${url}: ${why}. Is a farstep server running there?`));
        },
      }).then(
        (opened) => {
          socket = opened;
          if (failed) opened.close(1000, '');
        },
        (error: Error) => fail(new FarstepError('connection_failed', `${url}: ${error.message}`)),
      );
    });
  }

  /** The error that ended the connection, if it has ended. */
  get over(): FarstepError | undefined {
    return this.#over;
  }

  /** Sends a control message; resolves with the reply that its type promises, rejects with the server's error. */
  request<T extends Request['type']>(
    message: Unsent<Extract<Request, { type: T }>>,
    isPatient = false,
  ): Promise<ReplyOf[T]> {
    const id = this.#nextId++;
    const frame = packMessage({ ...message, id } as unknown as Request);
    const read = (reply: Frame) => parseReply<T>(message.type, unpackMessage(reply));
    return this.exchange(id, frame, read, isPatient);
  }

  /** An id for a frame that the caller encodes. */
  takeId(): number {
    return this.#nextId++;
  }

  /**
   * Sends the frame of request `id`, which may be overwritten afterwards; resolves with what `read` makes of the
   * frame of its reply. `isPatient`: the reply waits for somebody else, and no wait for it is too long.
   */
  exchange<T>(id: number, frame: Frame, read: (reply: Frame) => T, isPatient = false): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#over) {
        reject(this.#over);
        return;
      }
      this.#pending.set(id, { read, resolve, reject, sentAt: isPatient ? Infinity : Date.now() });
      this.#socket.send(frame);
    });
  }

  /** Ends the connection. What is unanswered is rejected. */
  close(): void {
    this.#end(new FarstepError('closed', `${this.url}: the client was closed`));
    this.#socket.close(1000, '');
  }

  #receive(frame: Frame): void {
    try {
      if (isHotFrame(frame)) {
        this.#settle(steppedId(frame), frame);
        return;
      }
      const message = unpackMessage(frame);
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
      this.#end(error as FarstepError);
      this.#socket.close(1002, '');
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
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #checkReplies(timeoutMs: number): void {
    const now = Date.now();
    const isLate = [...this.#pending.values()].some(({ sentAt }) => now - sentAt > timeoutMs);
    if (isLate) {
      this.#end(new FarstepError('connection_lost', `${this.url}: no reply within ${timeoutMs} ms`));
      this.#socket.close(1000, '');
    }
  }

  #end(error: FarstepError): void {
    if (this.#over) return;
    this.#over = error;
    clearInterval(this.#timer);
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(error);
  }
}
