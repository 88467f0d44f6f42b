/** Worlds to test over the wire, timers that a test fires, and players. */
import type { Test } from 'tap';
import { registerWorld } from '../../envs/index.js';
import { type Client, connect, type RemoteSeat, type RemoteWorld } from '../../protocol/index.js';
import type { Server, Timers } from '../../server/index.js';
import { brokenChairs, musicalChairs } from '../envs/musical-chairs.js';

registerWorld(musicalChairs);
registerWorld(brokenChairs);
export const CHAIRS = musicalChairs.spec.id;
export const BROKEN = brokenChairs.spec.id;

/** Timers that go off when the test lets time pass. */
export class ManualTimers implements Timers {
  #now = 0;
  readonly #alarms = new Set<{ readonly at: number; readonly run: () => void }>();

  after(ms: number, run: () => void): () => void {
    const alarm = { at: this.#now + ms, run };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  /** How many are set. */
  get size(): number {
    return this.#alarms.size;
  }

  pass(ms: number): void {
    this.#now += ms;
    for (const alarm of [...this.#alarms]) {
      if (alarm.at <= this.#now && this.#alarms.delete(alarm)) alarm.run();
    }
  }
}

export async function client(t: Test, server: Server): Promise<Client> {
  const connected = await connect(server.url);
  t.teardown(() => connected.close());
  return connected;
}

/** Sends everything that was asked before: its answer comes after the server has handled that. */
export async function handled(...clients: readonly Client[]): Promise<void> {
  for (const one of clients) await one.list();
}

/** A client for each seat, all of which have joined. */
export async function seated(
  t: Test,
  server: Server,
  world: RemoteWorld,
): Promise<{ readonly clients: readonly Client[]; readonly seats: readonly RemoteSeat[] }> {
  const clients: Client[] = [];
  const seats: RemoteSeat[] = [];
  for (const name of world.possibleAgents) {
    const one = await client(t, server);
    clients.push(one);
    seats.push(await one.join(world.token, name));
  }
  return { clients, seats };
}
