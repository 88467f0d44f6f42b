import type { TypedArray } from '../protocol/dtypes.js';
import type { StepResult } from '../protocol/results.js';
import type { Space } from '../protocol/spaces/index.js';
import type { TransitionTable } from '../protocol/spec.js';
import type { CheckpointReader, Files } from './checkpoint.js';
import type { DataSet } from './memory/data-set.js';
import type { Random } from './random.js';

export interface ActOptions {
  /** Whether to try things out, as in training, or to do what seems best. */
  readonly explore: boolean;
  /** What every random choice is drawn from. */
  readonly random: Random;
}

/** Something that chooses actions. */
export interface Policy {
  /**
   * Actions for a batch of observations, a row each: a slab for each leaf of the action space. Nothing else changes:
   * a policy may be asked about other envs in between.
   */
  act(observations: readonly TypedArray[], options: ActOptions): readonly TypedArray[];

  /**
   * The discounted return that it predicts for acting on from these observations without exploration, float32 [B].
   * Evaluations hold it against what came; it goes with `gamma`.
   */
  values?(observations: readonly TypedArray[]): Float32Array;

  /** The discount of `values`, for one step. */
  readonly gamma?: number;
}

/** Measurements by name. */
export type Metrics = Readonly<Record<string, number>>;

/**
 * Something that learns from what its actions lead to. Who calls it, the training loop, a reader of a data set, a
 * subscriber to somebody else's stream, is not its business:
 *
 *     agent.begin(first observations)
 *     repeat: act → observe → learn
 */
export interface Agent extends Policy {
  /** Every env begins an episode with these observations. Episodes under way are over: they were cut off. */
  begin(observations: readonly TypedArray[]): void;

  /** What a step of every env under SAME_STEP autoreset gave for these actions. */
  observe(actions: readonly TypedArray[], result: StepResult): void;

  /** Does the learning that is due after what was observed so far; the means of what was measured, if any was done. */
  learn(): Metrics | undefined;

  /** What `act` without exploration depends on. */
  savePolicy(): Files;
  loadPolicy(from: CheckpointReader): Promise<void>;

  /** Everything, `savePolicy` included: an agent that takes it back goes on bit for bit as this one would. */
  save(): Files;
  load(from: CheckpointReader): Promise<void>;

  /** Puts whole episodes that somebody else collected into memory. Throws where they do not fit in. */
  remember?(episodes: DataSet): void;
  /** So many steps passed in which nothing was collected: what goes by steps, such as learning, goes on. */
  elapse?(steps: number): void;

  /** Gives back tensors. The agent is not used afterwards. */
  dispose(): void;
}

/** What an agent is made for. */
export interface Task {
  /** Space of one env's observation. */
  readonly observationSpace: Space;
  /** Space of one env's action. */
  readonly actionSpace: Space;
  readonly numEnvs: number;
  /** The env as a table, where it can be asked for one; rejects where it is none. */
  transitions?(): Promise<TransitionTable>;
}
