import type { TypedArray } from '../../protocol/dtypes.js';
import type { StepResult } from '../../protocol/results.js';
import type { SampleSource } from '../../protocol/spaces/index.js';
import type { CheckpointReader, Files } from '../checkpoint.js';
import type { DataSet } from './data-set.js';

/** How many rewards make one return, and what each is worth less than the one before. */
export interface ReturnRule {
  /** n of n-step returns (Sutton 1988); 1 for the reward alone. */
  readonly nStep: number;
  /** γ */
  readonly gamma: number;
}

/**
 * Slabs of transitions drawn from memory, one row each: from s_t by a_t to s_tpn, where n is the rule's number of steps,
 * or fewer where the episode ended before that or has not come that far.
 */
export interface Batch {
  /** Number of transitions, B. */
  readonly n: number;
  /** s_t: a slab for each leaf of the observation space, B rows each. */
  readonly observations: readonly TypedArray[];
  /** a_t: a slab for each leaf of the action space, B rows each. */
  readonly actions: readonly TypedArray[];
  /** Σ_{k<n} γ^k r_tpk, float32 [B] */
  readonly returns: Float32Array;
  /**
   * What the value of s_tpn counts for, float32 [B]: γ^n, or 0 where s_tpn is terminal. An episode that was cut off has
   * γ^n, and its last observation as s_tpn.
   */
  readonly discounts: Float32Array;
  /** s_tpn: as `observations`. */
  readonly nextObservations: readonly TypedArray[];
}

/** Stretches of up to `steps` steps drawn from memory, step by step: what returns that look at each action are made of. */
export interface Segments {
  /** Number of segments, B. */
  readonly n: number;
  /** Steps of a whole segment, T. */
  readonly steps: number;
  /** Steps of each that there are: fewer where the episode ended or has not come that far. int32 [B] */
  readonly lengths: Int32Array;
  /** s_t to s_tpT: a slab a leaf, B × (T + 1) rows. Rows behind a segment's end hold nothing of meaning; so below. */
  readonly observations: readonly TypedArray[];
  /** a_t to a_tpT−1: a slab a leaf, B × T rows. */
  readonly actions: readonly TypedArray[];
  /** float32 [B × T] */
  readonly rewards: Float32Array;
  /** γ, or 0 where the step led to a terminal state. float32 [B × T] */
  readonly discounts: Float32Array;
}

/** Where samples came from, and what they count for. */
export interface Sampled {
  /** Where each lies, for `Priorities.update`. int32 [B] */
  readonly slots: Int32Array;
  /** What each sample's loss is multiplied by; absent where all count alike. float32 [B] */
  readonly weights?: Float32Array;
}

/** Memory that learning draws from: process 1 of q/processes.ts fills it and evicts what is old. */
export interface Experience {
  /** Transitions in memory. */
  readonly size: number;
  /** Begins an episode in every env, from these observations. Episodes under way count as cut off. */
  begin(observations: readonly TypedArray[]): void;
  /** Adds what a step under SAME_STEP autoreset gave for these actions: a row an env. */
  add(actions: readonly TypedArray[], result: StepResult): void;
  /** Adds whole episodes that somebody else collected. */
  remember(episodes: DataSet): void;
  /** Arrays for `n` transitions, to be filled by `sample` again and again. */
  batch(n: number): Batch & Sampled;
  /** Fills `batch` with transitions. There must be one at least. */
  sample(random: SampleSource, batch: Batch & Sampled): void;
  /** Everything in memory, as views of it: nothing is held twice. */
  save(): Files;
  /** Takes back what `save` wrote; afterwards every sample is what it would have been. */
  load(from: CheckpointReader): Promise<void>;
}
