import type { ResetBatch, StepBatch } from '../envs/batch.js';
import { resolveOptions } from '../envs/options.js';
import { getEnv } from '../envs/registry.js';
import { MAX_SEED } from '../envs/rng/create.js';
import { expandSeed } from '../envs/seeds.js';
import type { TransitionTable } from '../envs/tabular/table.js';
import { type AutoresetMode, VectorEnv, type VectorEnvConfig } from '../envs/vector-env.js';
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
 * `step`, which is done with them when it returns; the batch it gets is valid until its next call for the same envs.
 */
export interface HostedVectorEnv {
  readonly contract: Contract;
  readonly layout: FrameLayout;
  readonly actions: readonly TypedArray[];
  /** Whether resets and steps are answered when others have moved: the session goes on meanwhile. */
  readonly waitsForOthers?: boolean;
  /**
   * The parts of the vector that a call for these envs keeps busy, as bits: calls that share none may be under way
   * together. Absent: it has one part. Ids out of range are no part of any.
   */
  partsOf?(ids: Uint32Array): number;
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

/** The threads and processes that step envs. */
export interface HostState {
  /** Whether what it starts with is there. */
  readonly isReady: boolean;
  /** Parts of vector envs on each thread. */
  readonly threads: readonly number[];
  /** The ids of the processes, which have a part each. */
  readonly processes: readonly number[];
  /** How long the one that has been at its work for longest has been, milliseconds. */
  readonly busyMs: { readonly threads: number; readonly processes: number };
  /** How many died or were ended for a limit. */
  readonly failed: { readonly threads: number; readonly processes: number };
}

/** Where vector envs live: in the connection's own thread, or on workers. */
export interface EnvHost {
  /** Absent where there are no workers. */
  readonly state?: HostState;
  make(request: MakeRequest): MaybePromise<HostedVectorEnv>;
}

/** A `make` as it is carried out, defaults filled in. Plain values. */
export interface MakeOrder {
  readonly env: string;
  readonly numEnvs: number;
  readonly options: Options;
  readonly autoreset: AutoresetMode;
  /** The spec's where absent. */
  readonly maxEpisodeSteps?: number | undefined;
}

/** Throws `unknown_env`, `bad_options`, or `bad_message` on a seed. */
export function readMake(request: MakeRequest): MakeOrder {
  const { env, numEnvs, seed } = request;
  const definition = getEnv(env);
  const options = resolveOptions(definition.spec, request.options ?? {});
  const last = MAX_SEED[definition.rng] - numEnvs + 1;
  if (seed !== undefined && seed > last) {
    throw new FarstepError(
      'bad_message',
      `make.seed: expected an integer from 0 to ${last} for ${numEnvs} envs of ${env}, got ${seed}`,
    );
  }
  const { autoreset = 'next_step', maxEpisodeSteps } = request;
  return { env, numEnvs, options, autoreset, maxEpisodeSteps };
}

/** The envs that `order` asks for, or a part of them, with what judges their rewards. */
export function makeEnvs(order: MakeOrder, part: Pick<VectorEnvConfig, 'memory' | 'firstId'> = {}) {
  const { env, numEnvs, options, autoreset, maxEpisodeSteps } = order;
  const definition = getEnv(env);
  const envs = new VectorEnv(definition, { numEnvs, options, autoreset, maxEpisodeSteps, ...part });
  return { envs, judge: new RewardJudge(definition, options, envs.observationSpace) };
}

/** The contract of what `order` asks for, of which `envs` may be a part. */
export const contractOf = (order: MakeOrder, envs: VectorEnv, judge: RewardJudge): Contract =>
  buildContract({
    spec: envs.spec,
    numEnvs: order.numEnvs,
    options: order.options,
    autoreset: order.autoreset,
    maxEpisodeSteps: order.maxEpisodeSteps ?? envs.spec.maxEpisodeSteps ?? null,
    observationSpace: envs.observationSpace,
    actionSpace: envs.actionSpace,
    infoSpaces: envs.infoSpaces,
    rewardTasks: judge.tasks,
  });

/** The seeds of a `make`: each is for the first reset of its env, unless that brings one of its own. */
export class FirstSeeds {
  readonly #unused: (number | null)[];
  readonly #every: Uint32Array;

  constructor({ seed, numEnvs }: MakeRequest) {
    this.#unused = seed === undefined ? [] : expandSeed(seed, numEnvs);
    this.#every = Uint32Array.from({ length: numEnvs }, (_, i) => i);
  }

  /** The order with a seed, or null, for each env that it resets. */
  fill(order: ResetOrder): ResetOrder & { readonly seeds: readonly (number | null)[] } {
    const ids = order.ids ?? this.#every;
    const given = order.seeds ?? new Array<null>(ids.length).fill(null);
    return { ...order, seeds: given.map((seed, row) => seed ?? this.#unused[ids[row]!] ?? null) };
  }

  /** The reset was carried out: one that is refused uses up no seed. */
  use({ ids = this.#every }: ResetOrder): void {
    for (const id of ids) this.#unused[id] = null;
  }
}

/** The table of an env that is one. Throws `not_supported`. */
export function tableOf(envs: VectorEnv): TransitionTable {
  const table = envs.transitions();
  if (!table) throw new FarstepError('not_supported', `transitions: ${envs.spec.id} is not a table`);
  return table;
}

/** Steps envs in the thread that serves the connection: for cheap envs nothing is faster. */
export const inlineHost = {
  make(request: MakeRequest): HostedVectorEnv {
    const order = readMake(request);
    const { envs, judge } = makeEnvs(order);
    const contract = contractOf(order, envs, judge);
    const seeds = new FirstSeeds(request);
    return {
      contract,
      layout: frameLayout(contract.observationLeaves, contract.infos),
      actions: envs.actions,
      reset: (asked) => {
        const batch = envs.reset(seeds.fill(asked));
        seeds.use(asked);
        return batch;
      },
      step: (ids) => envs.step(ids),
      snapshot: (ids) => envs.snapshots(ids),
      restore: (snapshots, ids) => envs.restoreAll(snapshots, ids),
      rewards: (task, achieved, desired) => judge.rewards(task, achieved, desired),
      transitions: () => tableOf(envs),
      render: (index) => envs.render(index),
      close: () => {},
    };
  },
} satisfies EnvHost;
