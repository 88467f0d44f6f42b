import type { TypedArray } from './dtypes.js';

/** Infos of a batch: for each name, one slab a leaf of its space. */
export type Infos = Readonly<Record<string, readonly TypedArray[]>>;

/** What a reset gives: one row an env, in the order of the ids asked for. */
export interface ResetResult {
  readonly n: number;
  /** One slab for each leaf of the observation space, `n` rows each. */
  readonly observations: readonly TypedArray[];
  readonly infos: Infos;
  /** The seed of each env's random stream. */
  readonly seeds: Float64Array;
}

/**
 * What a step gives: one row an env, in the order of the ids asked for. Arrays belong to this result alone: they stay
 * as they are when the next one arrives.
 */
export interface StepResult {
  readonly n: number;
  /** One slab for each leaf of the observation space, `n` rows each. */
  readonly observations: readonly TypedArray[];
  /** float64 [n] */
  readonly rewards: Float64Array;
  /** 0 or 1 [n]: the episode reached a terminal state, so the value of what follows is zero. */
  readonly terminated: Uint8Array;
  /** 0 or 1 [n]: the episode was cut off (time limit), so the value of what follows is not zero. */
  readonly truncated: Uint8Array;
  readonly infos: Infos;
  /** The episodes that ended in this step; absent where none did. */
  readonly ended?: EndedEpisodes;
}

/** Episodes that ended in one step, one row each. */
export interface EndedEpisodes {
  /** Which row of the step's result each belongs to. uint32 [m] */
  readonly rows: Uint32Array;
  /** Undiscounted return of the episode. float64 [m] */
  readonly returns: Float64Array;
  /** Steps of the episode. uint32 [m] */
  readonly lengths: Uint32Array;
  /** Seed of the random stream the episode was drawn from. float64 [m] */
  readonly seeds: Float64Array;
  /**
   * Under SAME_STEP autoreset: the last observation of each episode, one slab a leaf, `m` rows each (the step's own
   * row already holds the first observation of the next episode). Absent in the other modes.
   */
  readonly finalObservations?: readonly TypedArray[];
  readonly finalInfos?: Infos;
}
