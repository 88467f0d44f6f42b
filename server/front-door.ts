import type { Server, Socket } from 'node:net';
import type { Timers } from './timers.js';

/** Of the connections of a second, how many may come at once. */
const AT_ONCE = 1 / 10;

/** What node has of a connection before it makes a socket of it; there is no public word for that. */
interface Handle {
  /** Not for those of a socket file. */
  getpeername?(peer: { address?: string }): void;
  close(): void;
}

interface ListeningHandle {
  onconnection(status: number, connection: Handle | undefined): void;
}

/** What is there of one address. */
interface Door {
  /** How many may come in now. */
  free: number;
  /** How often it is shut for harm that somebody there has done. */
  shuts: number;
  readonly waiting: Socket[];
}

/**
 * Lets TCP connections in: `perSecond` of one address, at first a tenth of these at once, then one after the other. Others
 * wait, and nothing is read of them meanwhile; where `maxWaiting` do, one that comes is cut.
 */
export class FrontDoor {
  readonly #doors = new Map<string | undefined, Door>();
  readonly #atOnce: number;
  #isClosed = false;
  /** Connections that wait. */
  waiting = 0;
  /** Connections that were cut. */
  cuts = 0;

  /** @param enter - called with each that is let in. */
  constructor(
    private readonly perSecond: number,
    private readonly maxWaiting: number,
    private readonly enter: (socket: Socket) => void,
    private readonly timers: Timers,
  ) {
    this.#atOnce = Math.ceil(perSecond * AT_ONCE);
  }

  /**
   * From now on, what would be cut of the connections to a server that listens is cut before node makes a socket of it:
   * most of what thousands a second cost is these, and to collect them.
   */
  guard(server: Server): void {
    const { _handle: handle } = server as Server & { readonly _handle?: ListeningHandle };
    if (!handle) return;
    const connect = handle.onconnection.bind(handle);
    handle.onconnection = (status, connection) => {
      const peer: { address?: string } = {};
      connection?.getpeername?.(peer);
      if (connection && this.#cuts(peer.address)) connection.close();
      else connect(status, connection);
    };
  }

  /** One that comes, paused. */
  take(socket: Socket): void {
    if (this.#cuts(socket.remoteAddress)) {
      socket.destroy();
      return;
    }
    const door = this.#doorOf(socket.remoteAddress);
    door.waiting.push(socket);
    this.waiting++;
    this.#open(socket.remoteAddress, door);
  }

  /** Nobody of that address comes in for so many milliseconds. */
  shut(address: string | undefined, ms: number): void {
    const door = this.#doorOf(address);
    door.shuts++;
    this.timers.after(ms, () => {
      door.shuts--;
      this.#open(address, door);
    });
  }

  /** Whether one that comes is to be cut, and counted as such. */
  #cuts(address: string | undefined): boolean {
    const isCut = this.#isClosed || (this.waiting >= this.maxWaiting && !isOpen(this.#doorOf(address)));
    if (isCut) this.cuts++;
    return isCut;
  }

  #doorOf(address: string | undefined): Door {
    const known = this.#doors.get(address);
    if (known) return known;
    const door = { free: this.#atOnce, shuts: 0, waiting: [] };
    this.#doors.set(address, door);
    return door;
  }

  #open(address: string | undefined, door: Door): void {
    while (isOpen(door) && door.waiting.length > 0) {
      const socket = door.waiting.shift()!;
      this.waiting--;
      if (socket.destroyed) continue;
      if (door.free-- === this.#atOnce) this.#fill(address, door);
      this.enter(socket);
      socket.resume();
    }
    if (door.free === this.#atOnce && door.shuts === 0) this.#doors.delete(address);
  }

  /** Gives back the places that were taken, one after the other. */
  #fill(address: string | undefined, door: Door): void {
    this.timers.after(1000 / this.perSecond, () => {
      door.free++;
      if (door.free < this.#atOnce) this.#fill(address, door);
      this.#open(address, door);
    });
  }

  /** Nobody is let in any more. */
  close(): void {
    this.#isClosed = true;
    for (const { waiting } of this.#doors.values()) for (const socket of waiting.splice(0)) socket.destroy();
    this.waiting = 0;
  }
}

const isOpen = ({ free, shuts }: Door): boolean => free > 0 && shuts === 0;
