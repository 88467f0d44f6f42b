import { FarstepError } from '../errors.js';
import type { Contract } from '../messages.js';
import type { Infos, ResetResult, StepResult } from '../results.js';
import type { Space, Value } from '../spaces/index.js';
import type { EnvSpec, Image } from '../spec.js';
import type { RemoteVectorEnv } from './remote-vector-env.js';
import { WorldRows } from './world-rows.js';

/** Something of each seat, by its name. */
export type BySeat<T> = Readonly<Record<string, T>>;

export interface WorldReset {
  readonly observations: BySeat<Value>;
  readonly infos: BySeat<BySeat<Value>>;
  /** The seed of the world's random stream. */
  readonly seed: number;
}

/** A step as the seats saw it that were in the game before it. */
export interface WorldStep {
  readonly observations: BySeat<Value>;
  readonly rewards: BySeat<number>;
  readonly terminated: BySeat<boolean>;
  readonly truncated: BySeat<boolean>;
  readonly infos: BySeat<BySeat<Value>>;
  /** The seats that are in the game after it. */
  readonly agents: readonly string[];
  /** Statistics of the seats whose episode ended in it. */
  readonly ended: BySeat<{ readonly return: number; readonly length: number; readonly seed: number }>;
}

/**
 * A world on a server, whose seats are all driven from here: PettingZoo's Parallel API, where every seat in `agents`
 * moves in each step, or in a turn game its AEC API, where only the seat `agentSelection` does. A seat that is done is
 * gone until the reset. Arrays belong to the result that they came with.
 */
export class RemoteWorld {
  readonly spec: EnvSpec;
  /** The names of all seats. */
  readonly possibleAgents: readonly string[];
  /** Whether seats move one at a time. */
  readonly turns: boolean;
  /** Of each seat. */
  readonly observationSpace: Space;
  /** Of each seat. */
  readonly actionSpace: Space;
  readonly contract: Contract;
  readonly #env: RemoteVectorEnv;
  readonly #rows: WorldRows;
  #agents: readonly string[] = [];
  #turn: string | undefined;

  /** @param token - what others join this world with. */
  constructor(
    env: RemoteVectorEnv,
    readonly token: string,
  ) {
    const { contract } = env;
    if (!contract.world) throw new FarstepError('bad_reply', 'created: the contract tells of no world');
    this.#env = env;
    this.#rows = new WorldRows(contract);
    this.contract = contract;
    this.spec = contract.spec;
    this.possibleAgents = contract.world.seats;
    this.turns = contract.world.turns;
    this.observationSpace = this.#rows.observationSpace;
    this.actionSpace = this.#rows.actionSpace;
  }

  /** The seats in the game; none before the first reset. */
  get agents(): readonly string[] {
    return this.#agents;
  }

  /** In a turn game under way, the seat that moves next. */
  get agentSelection(): string | undefined {
    return this.#agents.length === 0 ? undefined : this.#turn;
  }

  /** Starts a game, from a seed or from where the random stream is. Rejects with `seat_taken` once others joined. */
  async reset({ seed }: { readonly seed?: number } = {}): Promise<WorldReset> {
    const result = await this.#env.reset(seed === undefined ? {} : { seed: [seed] });
    this.#agents = this.possibleAgents;
    return this.#started(result);
  }

  #started({ observations, infos, seeds }: ResetResult): WorldReset {
    this.#readTurn(infos);
    const row = (seat: string) => this.possibleAgents.indexOf(seat);
    return {
      observations: bySeat(this.possibleAgents, (seat) => this.#rows.observation(observations, row(seat))),
      infos: bySeat(this.possibleAgents, (seat) => this.#rows.infos(infos, row(seat))),
      seed: seeds[0]!,
    };
  }

  /**
   * Moves: an action of each seat in `agents`, or of `agentSelection` alone in a turn game. Rejects with `bad_action`,
   * `bad_ids` (a seat is missing or gone), `not_your_turn`, `episode_over` or `not_reset`, and then nobody has moved.
   */
  async step(actions: BySeat<Value>): Promise<WorldStep> {
    const named = Object.entries(actions);
    const ids = named.map(([seat]) => this.#index(seat));
    const agents = this.#agents;
    return this.#stepped(await this.#env.step(this.#rows.actions(named), { ids }), agents);
  }

  #stepped(result: StepResult, agents: readonly string[]): WorldStep {
    const { observations, rewards, terminated, truncated, infos, ended } = result;
    const row = (seat: string) => this.possibleAgents.indexOf(seat);
    this.#agents = agents.filter((seat) => !terminated[row(seat)] && !truncated[row(seat)]);
    this.#readTurn(infos);
    const endedSeats = Array.from(ended?.rows ?? [], (i) => this.possibleAgents[i]!);
    return {
      observations: bySeat(agents, (seat) => this.#rows.observation(observations, row(seat))),
      rewards: bySeat(agents, (seat) => rewards[row(seat)]!),
      terminated: bySeat(agents, (seat) => terminated[row(seat)] === 1),
      truncated: bySeat(agents, (seat) => truncated[row(seat)] === 1),
      infos: bySeat(agents, (seat) => this.#rows.infos(infos, row(seat))),
      agents: this.#agents,
      ended: bySeat(endedSeats, (_, i) => ({
        return: ended!.returns[i]!,
        length: ended!.lengths[i]!,
        seed: ended!.seeds[i]!,
      })),
    };
  }

  /** Everything that the future of the world depends on, for `restore`. */
  async snapshot(): Promise<unknown> {
    return (await this.#env.snapshot())[0];
  }

  /** Puts the world where a snapshot was taken. Rejects with `bad_snapshot`, and then it is as it was. */
  async restore(snapshot: unknown): Promise<WorldReset> {
    const result = await this.#env.restore([snapshot]);
    const live = result.infos.live![0]!;
    this.#agents = this.possibleAgents.filter((_, seat) => live[seat] === 1);
    return this.#started(result);
  }

  /** A picture of the world as it is now, 8-bit RGB. */
  render(): Promise<Image> {
    return this.#env.render();
  }

  /** Lets others watch the game: gives the token that `Client.subscribe` takes. A sample has a row a seat. */
  share(): Promise<string> {
    return this.#env.share();
  }

  /** Gives the handle back. The world ends, unless others have joined it: then it ends when the last has left. */
  leave(): Promise<void> {
    return this.#env.leave();
  }

  #readTurn(infos: Infos): void {
    if (this.turns) this.#turn = this.possibleAgents[Number(infos.turn![0]![0])];
  }

  #index(seat: string): number {
    const index = this.possibleAgents.indexOf(seat);
    if (index >= 0) return index;
    throw new FarstepError(
      'no_such_seat',
      `step: no seat ${JSON.stringify(seat)}; there are ${this.possibleAgents.join(', ')}`,
    );
  }
}

const bySeat = <T>(seats: readonly string[], of: (seat: string, i: number) => T): BySeat<T> =>
  Object.fromEntries(seats.map((seat, i) => [seat, of(seat, i)]));
