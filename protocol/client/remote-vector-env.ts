import { arrayType, bytesOf, sizeOf, type TypedArray, viewOrCopy } from '../dtypes.js';
import { FarstepError } from '../errors.js';
import { decodeStepped, type FrameLayout, type LeafLayout } from '../frames.js';
import type { AutoresetMode, Contract, Started } from '../messages.js';
import type { ResetResult, StepResult } from '../results.js';
import type { Leaf, Space } from '../spaces/index.js';
import type { EnvSpec, Image, Options, TransitionTable } from '../spec.js';
import type { Connection } from './connection.js';
import { contractLayout } from './contract-layout.js';

/** Typed arrays of a batch of actions: one a leaf of the action space, or the array itself where there is one leaf. */
export type Actions = TypedArray | readonly TypedArray[];

export interface StepOptions {
  /** Step these envs alone; row k of actions and results belongs to env ids[k]. */
  readonly ids?: ArrayLike<number>;
}

export interface ResetOptions {
  /** Reset these envs alone. */
  readonly ids?: readonly number[];
  /** A seed s gives env i seed s + i; an array gives one for each env that is reset (null goes on with its stream). */
  readonly seed?: number | readonly (number | null)[];
  readonly options?: Options;
}

/**
 * Envs on a server, stepped together. Several steps may be under way at once: `step` may be called again before the
 * last one has come back, and each promise is settled by its own reply.
 */
export class RemoteVectorEnv {
  readonly spec: EnvSpec;
  readonly numEnvs: number;
  /** Space of one env's observation. */
  readonly observationSpace: Space;
  /** Space of one env's action. */
  readonly actionSpace: Space;
  /** Spaces of what comes beside the observation of one env, by name. */
  readonly infoSpaces: Readonly<Record<string, Space>>;
  readonly autoreset: AutoresetMode;
  /** The time limit in force, in steps; null for none. */
  readonly maxEpisodeSteps: number | null;
  /** Changes whenever anything in the contract does. */
  readonly contractHash: string;
  readonly #connection: Connection;
  readonly #layout: FrameLayout;
  readonly #decode: (frame: Uint8Array) => StepResult;
  readonly #actionLeaves: readonly Leaf[];
  readonly #handle: number;
  readonly #underway: Promise<StepResult>[] = [];
  #closed = false;

  constructor(
    connection: Connection,
    handle: number,
    readonly contract: Contract,
    /** Whether resets and steps are answered only when others have moved, however long they take. */
    private readonly waitsForOthers = false,
  ) {
    this.#connection = connection;
    this.#handle = handle;
    this.spec = contract.spec;
    this.numEnvs = contract.numEnvs;
    const { observationSpace, actionSpace, infoSpaces, layout } = contractLayout(contract);
    this.observationSpace = observationSpace;
    this.actionSpace = actionSpace;
    this.infoSpaces = infoSpaces;
    this.autoreset = contract.autoreset;
    this.maxEpisodeSteps = contract.maxEpisodeSteps;
    this.contractHash = contract.hash;
    this.#layout = layout;
    this.#decode = (frame) => decodeStepped(frame, layout);
    this.#actionLeaves = this.actionSpace.leaves;
  }

