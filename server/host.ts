import type { ResetBatch, StepBatch } from '../envs/batch.js';
import type { TransitionTable } from '../envs/index.js';
import { expandSeed, getEnv, MAX_SEED, resolveOptions, VectorEnv } from '../envs/index.js';
import type { TypedArray } from '../protocol/dtypes.js';
import { FarstepError } from '../protocol/errors.js';
import { type FrameLayout, frameLayout } from '../protocol/frames.js';
import type { Contract, MakeRequest } from '../protocol/messages.js';
import type { Image, Options } from '../protocol/spec.js';
import { buildContract } from './contract.js';
import { RewardJudge } from './reward-judge.js';

export type MaybePromise<T> = T | Promise<T>;

/**
 * A vector env, wherever it steps. The caller writes actions into `actions`, one row an env that is stepped, and calls
 * `step`; the batch it gets is valid until its next call.
 */
export interface HostedVectorEnv {
  readonly contract: Contract;
  readonly layout: FrameLayout;
  readonly actions: readonly TypedArray[];
  /** Whether resets and steps are answered when others have moved: the session goes on meanwhile. */
  readonly waitsForOthers?: boolean;
  reset(request: ResetOrder): MaybePromise<ResetBatch>;
  step(ids?: Uint32Array): MaybePromise<StepBatch>;
  /** Everything that the futures of some envs depend on, as plain values. */
  snapshot(ids?: Uint32Array): MaybePromise<readonly unknown[]>;
  /** Puts envs where snapshots were taken, and shows them; where one is refused, all are as they were. */
  restore(snapshots: readonly unknown[], ids?: Uint32Array): MaybePromise<ResetBatch>;
  /** Rewards of transitions to `achieved` where `desired` was the goal; both are slabs. */
  rewards(task: string | undefined, achieved: Uint8Array, desired: Uint8Array): MaybePromise<Float64Array>;
  transitions(): MaybePromise<TransitionTable>;
  render(index: number): MaybePromise<Image>;
  /** Whether the client has lost its connection: where others wait for its moves, they need not. */
  setAway?(isAway: boolean): void;
  close(): void;
}

export interface ResetOrder {
  readonly ids?: Uint32Array | undefined;
  readonly seeds?: readonly (number | null)[] | undefined;
  readonly options?: Options | undefined;
}

/** Where vector envs live: in the connection's own thread, or on workers. */
export interface EnvHost {
  make(request: MakeRequest): MaybePromise<HostedVectorEnv>;
}

/** Steps envs in the thread that serves the connection: for cheap envs nothing is faster. */
export const inlineHost: EnvHost = {
  make(request) {
    const definition = getEnv(request.env);
    const options = resolveOptions(definition.spec, request.options ?? {});
    const autoreset = request.autoreset ?? 'next_step';
    const maxEpisodeSteps = request.maxEpisodeSteps ?? definition.spec.maxEpisodeSteps;
    const { numEnvs, seed } = request;
    const last = MAX_SEED[definition.rng] - numEnvs + 1;
    if (seed !== undefined && seed > last) {
      throw new FarstepError(
        'bad_message',
        `make.seed: expected an integer from 0 to ${last} for ${numEnvs} envs of ${request.env}, got ${seed}`,
      );
    }
    const envs = new VectorEnv(definition, { numEnvs, options, autoreset, maxEpisodeSteps });
    const every = Uint32Array.from({ length: numEnvs }, (_, i) => i);
    // The seed of `make` is for the first reset of each env, unless that brings one of its own.
    const unused: (number | null)[] = seed === undefined ? [] : expandSeed(seed, numEnvs);
    const judge = new RewardJudge(definition, options, envs.observationSpace);
    const contract = buildContract({
      spec: envs.spec,
      numEnvs,
      options,
      autoreset,
      maxEpisodeSteps: maxEpisodeSteps ?? null,
      observationSpace: envs.observationSpace,
      actionSpace: envs.actionSpace,
      infoSpaces: envs.infoSpaces,
      rewardTasks: judge.tasks,
    });
    return {
      contract,
      layout: frameLayout(contract.observationLeaves, contract.infos),
      actions: envs.actions,
      reset: (order) => {
        const ids = order.ids ?? every;
        const given = order.seeds ?? new Array<null>(ids.length).fill(null);
        const seeds = given.map((seed, row) => seed ?? unused[ids[row]!] ?? null);
        const batch = envs.reset({ ...order, seeds });
        for (const id of ids) unused[id] = null; // not before: a reset that is refused uses up no seed
        return batch;
      },
      step: (ids) => envs.step(ids),
      snapshot: (ids) => envs.snapshots(ids),
      restore: (snapshots, ids) => envs.restoreAll(snapshots, ids),
      rewards: (task, achieved, desired) => judge.rewards(task, achieved, desired),
      transitions: () => {
        const table = envs.transitions();
        if (!table) throw new FarstepError('not_supported', `transitions: ${envs.spec.id} is not a table`);
        return table;
      },
      render: (index) => envs.render(index),
      close: () => {},
    };
  },
};
