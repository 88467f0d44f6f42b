import type { Client, RemoteVectorEnv, RemoteWorld } from '../../protocol/index.js';
import {
  arrayType,
  type Options,
  type Space,
  sizeOf,
  type TypedArray,
  type Value,
} from '../../protocol/index.js';
import type { SampleMask } from '../../protocol/spaces/index.js';
import type { Image } from '../../protocol/spec.js';

/** A game on a server, of one player or several: an env or a world. */
export interface Game {
  readonly id: string;
  /** The names of the seats; one for an env. */
  readonly seats: readonly string[];
  readonly actionSpace: Space;
  /** Whether seats move one at a time. */
  readonly turns: boolean;
  /** The seats that move next; none before the first game and after the end of one. */
  readonly movers: readonly string[];
  /** Sum of the rewards of each seat in this game. */
  readonly returns: Readonly<Record<string, number>>;
  /** For each action of a Discrete space, 1 if the rules allow a seat to take it now; undefined where all are. */
  mask(seat: string): SampleMask | undefined;
  begin(): Promise<void>;
  /** Takes an action of each seat that moves. */
  step(actions: Readonly<Record<string, Value>>): Promise<void>;
  render(): Promise<Image>;
}

export interface GameOptions {
  readonly options: Options;
  readonly seed?: number | undefined;
}

/** The game of that id. Rejects as `make` and `create` do. */
export async function openGame(client: Client, id: string, { options, seed }: GameOptions): Promise<Game> {
  const spec = (await client.list()).find((each) => each.id === id);
  if (spec !== undefined && spec.players > 1)
    return new WorldGame(await client.create(id, { options }), seed);
  return new EnvGame(await client.make(id, { options, seed, autoreset: 'disabled' }));
}

const PLAYER = 'player';

class EnvGame implements Game {
  readonly seats = [PLAYER];
  readonly turns = false;
  movers: readonly string[] = [];
  returns = { [PLAYER]: 0 };
  readonly #env: RemoteVectorEnv;
  readonly #actions: readonly TypedArray[];

  constructor(env: RemoteVectorEnv) {
    this.#env = env;
    this.#actions = env.actionSpace.leaves.map(({ dtype, shape }) => new (arrayType(dtype))(sizeOf(shape)));
  }

  get id(): string {
    return this.#env.spec.id;
  }
  get actionSpace(): Space {
    return this.#env.actionSpace;
  }

  mask(): undefined {}

  async begin(): Promise<void> {
    await this.#env.reset();
    this.movers = this.seats;
    this.returns = { [PLAYER]: 0 };
  }

  async step(actions: Readonly<Record<string, Value>>): Promise<void> {
    this.actionSpace.write(actions[PLAYER]!, this.#actions, 0);
    const { rewards, terminated, truncated } = await this.#env.step(this.#actions);
    this.returns[PLAYER]! += rewards[0]!;
    if (terminated[0] === 1 || truncated[0] === 1) this.movers = [];
  }

  render(): Promise<Image> {
    return this.#env.render();
  }
}

class WorldGame implements Game {
  readonly #world: RemoteWorld;
  #seed: number | undefined;
  returns: Record<string, number> = {};
  #infos: Readonly<Record<string, Readonly<Record<string, Value>>>> = {};

  /** `seed` is that of the first game. */
  constructor(world: RemoteWorld, seed: number | undefined) {
    this.#world = world;
    this.#seed = seed;
  }

  get id(): string {
    return this.#world.spec.id;
  }
  get seats(): readonly string[] {
    return this.#world.possibleAgents;
  }
  get actionSpace(): Space {
    return this.#world.actionSpace;
  }
  get turns(): boolean {
    return this.#world.turns;
  }

  get movers(): readonly string[] {
    const { agents, agentSelection } = this.#world;
    return agentSelection === undefined ? agents : [agentSelection];
  }

  mask(seat: string): SampleMask | undefined {
    return this.#infos[seat]?.action_mask as SampleMask | undefined;
  }

  async begin(): Promise<void> {
    const { infos } = await this.#world.reset(this.#seed === undefined ? {} : { seed: this.#seed });
    this.#seed = undefined;
    this.#infos = infos;
    this.returns = Object.fromEntries(this.seats.map((seat) => [seat, 0]));
  }

  async step(actions: Readonly<Record<string, Value>>): Promise<void> {
    const { rewards, infos } = await this.#world.step(actions);
    this.#infos = infos;
    for (const [seat, reward] of Object.entries(rewards)) this.returns[seat]! += reward;
  }

  render(): Promise<Image> {
    return this.#world.render();
  }
}
