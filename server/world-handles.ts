import { type ResetBatch, Rows, type StepBatch } from '../envs/batch.js';
import type { HostedWorld } from '../envs/index.js';
import type { TypedArray } from '../protocol/dtypes.js';
import { FarstepError } from '../protocol/errors.js';
import { frameLayout } from '../protocol/frames.js';
import type { Contract } from '../protocol/messages.js';
import type { HostedVectorEnv, ResetOrder } from './host.js';
import type { EpisodeStatistics, WorldRoom } from './world-room.js';

/** What worlds have not, whichever handle asks. */
const NOTHING_TO_ASK = {
  rewards: () => refuse('rewards: a world has no reward function to ask'),
  transitions: () => refuse('transitions: a world is not a table'),
};

function refuse(message: string): never {
  throw new FarstepError('not_supported', message);
}

function checkOptions({ options }: ResetOrder): void {
  const [name] = Object.keys(options ?? {});
  if (name === undefined) return;
  throw new FarstepError('bad_options', `reset: a world takes no options, got ${JSON.stringify(name)}`);
}

function checkNoIds(what: string, ids: Uint32Array | undefined): void {
  if (ids) throw new FarstepError('bad_ids', `${what}: the seats of a world go together; name no ids`);
}

/** The one element of a list, if there is a list. Throws `bad_message` or `bad_snapshot` where it has more or fewer. */
function only<T>(what: string, code: 'bad_message' | 'bad_snapshot', list: readonly T[]): T {
  if (list.length === 1) return list[0]!;
  throw new FarstepError(code, `${what}: expected one for the whole world, got ${list.length}`);
}

/**
 * The handle of a world's creator, whose rows are the seats. A step takes a row for each seat that moves and gives one
 * for every seat.
 *
 * @param takeSeed - the seed of the next game where `reset` brings none, null to go on with the random stream.
 */
export function creatorHandle(
  room: WorldRoom,
  contract: Contract,
  takeSeed: () => number | null,
): HostedVectorEnv {
  const { world } = room;
  // Rows in the order of a step's ids, which the world has in the order of its seats.
  const { slabs: actions } = new Rows(world.actionSpace, {}, world.seats.length);
  const everyId = Uint32Array.from(world.seats.keys());
  return {
    ...NOTHING_TO_ASK,
    contract,
    layout: frameLayout(contract.observationLeaves, contract.infos),
    actions,
    reset(order) {
      checkNoIds('reset', order.ids);
      checkOptions(order);
      const seed = order.seeds ? only('reset.seeds', 'bad_message', order.seeds) : null;
      return room.drive('reset', () => world.reset(seed ?? takeSeed()));
    },
    step(ids = everyId) {
      return room.drive('step', () => {
        world.checkRunning();
        checkMovers(world, ids);
        for (const [row, seat] of ids.entries())
          copyRow(actions, row, world.actions, seat, world.seats.length);
        return world.step();
      });
    },
    snapshot(ids) {
      checkNoIds('snapshot', ids);
      room.checkSound();
      return [world.snapshot()];
    },
    restore(snapshots, ids) {
      checkNoIds('restore', ids);
      const snapshot = only('restore.snapshots', 'bad_snapshot', snapshots);
      return room.drive('restore', () => world.restore(snapshot));
    },
    render() {
      room.checkSound();
      return world.render();
    },
    close: () => room.creatorLeft(),
  };
}

/** Copies a row of a batch of `rows` rows to another batch of as many. */
function copyRow(
  from: readonly TypedArray[],
  fromRow: number,
  to: readonly TypedArray[],
  toRow: number,
  rows: number,
): void {
  for (const [leaf, slab] of from.entries()) {
    const size = slab.length / rows;
    to[leaf]!.set(slab.subarray(fromRow * size, (fromRow + 1) * size) as never, toRow * size);
  }
}