  /** Starts new episodes. */
  async reset({ ids, seed, options }: ResetOptions = {}): Promise<ResetResult> {
    this.#checkOpen('reset');
    const indices = ids ?? Array.from({ length: this.numEnvs }, (_, i) => i);
    const seeds = typeof seed === 'number' ? indices.map((i) => seed + i) : seed;
    const env = this.#handle;
    return this.#started(
      await this.#connection.request<'reset'>(
        { type: 'reset', env, ids, seeds, options },
        this.waitsForOthers,
      ),
    );
  }

  #started({ n, observations, infos, seeds }: Started): ResetResult {
    const slabs = (name: string, leaves: readonly LeafLayout[], bytes: readonly Uint8Array[] = []) =>
      leaves.map((leaf, i) => {
        if (bytes[i]?.length === n * leaf.bytes) return viewOrCopy(leaf.dtype, bytes[i], 0, n * leaf.size);
        const got = `${bytes[i]?.length ?? 0} bytes`;
        throw new FarstepError(
          'bad_reply',
          `started.${name}[${i}]: expected ${n * leaf.bytes} bytes, got ${got}`,
        );
      });
    return {
      n,
      observations: slabs('observations', this.#layout.observations, observations),
      infos: Object.fromEntries(
        this.#layout.infos.map(({ name, leaves }, i) => [name, slabs(`infos.${name}`, leaves, infos[i])]),
      ),
      seeds: Float64Array.from(seeds),
    };
  }

  /**
   * Steps all envs, or those of `ids`. `actions` are typed arrays of the action leaves' dtypes, a row an env.
   * Rejects with `bad_action` (nothing was stepped), `not_reset`, `episode_over`, `env_failed`.
   */
  step(actions: Actions, { ids }: StepOptions = {}): Promise<StepResult> {
    const slabs = Array.isArray(actions) ? (actions as readonly TypedArray[]) : [actions as TypedArray];
    try {
      this.#checkOpen('step');
      if (ids) this.#checkIds(ids);
      this.#checkActions(slabs, ids?.length ?? this.numEnvs);
    } catch (error) {
      return Promise.reject(error as FarstepError);
    }
    const rows = ids === undefined ? undefined : Uint32Array.from(ids);
    return this.#connection.step(this.#handle, slabs, rows, this.#decode, this.waitsForOthers);
  }

  /** Sends a step without waiting for it; `stepWait` gives its result. */
  stepAsync(actions: Actions, options?: StepOptions): void {
    const result = this.step(actions, options);
    result.catch(() => {}); // told by stepWait
    this.#underway.push(result);
  }

  /** The result of the oldest `stepAsync` not yet waited for. */
  async stepWait(): Promise<StepResult> {
    const result = this.#underway.shift();
    if (!result) throw new FarstepError('bad_message', 'stepWait: no stepAsync is under way');
    return result;
  }

  /**
   * Everything that the futures of some envs depend on, or of all: state, random stream, time limit, statistics. To be
   * given to `restore` of any vector env of the same id and options, on a server of the same version, and not to be
   * looked into. Rejects with `not_reset`.
   */
  async snapshot(ids?: readonly number[]): Promise<readonly unknown[]> {
    this.#checkOpen('snapshot');
    const env = this.#handle;
    return (await this.#connection.request<'snapshot'>({ type: 'snapshot', env, ids })).snapshots;
  }

  /**
   * Puts envs where snapshots were taken; gives their observations. Rejects with `bad_snapshot`, and then all envs are
   * as they were.
   */
  async restore(snapshots: readonly unknown[], ids?: readonly number[]): Promise<ResetResult> {
    this.#checkOpen('restore');
    const env = this.#handle;
    return this.#started(await this.#connection.request<'restore'>({ type: 'restore', env, ids, snapshots }));
  }

  /**
   * Rewards that transitions would have paid under other goals (hindsight relabelling), float64 [n]. `achieved` and
   * `desired` are rows of those parts of the observation; `task` is one of `contract.rewardTasks`.
   * Rejects with `not_supported` where the env has no goals.
   */
  async computeReward(achieved: TypedArray, desired: TypedArray, task?: string): Promise<Float64Array> {
    this.#checkOpen('computeReward');
    const { rewards } = await this.#connection.request<'rewards'>({
      type: 'rewards',
      env: this.#handle,
      task,
      achieved: bytesOf(achieved),
      desired: bytesOf(desired),
    });
    return viewOrCopy('float64', rewards, 0, rewards.length / 8) as Float64Array;
  }

  /** The env as a table, for dynamic programming. Rejects with `not_supported` where it is none. */
  async transitions(): Promise<TransitionTable> {
    this.#checkOpen('transitions');
    const table = await this.#connection.request<'transitions'>({ type: 'transitions', env: this.#handle });
    const { numStates, numActions, first, probabilities, nextStates, rewards, terminated } = table;
    const int32 = (bytes: Uint8Array) => viewOrCopy('int32', bytes, 0, bytes.length / 4) as Int32Array;
    const float64 = (bytes: Uint8Array) => viewOrCopy('float64', bytes, 0, bytes.length / 8) as Float64Array;
    return {
      numStates,
      numActions,
      first: int32(first),
      probabilities: float64(probabilities),
      nextStates: int32(nextStates),
      rewards: float64(rewards),
      terminated: viewOrCopy('uint8', terminated, 0, terminated.length) as Uint8Array,
    };
  }

  /** A picture of env `index` as it is now, 8-bit RGB. */
  async render(index = 0): Promise<Image> {
    this.#checkOpen('render');
    const { width, height, data } = await this.#connection.request<'render'>({
      type: 'render',
      env: this.#handle,
      index,
      format: 'rgb',
    });
    return { width, height, data };
  }

  /** The same as a PNG file. */
  async renderPng(index = 0): Promise<Uint8Array> {
    this.#checkOpen('render');
    return (
      await this.#connection.request<'render'>({ type: 'render', env: this.#handle, index, format: 'png' })
    ).data;
  }

  /**
   * Lets others watch: gives the token that `Client.subscribe` takes, on any connection. Whoever has it may watch for as
   * long as this vector env is open. Rejects with `not_supported` for a single seat.
   */
  async share(): Promise<string> {
    this.#checkOpen('share');
    return (await this.#connection.request<'share'>({ type: 'share', env: this.#handle })).token;
  }

  /** Closes the envs on the server. The session goes on. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#connection.request<'close'>({ type: 'close', env: this.#handle });
  }

  /** As `close`, of a handle of a world. */
  async leave(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#connection.request<'leave'>({ type: 'leave', env: this.#handle });
  }

  #checkOpen(what: string): void {
    if (this.#closed)
      throw new FarstepError('closed', `${what}: this vector env of ${this.spec.id} is closed`);
  }

  /** Checked before they become uint32, which would wrap around. */
  #checkIds(ids: ArrayLike<number>): void {
    for (let row = 0; row < ids.length; row++) {
      const id = ids[row]!;
      if (Number.isInteger(id) && id >= 0 && id < this.numEnvs) continue;
      throw new FarstepError('bad_ids', `step: ids[${row}]: expected 0 to ${this.numEnvs - 1}, got ${id}`);
    }
  }

  /** The server sees bytes alone, so the dtype is checked here. */
  #checkActions(slabs: readonly TypedArray[], n: number): void {
    const leaves = this.#actionLeaves;
    if (slabs.length !== leaves.length) {
      throw new FarstepError(
        'bad_action',
        `step: expected ${leaves.length} arrays of actions, got ${slabs.length}`,
      );
    }
    for (let i = 0; i < leaves.length; i++) {
      const { dtype, shape, path } = leaves[i]!;
      const slab = slabs[i]!;
      const length = n * sizeOf(shape);
      if (slab instanceof arrayType(dtype) && slab.length === length) continue;
      const where = path.length > 0 ? ` ${path.join('.')}` : '';
      const got = ArrayBuffer.isView(slab)
        ? `${slab.constructor.name}(${slab.length})`
        : JSON.stringify(slab);
      throw new FarstepError(
        'bad_action',
        `step: actions${where}: expected ${arrayType(dtype).name}(${length}) for ${n} of ${this.actionSpace.toString()}, got ${got}`,
      );
    }
  }
}
