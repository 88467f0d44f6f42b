/** Worlds to test over the wire, and players. */
import type { Test } from 'tap';
import { registerWorld } from '../../envs/index.js';
import { type Client, connect, type RemoteSeat, type RemoteWorld } from '../../protocol/index.js';
import type { Server } from '../../server/index.js';
import { brokenChairs, musicalChairs } from '../envs/musical-chairs.js';

registerWorld(musicalChairs);
registerWorld(brokenChairs);
export const CHAIRS = musicalChairs.spec.id;
export const BROKEN = brokenChairs.spec.id;

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
