import type { TypedArray } from '../protocol/dtypes.js';
import { FarstepError } from '../protocol/errors.js';
import { Box, Discrete, type Space, type View } from '../protocol/spaces/index.js';
import { ActionCheck } from './action-check.js';
import { allocateBatch, Batches, batchShape, type ResetBatch, Rows, type StepBatch } from './batch.js';
import type { EnvSpec, Image, Options } from './env.js';
import { createRng, MAX_SEED } from './rng/create.js';
import { randomSeed } from './rng/random-seed.js';
import type { Rng } from './rng/rng.js';
import type { World, WorldDefinition } from './world.js';
import { readWorldSnapshot, type WorldSnapshot } from './world-snapshot.js';

export interface HostedWorldConfig {
  /** Complete and valid (`resolveOptions`). */
  readonly options: Options;
  /** Time limit in steps of the world, in place of the spec's. */
  readonly maxEpisodeSteps?: number | undefined;
  /** Where the seed of the first game comes from if none is given. */
  readonly entropy?: () => number;
}

/**
 * A world with what every game needs around it: seeding, validation, a time limit, statistics by seat. Batches have a
 * row a seat, in the order of `seats`. The caller writes the actions of the seats that move into their rows of
 * `actions` and calls `step`; what comes back lies in arrays that were allocated once and that the next call
 * overwrites.
 *
 * `terminated` and `truncated` of a seat stay up from the step that ended it until the next reset, and its rewards
 * are 0 from then on. Besides the world's own infos there are `live`, 1 while the seat is in the game; `missed`, the
 * moves of this game that the default action made for it; and in turn games `turn`, the index of the seat that moves
 * next (the same in every row).
 *
 * Requests are checked before anything moves, so one that is refused changes nothing. The exception is `env_failed`:
 * the world threw, and is not to be used any more.
 */
export class HostedWorld {
  /** The world's, with the reward range that the options make. */
  readonly spec: EnvSpec;
  readonly seats: readonly string[];
  readonly turns: boolean;
  readonly options: Options;
  /** Infinity if there is none. */
  readonly maxEpisodeSteps: number;
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  readonly infoSpaces: Readonly<Record<string, Space>>;
  /** One slab a leaf of the action space, a row a seat: where the caller writes what `step` reads. */
  readonly actions: TypedArray[];

  readonly #definition: WorldDefinition;
  readonly #identity: string;
  readonly #entropy: () => number;
  readonly #world: World;
  #rng: Rng | undefined;
  #seed = 0;
  #elapsed = 0;
  readonly #returns: Float64Array;
  readonly #missed: Uint32Array;

  readonly #actionCheck: ActionCheck;
  readonly #discreteActions: Int32Array | undefined;
  /** What the world is given: the views of each row, or the numbers of a Discrete space. */
  readonly #given: View[];
  readonly #out: Rows;
  readonly #resetBatch: Batches['reset'];
  readonly #stepBatch: Batches['step'];
  readonly #ended: Batches['ended'];

