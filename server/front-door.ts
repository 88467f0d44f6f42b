import type { Socket } from 'node:net';
import type { Timers } from './timers.js';

/** Of the connections of a second, how many may come at once. */
const AT_ONCE = 1 / 10;

/** What is there of one address. */
interface Door {
  /** How many may come in now; below 0 where somebody there has done harm. */
  free: number;
  readonly waiting: Socket[];
}

/**
 * Lets TCP connections in: `perSecond` of one address, a tenth of these at once. Others wait, and nothing is read of
 * them meanwhile; where `maxWaiting` do, one that comes is cut.
 */
export class FrontDoor {
  readonly #doors = new Map<string | undefined, Door>();
  readonly #atOnce: number;
  /** For how long a place is taken, milliseconds. */
  readonly #ms: number;
  #isClosed = false;
  /** Connections that wait. */
  waiting = 0;
  /** Connections that were cut. */
  cuts = 0;

  /** @param enter - called with each that is let in. */
  constructor(
    perSecond: number,
    private readonly maxWaiting: number,
    private readonly enter: (socket: Socket) => void,
    private readonly timers: Timers,
  ) {
    this.#atOnce = Math.ceil(perSecond * AT_ONCE);
    this.#ms = (1000 * this.#atOnce) / perSecond;
  }

  /** One that comes, paused. */
  take(socket: Socket): void {
    const door = this.#doorOf(socket.remoteAddress);
    if (this.#isClosed || (door.free <= 0 && this.waiting >= this.maxWaiting)) {
      this.cuts++;
      socket.destroy();
      return;
    }
    door.waiting.push(socket);
    this.waiting++;
    this.#open(socket.remoteAddress, door);
  }

  /** Nobody of that address comes in for so many milliseconds. */
  shut(address: string | undefined, ms: number): void {
    this.#use(address, this.#doorOf(address), this.#atOnce, ms);
  }

  #doorOf(address: string | undefined): Door {
    const known = this.#doors.get(address);
    if (known) return known;
    const door = { free: this.#atOnce, waiting: [] };
    this.#doors.set(address, door);
    return door;
  }

  #use(address: string | undefined, door: Door, places: number, ms: number): void {
    door.free -= places;
    this.timers.after(ms, () => {
      door.free += places;
      this.#open(address, door);
    });
  }

  #open(address: string | undefined, door: Door): void {
    while (door.free > 0 && door.waiting.length > 0) {
      const socket = door.waiting.shift()!;
      this.waiting--;
      if (socket.destroyed) continue;
      this.#use(address, door, 1, this.#ms);
      this.enter(socket);
      socket.resume();
    }
    if (door.free === this.#atOnce) this.#doors.delete(address);
  }

  /** Nobody is let in any more. */
  close(): void {
    this.#isClosed = true;
    for (const { waiting } of this.#doors.values()) for (const socket of waiting.splice(0)) socket.destroy();
    this.waiting = 0;
  }
}
