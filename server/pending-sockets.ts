import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * The sockets that have no session: they have not come as far as a welcome, or their connection is ending. Whatever a
 * stranger can do without being known is done on one of these, so they are few and short-lived: beyond `limit` the one
 * that has been here longest makes room, and none stays longer than `ms`.
 */
export class PendingSockets {
  /** When each came, the oldest first. */
  readonly #since = new Map<Duplex, number>();
  /** How many were cut, by the limit that they broke. */
  readonly cuts = { pendingConnections: 0, helloMs: 0 };

  /** @param now - milliseconds, monotonic. */
  constructor(
    private readonly limit: number,
    private readonly ms: number,
    private readonly now: () => number,
  ) {}

  get size(): number {
    return this.#since.size;
  }

  /** One that comes, or one whose time begins anew. */
  add(socket: Duplex): void {
    if (socket.destroyed) return;
    if (!this.#since.delete(socket)) socket.once('close', () => this.#since.delete(socket));
    this.#since.set(socket, this.now());
    if (this.#since.size > this.limit) this.#cut(this.#since.keys().next().value!, 'pendingConnections');
  }

  /** One that stands for the raw socket below it from now on, as one of TLS does. */
  succeed(socket: Socket): void {
    for (const raw of this.#since.keys()) {
      const { remotePort, remoteAddress } = raw as Socket;
      if (remotePort === socket.remotePort && remoteAddress === socket.remoteAddress) this.#since.delete(raw);
    }
    this.add(socket);
  }

  /** One that has a session now. */
  remove(socket: Duplex): void {
    this.#since.delete(socket);
  }

  /** Cuts those whose time is over. */
  sweep(): void {
    for (const [socket, since] of this.#since) {
      if (this.now() - since <= this.ms) return;
      this.#cut(socket, 'helloMs');
    }
  }

  #cut(socket: Duplex, limit: keyof PendingSockets['cuts']): void {
    this.cuts[limit]++;
    this.#since.delete(socket);
    socket.destroy();
  }
}
