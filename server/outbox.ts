import { type Over, packMessage } from '../protocol/messages.js';
import { type Frame, type FrameCarrier, FramePool } from './frame-pool.js';
import type { Limits } from './limits.js';
import type { Tenant } from './tenant.js';

/** What a session's replies are sent on. */
export interface Link extends FrameCarrier {
  /** Sends a reply; false if the connection is over. */
  write(frame: Frame): boolean;
  /** Sends a frame that answers nothing; false if the connection is over. */
  writeUnasked(frame: Frame): boolean;
  /** Bytes that wait to be sent. */
  readonly backlog: number;
  /** Resolves when the client has taken what was sent; undefined where it has taken it already. */
  drained(): Promise<void> | undefined;
}

/**
 * Where a session's replies go: to the connection that it has, and into memory until the client is known to have them,
 * so that one that comes back after a lost connection can ask for them again.
 */
export class Outbox {
  readonly #pool: FramePool;
  /** In the order in which they were last sent. */
  readonly #kept: Frame[] = [];
  #keptBytes = 0;
  readonly #maxReplies: number;
  readonly #maxBytes: number;
  readonly #maxBacklog: number;
  #link: Link | undefined;
  /** Requests up to this id came on an earlier connection. Their replies wait until they have been asked for again. */
  #repeatsUpTo = -1;
  /** Those that have been, and are not answered yet. */
  readonly #awaited = new Set<number>();

  constructor(
    { graceMs, requestsInFlight, keptReplyBytes, streamBytes }: Limits,
    private readonly tenant?: Tenant,
  ) {
    this.#maxReplies = graceMs > 0 ? requestsInFlight : 0;
    this.#maxBytes = keptReplyBytes;
    this.#maxBacklog = streamBytes;
    this.#pool = new FramePool(keptReplyBytes);
  }

  /** Replies go to `link` from now on. Requests up to the id `repeatsUpTo` came on another one before it. */
  attach(link: Link, repeatsUpTo: number): void {
    this.#link = link;
    this.#repeatsUpTo = repeatsUpTo;
    this.#awaited.clear();
  }

  /** Replies are kept alone from now on. */
  detach(): void {
    this.#link = undefined;
  }

  /** The replies that are kept, oldest first; what they lie in is to be read at once. */
  get kept(): { readonly id: number; readonly bytes: Uint8Array }[] {
    return this.#kept.map(({ id, payload }) => ({ id, bytes: payload }));
  }

  /** Bytes of the replies that are kept. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  drained(): Promise<void> | undefined {
    return this.#link?.drained();
  }

  /** Sends a reply to request `id`, or one that is not to be kept. */
  send(id: number | null, reply: Uint8Array): void {
    this.sendWritten(id, reply.length, (target) => {
      target.set(reply);
      return reply.length;
    });
  }

  /** Sends what `write` puts into memory of `size` bytes; `write` gives the length. */
  sendWritten(id: number | null, size: number, write: (target: Uint8Array) => number): void {
    const frame = this.#pool.take(size);
    frame.hold();
    frame.fill(write);
    this.tenant?.useBytes(frame.length);
    if (id !== null) this.#keep(id, frame);
    if (id === null || id > this.#repeatsUpTo || this.#awaited.delete(id)) this.#write(frame);
    frame.release();
  }

  /** Sends a sample of a stream, unless there is no connection or too much waits for it to be sent. */
  sendSample(frame: Frame): boolean {
    const link = this.#link;
    if (!link || link.backlog > this.#maxBacklog) return false;
    this.tenant?.useBytes(frame.length);
    frame.hold();
    if (link.writeUnasked(frame)) return true;
    frame.release();
    return false;
  }

  /** Sends a message that answers no request, if there is a connection. */
  tell(message: Over): void {
    const packed = packMessage(message);
    const frame = this.#pool.take(packed.length);
    frame.hold();
    frame.fill((target) => {
      target.set(packed);
      return packed.length;
    });
    if (!this.#link?.writeUnasked(frame)) frame.release();
  }

  #write(frame: Frame): void {
    frame.hold();
    if (!this.#link?.write(frame)) frame.release();
  }

  #keep(id: number, frame: Frame): void {
    if (this.#maxReplies === 0) return;
    frame.id = id;
    frame.hold();
    this.#kept.push(frame);
    this.#keptBytes += frame.length;
    while (
      this.#kept.length > this.#maxReplies ||
      (this.#keptBytes - frame.length > this.#maxBytes && this.#kept.length > 1)
    ) {
      this.#dropOldest();
    }
  }

  #dropOldest(): void {
    const frame = this.#kept.shift()!;
    this.#keptBytes -= frame.length;
    frame.release();
  }

  /** The client has the reply to request `id`, and with it all that were sent before. */
  acknowledge(id: number): void {
    const index = this.#indexOf(id);
    for (let i = 0; i <= index; i++) this.#dropOldest();
  }

  /** Sends the reply to request `id` again; false if it is not there. */
  repeat(id: number): boolean {
    const index = this.#indexOf(id);
    if (index < 0) return false;
    const [frame] = this.#kept.splice(index, 1);
    this.#kept.push(frame!);
    this.#write(frame!);
    return true;
  }

  /** Request `id` has been asked for again and is being carried out: its reply is to be sent. */
  await(id: number): void {
    this.#awaited.add(id);
  }

  #indexOf(id: number): number {
    for (let i = 0; i < this.#kept.length; i++) if (this.#kept[i]!.id === id) return i;
    return -1;
  }
}
