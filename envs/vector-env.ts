import type { TypedArray } from '../protocol/dtypes.js';
import { FarstepError } from '../protocol/errors.js';
import { Discrete, type Space, type View } from '../protocol/spaces/index.js';
import {
  allocateBatch,
  Batches,
  type BatchMemory,
  batchShape,
  type ResetBatch,
  Rows,
  type StepBatch,
} from './batch.js';
import type { Env, EnvDefinition, EnvSpec, Image, Options } from './env.js';
import { IdCheck } from './id-check.js';
import { resolveResetOptions } from './options.js';
import { createRng, MAX_SEED } from './rng/create.js';
import { randomSeed } from './rng/random-seed.js';
import type { Rng } from './rng/rng.js';
import { checkSeeds } from './seeds.js';
import { type EnvSnapshot, readEnvSnapshot } from './snapshot.js';
import { Phase, StepCheck } from './step-check.js';
import type { TransitionTable } from './tabular/table.js';

// V8 sees through a module's own constants, but looks imported ones up in every step.
const { unborn: UNBORN, running: RUNNING, ended: ENDED } = Phase;

/**
 * What follows the end of an episode (gymnasium.vector.AutoresetMode):
 * - `next_step`: the next step of that env ignores its action and resets, with reward 0;
 * - `same_step`: the step that ends the episode also resets, and the final observation rides along;
 * - `disabled`: nothing, until the caller resets; stepping before is an error.
 */
export type AutoresetMode = 'next_step' | 'same_step' | 'disabled';

export interface VectorEnvConfig {
  readonly numEnvs: number;
  /** Complete and valid (`resolveOptions`). */
  readonly options: Options;
  readonly autoreset: AutoresetMode;
  /** Time limit in steps, in place of the spec's. */
  readonly maxEpisodeSteps?: number | undefined;
  /** Where the seed of an env comes from that is reset without ever being given one. */
  readonly entropy?: () => number;
  /** Where batches lie, in place of memory of its own. Of the envs' own shape, and zeroed. */
  readonly memory?: BatchMemory;
  /** What messages call the first env, where these are a part of a larger vector; 0 where absent. */
  readonly firstId?: number;
}

export interface ResetRequest {
  /** Which envs; absent means all. Row k of the result belongs to env ids[k]. */
  readonly ids?: Uint32Array | undefined;
  /** A seed a row; null continues the env's random stream. Absent means null everywhere. */
  readonly seeds?: ArrayLike<number | null> | undefined;
  readonly options?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * N copies of one env that are stepped together, with Gymnasium's vector semantics: seeding, time limit, autoreset,
 * episode statistics. The caller writes actions into the rows of `actions` and calls `step`; what comes back lies in
 * arrays that were allocated once and that the next call overwrites.
 *
 * Requests are checked before any env is touched, so one that is refused changes nothing. The exception is
 * `env_failed`: an env threw, and the vector env is not to be used any more.
 */
export class VectorEnv {
  /** The env's, with the reward range that the options make. */
  readonly spec: EnvSpec;
  readonly numEnvs: number;
  readonly autoreset: AutoresetMode;
  readonly options: Options;
  /** Infinity if there is none. */
  readonly maxEpisodeSteps: number;
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  readonly infoSpaces: Readonly<Record<string, Space>>;
  /** One slab a leaf of the action space, N rows each: where the caller writes what `step` reads. */
  readonly actions: TypedArray[];

  readonly #definition: EnvDefinition;
  /** What a snapshot must name to be one of these envs. */
  readonly #identity: string;
  readonly #entropy: () => number;
  readonly #firstId: number;
  readonly #envs: readonly Env[];
  readonly #rngs: (Rng | undefined)[];
  readonly #seeds: Float64Array;
  /** A `Phase` an env. */
  readonly #phase: Uint8Array;
  readonly #elapsed: Uint32Array;
  readonly #returns: Float64Array;

