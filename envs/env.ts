import type { Space, View } from '../protocol/spaces/index.js';
import type { EnvSpec, Image, OptionSpec, Options } from '../protocol/spec.js';
import type { Rng } from './rng/rng.js';
import type { TransitionTable } from './tabular/table.js';

/**
 * One environment: a Markov decision process and nothing else. Time limits, autoreset, sticky actions and frame
 * stacking are composed around it (VectorEnv, wrappers), so an Env knows neither how long an episode may last nor
 * what happens after one ended.
 *
 * Life of an episode: `reset(rng)`, then `step(action)` until `terminated`; after each of the two the caller reads
 * `reward`, `terminated` and calls `observe`. An Env draws randomness from the generator of its last reset alone and
 * allocates nothing in `step` and `observe`.
 *
 * @typeParam A - an action: a number for Discrete, a typed-array view for Box, MultiDiscrete and MultiBinary, a record
 * of those for Dict, an array for Tuple (`View` in protocol/spaces).
 */
export interface Env<A = View> {
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  /** Extra per-step outputs, by name. Every one must be written by `writeInfo` after every reset and step. */
  readonly infoSpaces?: Readonly<Record<string, Space>>;

  /** Smallest and largest reward of one step, where options make it another than the spec's. */
  readonly rewardRange?: readonly [number, number];

  /** Reward of the last step; 0 after reset. */
  readonly reward: number;
  /** Whether the last step reached a terminal state. Never set by a time limit. */
  readonly terminated: boolean;

  /**
   * Starts an episode. Another generator than the last time means that the env was seeded anew, and nothing of what
   * was before may show. `options` are some of `EnvDefinition.resetOptions`, each of them valid; if they contradict each
   * other, throws FarstepError `bad_options` before anything changes.
   */
  reset(rng: Rng, options?: Readonly<Record<string, unknown>>): void;

  /** Advances by one action that lies in `actionSpace`. */
  step(action: A): void;

  /** Writes the current observation into `out`, the views of one row of the batch. Every element is written. */
  observe(out: View): void;

  /** Writes the infos into `out`, one view a name of `infoSpaces`. */
  writeInfo?(out: Readonly<Record<string, View>>): void;

  /** Everything `step` depends on apart from the generator, as plain values that msgpack carries. */
  snapshot(): unknown;
  /**
   * Takes back what `snapshot` returned; called after a first reset only. Throws if it is not one of this env's, and
   * then nothing has changed.
   */
  restore(snapshot: unknown): void;

  /** A picture of the current state. */
  render?(): Image;

  /** What may follow each state and action, of an env that is a small table. */
  transitions?(): TransitionTable;
}

export type { EnvSpec, Image, OptionSpec, Options } from '../protocol/spec.js';

/** A registered env: its spec, how to make one, and which of NumPy's generators the original seeds. */
export interface EnvDefinition {
  readonly spec: EnvSpec;
  /** numpy's `default_rng(seed)` (Gymnasium) or `RandomState(seed)` (MinAtar). */
  readonly rng: 'pcg64' | 'mt19937';
  /** What `reset` takes, where the original takes something. */
  readonly resetOptions?: Readonly<Record<string, OptionSpec>>;
  /** `options` are complete and valid. */
  create(options: Options): Env;
}