  constructor(definition: WorldDefinition, config: HostedWorldConfig) {
    const n = definition.seats.length;
    this.seats = definition.seats;
    this.turns = definition.turns;
    this.options = config.options;
    this.maxEpisodeSteps = config.maxEpisodeSteps ?? definition.spec.maxEpisodeSteps ?? Infinity;
    this.#definition = definition;
    this.#identity = `${definition.spec.id} ${JSON.stringify(config.options)} v1`;
    this.#entropy = config.entropy ?? randomSeed;
    this.#world = definition.create(config.options);
    const { rewardRange = definition.spec.rewardRange } = this.#world;
    this.spec = { ...definition.spec, rewardRange };
    this.observationSpace = this.#world.observationSpace;
    this.actionSpace = this.#world.actionSpace;
    this.infoSpaces = {
      ...this.#world.infoSpaces,
      live: new Box(0, 1, [], 'bool'),
      missed: new Box(0, 2 ** 32 - 1, [], 'uint32'),
      ...(this.turns && { turn: new Discrete(n) }),
    };
    this.#returns = new Float64Array(n);
    this.#missed = new Uint32Array(n);

    const memory = allocateBatch(
      batchShape(n, this.actionSpace, this.observationSpace, this.infoSpaces, false),
    );
    this.actions = memory.actions;
    this.#given = [...new Rows(this.actionSpace, {}, n, memory.actions).views];
    this.#actionCheck = new ActionCheck(this.actionSpace, this.actions);
    this.#discreteActions =
      this.actionSpace instanceof Discrete ? (this.actions[0] as Int32Array) : undefined;

    this.#out = new Rows(this.observationSpace, this.infoSpaces, n, memory.observations, memory.infos);
    ({ reset: this.#resetBatch, step: this.#stepBatch, ended: this.#ended } = new Batches(memory));
  }

  /** What `useDefault` does, in words. */
  get defaultAction(): string {
    return this.#definition.defaultAction;
  }

  /** The seed of the random stream. */
  get seed(): number {
    return this.#seed;
  }

  /** Turn games: the index of the seat that moves next. */
  get turn(): number {
    return this.#world.turn;
  }

  /** Whether a game has been started. */
  get wasReset(): boolean {
    return this.#rng !== undefined;
  }

  /** Whether a seat is in the game: there is one, and the seat is not done. */
  isLive(seat: number): boolean {
    const { terminated, truncated } = this.#stepBatch;
    return this.wasReset && terminated[seat] === 0 && truncated[seat] === 0;
  }

  /** Whether the next step takes an action of this seat. */
  moves(seat: number): boolean {
    return this.isLive(seat) && (!this.turns || seat === this.turn);
  }

  /** The last step, or the reset, as it stands: rewards are those of the last step. */
  get batch(): StepBatch {
    return this.#stepBatch;
  }

  /** Starts a game, from a seed or from where the random stream is. Throws `bad_message` (the seed). */
  reset(seed: number | null = null): ResetBatch {
    const max = MAX_SEED[this.#definition.rng];
    if (seed !== null && !(Number.isInteger(seed) && seed >= 0 && seed <= max)) {
      throw new FarstepError(
        'bad_message',
        `reset: the seed of ${this.spec.id} must be an integer from 0 to ${max}, got ${seed}`,
      );
    }
    const fresh = seed ?? (this.#rng === undefined ? this.#entropy() : undefined);
    const rng = fresh === undefined ? this.#rng! : createRng(this.#definition.rng, fresh);
    try {
      this.#world.reset(rng);
    } catch (error) {
      throw this.#failure('reset', error);
    }
    this.#rng = rng;
    if (fresh !== undefined) this.#seed = fresh;
    this.#elapsed = 0;
    this.#returns.fill(0);
    this.#missed.fill(0);
    this.#stepBatch.truncated.fill(0);
    return this.#show();
  }

  /** Throws `bad_action` if the row of a seat does not lie in the action space. */
  checkAction(seat: number): void {
    if (this.#actionCheck.contains(seat)) return;
    throw new FarstepError(
      'bad_action',
      `step: seat ${this.seats[seat]}: ${this.#actionCheck.explain(seat)}`,
    );
  }

  /** Writes the default action into the row of a seat that moves, and counts it as missed. */
  useDefault(seat: number): void {
    this.actionSpace.write(this.#world.defaultAction(seat), this.actions, seat);
    this.#missed[seat]!++;
  }

  /**
   * Advances by the actions of the seats that move, from their rows of `actions`.
   * Throws `not_reset`, `episode_over` or `bad_action`, and then nothing has moved.
   */
  step(): StepBatch {
    this.checkRunning();
    const n = this.seats.length;
    for (let seat = 0; seat < n; seat++) if (this.moves(seat)) this.checkAction(seat);
    if (this.#discreteActions)
      for (let seat = 0; seat < n; seat++) this.#given[seat] = this.#discreteActions[seat]!;
    try {
      this.#world.step(this.#given);
      this.#elapsed++;
      this.#count();
      this.#observe();
    } catch (error) {
      throw this.#failure('step', error);
    }
    return this.#stepBatch;
  }

  /** Throws `not_reset` or `episode_over` unless some seat is in the game. */
  checkRunning(): void {
    if (!this.wasReset) throw new FarstepError('not_reset', 'step: the world was never reset');
    for (let seat = 0; seat < this.seats.length; seat++) if (this.isLive(seat)) return;
    throw new FarstepError('episode_over', 'step: the game is over; reset the world first');
  }

  /** A picture of the world. Throws `not_reset` or `no_render`. */
  render(): Image {
    if (!this.wasReset) throw new FarstepError('not_reset', 'render: the world was never reset');
    if (!this.#world.render) throw new FarstepError('no_render', `${this.spec.id} cannot be rendered`);
    return this.#world.render();
  }

  /** Everything that the future of the game depends on, as plain values. Throws `not_reset`. */
  snapshot(): WorldSnapshot {
    if (!this.wasReset) throw new FarstepError('not_reset', 'snapshot: the world was never reset');
    return {
      world: this.#identity,
      state: this.#world.snapshot(),
      rng: this.#rng!.getState(),
      seed: this.#seed,
      elapsed: this.#elapsed,
      returns: Array.from(this.#returns),
      missed: Array.from(this.#missed),
      truncated: Array.from(this.#stepBatch.truncated),
    };
  }

  /**
   * Puts the world where a snapshot was taken of any world with the same id and options, and shows it.
   * Throws `bad_snapshot`; then the world is as it was.
   */
  restore(snapshot: unknown): ResetBatch {
    const from = readWorldSnapshot(snapshot, this.#identity, this.seats.length);
    // The generator's state is tried on another one first: the world must not change if it is refused.
    const probe = createRng(this.#definition.rng, 0);
    probe.setState(from.rng);
    let rng = this.#rng;
    if (rng === undefined) {
      rng = probe;
      this.#world.reset(rng); // a world draws from the generator of its last reset
    }
    this.#world.restore(from.state);
    rng.setState(from.rng);
    this.#rng = rng;
    this.#seed = from.seed;
    this.#elapsed = from.elapsed;
    this.#returns.set(from.returns);
    this.#missed.set(from.missed);
    this.#stepBatch.truncated.set(from.truncated);
    return this.#show();
  }

  /** Rewards, flags and statistics of the step just taken. */
  #count(): void {
    const { rewards, terminated } = this.#world;
    const batch = this.#stepBatch;
    const ended = this.#ended;
    ended.n = 0;
    for (let seat = 0; seat < this.seats.length; seat++) {
      const wasLive = this.isLive(seat);
      batch.rewards[seat] = wasLive ? rewards[seat]! : 0;
      if (!wasLive) continue;
      this.#returns[seat]! += rewards[seat]!;
      batch.terminated[seat] = terminated[seat]!;
      batch.truncated[seat] = this.#elapsed >= this.maxEpisodeSteps ? 1 : 0;
      if (this.isLive(seat)) continue;
      const i = ended.n++;
      ended.rows[i] = seat;
      ended.returns[i] = this.#returns[seat]!;
      ended.lengths[i] = this.#elapsed;
      ended.seeds[i] = this.#seed;
    }
    batch.ended = ended.n > 0 ? ended : undefined;
  }

  /** The state as no step has led to it. */
  #show(): ResetBatch {
    const batch = this.#stepBatch;
    batch.rewards.fill(0);
    batch.terminated.set(this.#world.terminated);
    batch.ended = undefined;
    this.#resetBatch.seeds.fill(this.#seed);
    this.#observe();
    return this.#resetBatch;
  }

  #observe(): void {
    const { views, infoViews } = this.#out;
    for (let seat = 0; seat < this.seats.length; seat++) {
      const infos = infoViews[seat] as Readonly<Record<string, TypedArray>>;
      this.#world.observe(seat, views[seat]!);
      this.#world.writeInfo?.(seat, infos);
      infos.live![0] = this.isLive(seat) ? 1 : 0;
      infos.missed![0] = this.#missed[seat]!;
      if (this.turns) infos.turn![0] = this.turn;
    }
  }

  #failure(where: string, cause: unknown): FarstepError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new FarstepError('env_failed', `${where}: ${this.spec.id} threw: ${reason}`, { cause });
  }
}