  readonly #stepCheck: StepCheck;
  /** A Discrete action is handed over as a number, any other as the views of its row. */
  readonly #discreteActions: Int32Array | undefined;
  readonly #actionViews: readonly View[];
  readonly #out: Rows;
  /** Under SAME_STEP. */
  readonly #final: Rows | undefined;
  readonly #resetBatch: Batches['reset'];
  readonly #stepBatch: Batches['step'];
  readonly #ended: Batches['ended'];
  readonly #everyId: Uint32Array;
  readonly #idCheck: IdCheck;

  constructor(definition: EnvDefinition, config: VectorEnvConfig) {
    const n = config.numEnvs;
    this.numEnvs = n;
    this.autoreset = config.autoreset;
    this.options = config.options;
    this.maxEpisodeSteps = config.maxEpisodeSteps ?? definition.spec.maxEpisodeSteps ?? Infinity;
    this.#definition = definition;
    this.#identity = `${definition.spec.id} ${JSON.stringify(config.options)} v1`;
    this.#entropy = config.entropy ?? randomSeed;
    this.#firstId = config.firstId ?? 0;
    this.#envs = Array.from({ length: n }, () => definition.create(config.options));
    const first = this.#envs[0]!;
    const { rewardRange = definition.spec.rewardRange } = first;
    this.spec = { ...definition.spec, rewardRange };
    this.observationSpace = first.observationSpace;
    this.actionSpace = first.actionSpace;
    this.infoSpaces = first.infoSpaces ?? {};

    const memory =
      config.memory ??
      allocateBatch(
        batchShape(
          n,
          this.actionSpace,
          this.observationSpace,
          this.infoSpaces,
          this.autoreset === 'same_step',
        ),
      );
    this.#rngs = new Array(n).fill(undefined);
    this.#seeds = new Float64Array(n);
    this.#phase = memory.phases;
    this.#elapsed = new Uint32Array(n);
    this.#returns = new Float64Array(n);

    const { actions, observations, infos, ended } = memory;
    this.actions = actions;
    this.#actionViews = new Rows(this.actionSpace, {}, n, actions).views;
    this.#stepCheck = new StepCheck(this.actionSpace, actions, this.#phase, this.autoreset);
    this.#discreteActions = this.actionSpace instanceof Discrete ? (actions[0] as Int32Array) : undefined;

    this.#out = new Rows(this.observationSpace, this.infoSpaces, n, observations, infos);
    const { finalObservations, finalInfos } = ended;
    this.#final =
      finalObservations && new Rows(this.observationSpace, this.infoSpaces, n, finalObservations, finalInfos);
    ({ reset: this.#resetBatch, step: this.#stepBatch, ended: this.#ended } = new Batches(memory));
    this.#everyId = Uint32Array.from({ length: n }, (_, i) => i);
    this.#idCheck = new IdCheck(n);
  }

  /** Starts an episode in each of the envs asked for. Throws `bad_ids`, `bad_message` (a seed) or `bad_options`. */
  reset(request: ResetRequest = {}): ResetBatch {
    const { ids = this.#everyId, seeds } = request;
    this.#idCheck.check('reset', ids);
    if (seeds !== undefined) checkSeeds(this.spec.id, MAX_SEED[this.#definition.rng], seeds, ids);
    const options = resolveResetOptions(this.#definition, request.options);
    let id = 0;
    try {
      for (let row = 0; row < ids.length; row++) {
        id = ids[row]!;
        this.#start(id, seeds?.[row] ?? null, options);
        this.#observe(id, this.#out, row);
        this.#resetBatch.seeds[row] = this.#seeds[id]!;
      }
    } catch (error) {
      // Options that contradict each other are the caller's mistake, and the first env has refused them.
      throw error instanceof FarstepError ? error : this.#failure('reset', id, error);
    }
    this.#resetBatch.n = ids.length;
    return this.#resetBatch;
  }

  /**
   * Steps env ids[k] with the action in row k, for every k; without ids, every env with the action in its own row.
   * Throws `bad_ids`, `not_reset`, `episode_over` or `bad_action`, and then no env was stepped.
   */
  step(ids: Uint32Array = this.#everyId): StepBatch {
    if (ids !== this.#everyId) this.#idCheck.check('step', ids);
    this.#stepCheck.check(ids);
    this.#ended.n = 0;
    let id = 0;
    try {
      for (let row = 0; row < ids.length; row++) {
        id = ids[row]!;
        // Of the modes only NEXT_STEP lets an ended env come this far.
        if (this.#phase[id] === ENDED) this.#restart(id, row);
        else this.#advance(id, row);
      }
    } catch (error) {
      throw this.#failure('step', id, error);
    }
    this.#stepBatch.n = ids.length;
    this.#stepBatch.ended = this.#ended.n > 0 ? this.#ended : undefined;
    return this.#stepBatch;
  }

  /** A picture of one env. Throws `bad_ids`, `not_reset` or `no_render`. */
  render(id: number): Image {
    const env = this.#born('render', id);
    if (env.render === undefined) throw new FarstepError('no_render', `${this.spec.id} cannot be rendered`);
    return env.render();
  }

  /** What may follow each state and action; undefined for an env that is no table. */
  transitions(): TransitionTable | undefined {
    return this.#envs[0]!.transitions?.();
  }

  /** A snapshot of each of some envs, or of all. Throws `bad_ids` or `not_reset`. */
  snapshots(ids: Uint32Array = this.#everyId): EnvSnapshot[] {
    this.#idCheck.check('snapshot', ids);
    return Array.from(ids, (id) => this.snapshot(id));
  }

  /**
   * Puts envs where snapshots were taken and shows them as they are now.
   * Throws `bad_ids` or `bad_snapshot`; then all of them are as they were.
   */
  restoreAll(snapshots: readonly unknown[], ids: Uint32Array = this.#everyId): ResetBatch {
    this.restoreOrUndo(snapshots, ids);
    return this.show(ids);
  }

  /** As `restoreAll`, without showing them; gives what puts the envs back where they were. */
  restoreOrUndo(snapshots: readonly unknown[], ids: Uint32Array = this.#everyId): () => void {
    this.#idCheck.check('restore', ids);
    if (snapshots.length !== ids.length) {
      throw new FarstepError('bad_snapshot', `restore: ${snapshots.length} snapshots for ${ids.length} envs`);
    }
    const before = Array.from(ids, (id) => (this.#phase[id] === UNBORN ? undefined : this.snapshot(id)));
    let row = 0;
    const undo = (): void => {
      while (row-- > 0) {
        if (before[row]) this.restore(ids[row]!, before[row]);
        else this.#phase[ids[row]!] = UNBORN;
      }
    };
    try {
      for (; row < ids.length; row++) this.restore(ids[row]!, snapshots[row]);
    } catch (error) {
      undo();
      throw error;
    }
    return undo;
  }

  /** Some envs as they are now, as a reset shows them. */
  show(ids: Uint32Array = this.#everyId): ResetBatch {
    for (let row = 0; row < ids.length; row++) {
      this.#observe(ids[row]!, this.#out, row);
      this.#resetBatch.seeds[row] = this.#seeds[ids[row]!]!;
    }
    this.#resetBatch.n = ids.length;
    return this.#resetBatch;
  }

  /** Everything that the future of one env depends on, as plain values. Throws `bad_ids` or `not_reset`. */
  snapshot(id: number): EnvSnapshot {
    const env = this.#born('snapshot', id);
    return {
      env: this.#identity,
      state: env.snapshot(),
      rng: this.#rngs[id]!.getState(),
      seed: this.#seeds[id]!,
      elapsed: this.#elapsed[id]!,
      return: this.#returns[id]!,
      ended: this.#phase[id] === ENDED,
    };
  }

  /**
   * Puts one env where a snapshot was taken of any env with the same id and options.
   * Throws `bad_ids`, or `bad_snapshot` if it is no such snapshot; then the env is as it was.
   */
  restore(id: number, snapshot: unknown): void {
    this.#idCheck.checkOne('restore', id);
    const env = this.#envs[id]!;
    const from = readEnvSnapshot(snapshot, this.#identity);
    let rng = this.#rngs[id];
    // The generator's state is tried on another one first: the env must not change if it is refused.
    const probe = createRng(this.#definition.rng, 0);
    probe.setState(from.rng);
    if (rng === undefined) {
      rng = probe;
      env.reset(rng); // an env draws from the generator of its last reset
    }
    env.restore(from.state);
    rng.setState(from.rng);
    this.#rngs[id] = rng;
    this.#seeds[id] = from.seed;
    this.#elapsed[id] = from.elapsed;
    this.#returns[id] = from.return;
    this.#phase[id] = from.ended ? ENDED : RUNNING;
  }

  /** Starts an episode of one env, from a seed or from where its random stream is. */
  #start(id: number, seed: number | null, options?: Options): void {
    const fresh = seed ?? (this.#rngs[id] === undefined ? this.#entropy() : undefined);
    const rng = fresh === undefined ? this.#rngs[id]! : createRng(this.#definition.rng, fresh);
    this.#begin(id, rng, options);
    this.#rngs[id] = rng;
    if (fresh !== undefined) this.#seeds[id] = fresh;
  }

  #begin(id: number, rng: Rng, options?: Options): void {
    this.#envs[id]!.reset(rng, options);
    this.#elapsed[id] = 0;
    this.#returns[id] = 0;
    this.#phase[id] = RUNNING;
  }

  /** The step after an end under NEXT_STEP. */
  #restart(id: number, row: number): void {
    this.#begin(id, this.#rngs[id]!);
    this.#observe(id, this.#out, row);
    this.#stepBatch.rewards[row] = 0;
    this.#stepBatch.terminated[row] = 0;
    this.#stepBatch.truncated[row] = 0;
  }

  #advance(id: number, row: number): void {
    const env = this.#envs[id]!;
    const discrete = this.#discreteActions;
    env.step(discrete === undefined ? this.#actionViews[row]! : discrete[row]!);

    const { reward, terminated } = env;
    const elapsed = this.#elapsed[id]! + 1;
    const truncated = elapsed >= this.maxEpisodeSteps;
    this.#elapsed[id] = elapsed;
    this.#returns[id]! += reward;
    this.#stepBatch.rewards[row] = reward;
    this.#stepBatch.terminated[row] = terminated ? 1 : 0;
    this.#stepBatch.truncated[row] = truncated ? 1 : 0;

    if (terminated || truncated) this.#end(id, row);
    this.#observe(id, this.#out, row);
  }

  /** Notes the episode that just ended and, under SAME_STEP, starts the next. */
  #end(id: number, row: number): void {
    const ended = this.#ended;
    const i = ended.n++;
    ended.rows[i] = row;
    ended.returns[i] = this.#returns[id]!;
    ended.lengths[i] = this.#elapsed[id]!;
    ended.seeds[i] = this.#seeds[id]!;
    this.#phase[id] = ENDED;
    if (this.#final !== undefined) {
      this.#observe(id, this.#final, i);
      this.#begin(id, this.#rngs[id]!);
    }
  }

  #observe(id: number, out: Rows, row: number): void {
    const env = this.#envs[id]!;
    env.observe(out.views[row]!);
    env.writeInfo?.(out.infoViews[row]!);
  }

  /** The env of that id, which has been reset. */
  #born(where: string, id: number): Env {
    this.#idCheck.checkOne(where, id);
    if (this.#phase[id] === UNBORN)
      throw new FarstepError('not_reset', `${where}: env ${this.#firstId + id} was never reset`);
    return this.#envs[id]!;
  }

  #failure(where: string, id: number, cause: unknown): FarstepError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const env = `env ${this.#firstId + id}`;
    return new FarstepError('env_failed', `${where}: ${env}: ${this.spec.id} threw: ${reason}`, { cause });
  }
}
