import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { FarstepError } from '../protocol/errors.js';
import type { Limits } from './limits.js';
import type { ServerSocket } from './server-socket.js';

/** A peer that took so many bytes since the last ping is there, though its pong may be stuck behind a large reply. */
const TAKEN_BYTES = 2 ** 16;

interface Ping {
  /** What the pong has to bring: only who reads pings can answer them. */
  readonly data: Buffer;
  /** Bytes that the kernel had taken by then. */
  readonly taken: number;
}

/** The time limits of one connection: what is broken of them, looked at every second or so. */
export class Liveness {
  readonly #openedAt: number;
  #lastFrameAt: number;
  /** When the message that is coming was first seen to have begun. */
  #partialSince: number | undefined;
  #ping: Ping | undefined;
  #pingedAt: number;

  /** @param stream - what `socket` reads and writes. */
  constructor(
    private readonly socket: ServerSocket,
    private readonly stream: Socket,
    private readonly limits: Limits,
    private readonly now: () => number,
  ) {
    this.#openedAt = this.#lastFrameAt = this.#pingedAt = now();
    socket.on('pong', (data: Buffer) => {
      if (this.#ping?.data.equals(data)) this.#ping = undefined;
    });
  }

  /** A message has come; gives the time. */
  onFrame(): number {
    this.#lastFrameAt = this.now();
    return this.#lastFrameAt;
  }

  /**
   * The error to end the connection with, or `gone` where nobody is there to be told; pings where it is time.
   *
   * @param isWelcomed - whether the hello has come.
   * @param isHeld - whether the server does not read for reasons of its own.
   */
  check(isWelcomed: boolean, isHeld: boolean): FarstepError | 'gone' | undefined {
    const { helloMs, idleMs, frameMs, pingMs } = this.limits;
    const time = this.now();
    if (!isWelcomed && time - this.#openedAt > helloMs)
      return new FarstepError('hello_timeout', `no hello within limits.helloMs, ${helloMs} ms`);
    if (time - this.#lastFrameAt > idleMs)
      return new FarstepError('idle_timeout', `nothing came within limits.idleMs, ${idleMs} ms`);
    if (this.#isTooSlow(time))
      return new FarstepError('frame_timeout', `no whole message within limits.frameMs, ${frameMs} ms`);
    if (time - this.#pingedAt <= pingMs) return undefined;
    if (this.#ping && !isHeld && this.#taken - this.#ping.taken < TAKEN_BYTES) return 'gone';
    this.#sendPing(time);
    return undefined;
  }

  /** Whether a message has been coming for too long. One that the server does not read has not. */
  #isTooSlow(time: number): boolean {
    if (this.socket.isPaused || !this.socket.isAmidMessage) this.#partialSince = undefined;
    else if (this.#partialSince === undefined || this.#lastFrameAt > this.#partialSince)
      this.#partialSince = time;
    return this.#partialSince !== undefined && time - this.#partialSince > this.limits.frameMs;
  }

  get #taken(): number {
    return this.stream.bytesWritten - this.stream.writableLength;
  }

  #sendPing(time: number): void {
    this.#pingedAt = time;
    this.#ping = { data: randomBytes(8), taken: this.#taken };
    if (this.socket.readyState === WebSocket.OPEN) this.socket.ping(this.#ping.data);
  }
}
