import { randomBytes } from 'node:crypto';
import { getWorld, HostedWorld, MAX_SEED, resolveOptions } from '../envs/index.js';
import { FarstepError } from '../protocol/errors.js';
import type { Contract, CreateRequest, JoinRequest, WorldContract } from '../protocol/messages.js';
import { buildContract } from './contract.js';
import type { HostedVectorEnv } from './host.js';
import type { Timers } from './timers.js';
import { creatorHandle, seatHandle } from './world-handles.js';
import { WorldRoom } from './world-room.js';

/** The worlds that are open on a server, each under the token that it is joined with. */
export class WorldRooms {
  readonly #rooms = new Map<string, WorldRoom>();

  /** @param limit - worlds at once. */
  constructor(
    private readonly limit: number,
    private readonly timers: Timers,
  ) {}

  get size(): number {
    return this.#rooms.size;
  }

  /** Throws `unknown_world`, `bad_options`, `bad_message` (the seed) or `too_many_worlds`. */
  create(request: CreateRequest): { readonly token: string; readonly handle: HostedVectorEnv } {
    if (this.#rooms.size >= this.limit) {
      const message = `create: ${this.#rooms.size} worlds are open, limits.worlds is ${this.limit}`;
      throw new FarstepError('too_many_worlds', message, { retryAfterMs: 10_000 });
    }
    const definition = getWorld(request.world);
    const options = resolveOptions(definition.spec, request.options);
    let unusedSeed = request.seed ?? null;
    const max = MAX_SEED[definition.rng];
    if (unusedSeed !== null && unusedSeed > max) {
      throw new FarstepError('bad_message', `create.seed: expected at most ${max}, got ${unusedSeed}`);
    }
    const takeSeed = (): number | null => {
      const seed = unusedSeed;
      unusedSeed = null;
      return seed;
    };
    const world = new HostedWorld(definition, { options, maxEpisodeSteps: request.maxEpisodeSteps });
    const token = randomBytes(12).toString('base64url');
    const room = new WorldRoom(world, request.moveMs ?? null, takeSeed, this.timers, () =>
      this.#rooms.delete(token),
    );
    this.#rooms.set(token, room);
    return { token, handle: creatorHandle(room, worldContract(room), takeSeed) };
  }

  /** The seat's name is in the contract. Throws `no_such_world`, `no_such_seat` or `seat_taken`. */
  join({ world: token, seat }: JoinRequest): HostedVectorEnv {
    const room = this.#rooms.get(token);
    if (!room) {
      throw new FarstepError('no_such_world', 'join: no world of that token is open; it may have ended');
    }
    const index = room.join(seat);
    return seatHandle(room, worldContract(room, room.world.seats[index]), index);
  }
}

/** The contract of all seats, or of one. */
function worldContract({ world, moveMs }: WorldRoom, seat?: string): Contract {
  const { spec, seats, turns, options, maxEpisodeSteps, observationSpace, actionSpace, infoSpaces } = world;
  const told: WorldContract = {
    seats,
    ...(seat !== undefined && { seat }),
    turns,
    defaultAction: world.defaultAction,
    moveMs,
  };
  return buildContract({
    spec,
    numEnvs: seat === undefined ? seats.length : 1,
    options,
    autoreset: 'disabled',
    maxEpisodeSteps: maxEpisodeSteps === Infinity ? null : maxEpisodeSteps,
    observationSpace,
    actionSpace,
    infoSpaces,
    rewardTasks: [],
    world: told,
  });
}