/** Throws `bad_ids` or `not_your_turn` unless `ids` are the seats that move, each once. */
function checkMovers(world: HostedWorld, ids: Uint32Array): void {
  const { seats } = world;
  const unknown = ids.find((id) => id >= seats.length);
  if (unknown !== undefined) {
    throw new FarstepError('bad_ids', `step.ids: expected 0 to ${seats.length - 1}, got ${unknown}`);
  }
  if (world.turns) {
    if (ids.length === 1 && ids[0] === world.turn) return;
    const named = Array.from(ids, (id) => seats[id]).join(', ');
    throw new FarstepError(
      'not_your_turn',
      `step: expected a move of seat ${seats[world.turn]} (${world.turn}) alone, got one of ${named}`,
    );
  }
  for (const [row, id] of ids.entries()) {
    const name = `seat ${seats[id]} (${id})`;
    if (!world.isLive(id)) throw new FarstepError('bad_ids', `step: ${name} is gone until the next reset`);
    if (ids.indexOf(id) !== row) throw new FarstepError('bad_ids', `step: ${name} is named twice`);
  }
  const missing = seats.findIndex((_, seat) => world.isLive(seat) && !ids.includes(seat));
  if (missing < 0) return;
  const name = `seat ${seats[missing]} (${missing})`;
  throw new FarstepError(
    'bad_ids',
    `step: all seats in the game move at once; the move of ${name} is missing`,
  );
}

/** The handle of a single seat: one row, and replies that wait for the other seats. */
export function seatHandle(room: WorldRoom, contract: Contract, seat: number): HostedVectorEnv {
  const { world } = room;
  const { slabs: actions } = new Rows(world.actionSpace, {}, 1);
  const takeAction = (): void => {
    for (const [leaf, slab] of actions.entries()) world.actions[leaf]!.set(slab as never, seat * slab.length);
  };
  return {
    ...NOTHING_TO_ASK,
    contract,
    layout: frameLayout(contract.observationLeaves, contract.infos),
    actions,
    waitsForOthers: true,
    reset(order) {
      checkOptions(order);
      if (order.seeds?.some((seed) => seed !== null)) {
        throw new FarstepError('bad_message', 'reset.seeds: the creator of a world chooses its seed');
      }
      return new Promise<ResetBatch>((resolve, reject) => {
        room.reset(seat, {
          answer: () => resolve({ ...seatRow(world, seat), seeds: Float64Array.of(world.seed) }),
          refuse: reject,
        });
      });
    },
    step() {
      return new Promise<StepBatch>((resolve, reject) => {
        room.step(seat, takeAction, {
          answer: (reward, ended) => resolve(seatStep(world, seat, reward, ended)),
          refuse: reject,
        });
      });
    },
    snapshot: () => refuse('snapshot: the creator of a world takes its snapshots'),
    restore: () => refuse('restore: the creator of a world restores it'),
    render() {
      room.checkSound();
      return world.render();
    },
    setAway: (isAway) => room.setAway(seat, isAway),
    close: () => room.leave(seat),
  };
}

/** What one seat sees, in memory of its own: the world may have gone on when it is sent. */
function seatRow(world: HostedWorld, seat: number) {
  const { observations, infos } = world.batch;
  const row = (slabs: readonly TypedArray[]): TypedArray[] =>
    slabs.map((slab) => {
      const size = slab.length / world.seats.length;
      return slab.slice(seat * size, (seat + 1) * size);
    });
  return {
    n: 1,
    observations: row(observations),
    infos: Object.fromEntries(Object.entries(infos).map(([name, slabs]) => [name, row(slabs)])),
  };
}

function seatStep(
  world: HostedWorld,
  seat: number,
  reward: number,
  ended: EpisodeStatistics | undefined,
): StepBatch {
  const { terminated, truncated } = world.batch;
  return {
    ...seatRow(world, seat),
    rewards: Float64Array.of(reward),
    terminated: terminated.slice(seat, seat + 1),
    truncated: truncated.slice(seat, seat + 1),
    ended: ended && {
      n: 1,
      rows: Uint32Array.of(0),
      returns: Float64Array.of(ended.return),
      lengths: Uint32Array.of(ended.length),
      seeds: Float64Array.of(ended.seed),
    },
  };
}
