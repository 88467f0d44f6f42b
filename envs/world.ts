import type { Space, Value, View } from '../protocol/spaces/index.js';
import type { EnvSpec, Image, Options } from '../protocol/spec.js';
import type { Rng } from './rng/rng.js';

/**
 * What an Env is for one player, a World is for several: a game with named seats and nothing else. Time limits,
 * statistics, deadlines and who sits where are composed around it (`HostedWorld`, and the server's rooms).
 *
 * All seats of a world share one observation space and one action space, so that a batch has a row a seat.
 *
 * A world is one of two kinds, as its definition says. In a parallel game all seats that are not done move at once
 * (PettingZoo's Parallel API). In a turn game one seat moves at a time, the one that `turn` names (PettingZoo's AEC
 * API). A seat that is done is gone: nothing is asked of it until the next reset.
 *
 * Life of a game: `reset(rng)`, then `step(actions)` until `terminated` holds for every seat; after each of the two
 * the caller reads `rewards`, `terminated` and `turn` and calls `observe`. A World draws randomness from the generator
 * of its last reset alone and allocates nothing in `step` and `observe`.
 *
 * @typeParam A - an action of one seat, as for an `Env`
 */
export interface World<A = View> {
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  /** Extra outputs of each seat, by name. Every one must be written by `writeInfo` after every reset and step. */
  readonly infoSpaces?: Readonly<Record<string, Space>>;
  /** Smallest and largest reward of one seat in one step, where options make it another than the spec's. */
  readonly rewardRange?: readonly [number, number];

  /** Turn games: the index of the seat that moves next. 0 in parallel games. */
  readonly turn: number;
  /** Reward of the last step by seat; 0 after reset. */
  readonly rewards: ArrayLike<number>;
  /** By seat, 1 from the step that brought it to a terminal state until the next reset. Never set by a time limit. */
  readonly terminated: ArrayLike<number>;

  /** Starts a game. Another generator than the last time means that nothing of what was before may show. */
  reset(rng: Rng): void;

  /**
   * Advances by one action of each seat that is not done or, in a turn game, of the seat whose turn it is. `actions`
   * has an element a seat; those of the others are not looked at. Each lies in `actionSpace`.
   */
  step(actions: readonly A[]): void;

  /** What a seat that may move now does when nobody says: allowed by the rules, and as the definition declares it. */
  defaultAction(seat: number): Value;

  /** Writes what a seat observes into `out`, the views of its row of the batch. Every element is written. */
  observe(seat: number, out: View): void;

  /** Writes the infos of a seat into `out`, one view a name of `infoSpaces`. */
  writeInfo?(seat: number, out: Readonly<Record<string, View>>): void;

  /** Everything `step` depends on apart from the generator, and `terminated`, as plain values that msgpack carries. */
  snapshot(): unknown;
  /**
   * Takes back what `snapshot` returned; called after a first reset only. Throws if it is not one of this world's, and
   * then nothing has changed.
   */
  restore(snapshot: unknown): void;

  /** A picture of the current state. */
  render?(): Image;
}

/** A registered world: its spec, in which `players` counts the seats, and how to make one. */
export interface WorldDefinition {
  readonly spec: EnvSpec;
  /** The names of the seats, in the order of the rows of a batch. */
  readonly seats: readonly string[];
  /** Whether seats move one at a time. */
  readonly turns: boolean;
  /** What `World.defaultAction` does, in words: `the leftmost column that has room`. */
  readonly defaultAction: string;
  readonly rng: 'pcg64' | 'mt19937';
  /** `options` are complete and valid. */
  create(options: Options): World;
}
