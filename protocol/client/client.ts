import type { AutoresetMode, SessionLimits } from '../messages.js';
import type { EnvSpec, Options } from '../spec.js';
import { Connection, type ConnectOptions } from './connection.js';
import { RemoteSeat } from './remote-seat.js';
import { RemoteStream } from './remote-stream.js';
import { RemoteVectorEnv } from './remote-vector-env.js';
import { RemoteWorld } from './remote-world.js';

export interface MakeOptions {
  /** How many envs step together; 1 where absent. */
  readonly numEnvs?: number;
  /** Env i begins with seed + i; the server chooses one where absent. */
  readonly seed?: number;
  /** The env's own settings, under the names its spec lists. */
  readonly options?: Options;
  /** What happens after an episode ended (Gymnasium's AutoresetMode); `next_step` where absent. */
  readonly autoreset?: AutoresetMode;
  /** Overrides the time limit of the spec, in steps. */
  readonly maxEpisodeSteps?: number;
}

export interface CreateOptions {
  /** The first game begins with it; the server chooses one where absent. */
  readonly seed?: number;
  /** The world's own settings, under the names its spec lists. */
  readonly options?: Options;
  /** Longest a seat driven by a client of its own may take over a move, milliseconds; no deadline where absent. */
  readonly moveMs?: number;
  /** Overrides the time limit of the spec, in steps of the world. */
  readonly maxEpisodeSteps?: number;
}

/** A session on a farstep server. */
export class Client {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get url(): string {
    return this.#connection.url;
  }

  /** What this session may ask of the server. */
  get limits(): SessionLimits {
    return this.#connection.welcome.limits;
  }

  /** The envs that the server hosts. */
  async list(): Promise<readonly EnvSpec[]> {
    return (await this.#connection.request<'list'>({ type: 'list' })).envs;
  }

  /** Makes a vector env on the server. Rejects with `unknown_env`, `bad_options` or `too_many_envs`. */
  async make(env: string, options: MakeOptions = {}): Promise<RemoteVectorEnv> {
    const made = await this.#connection.request<'make'>({
      type: 'make',
      env,
      ...options,
      numEnvs: options.numEnvs ?? 1,
    });
    return new RemoteVectorEnv(this.#connection, made.env, made.contract);
  }

  /**
   * Creates a world of several players. Whoever has it may drive all its seats, or hand out its `token` for others to
   * join. Rejects with `unknown_world`, `bad_options`, `too_many_worlds` or `too_many_envs`.
   */
  async create(world: string, options: CreateOptions = {}): Promise<RemoteWorld> {
    const created = await this.#connection.request<'create'>({ type: 'create', world, ...options });
    const rows = new RemoteVectorEnv(this.#connection, created.env, created.contract);
    return new RemoteWorld(rows, created.world);
  }

  /**
   * Takes a seat of a world: the one named, or the first that is free. Rejects with `no_such_world`, `no_such_seat`,
   * `seat_taken` or `too_many_envs`.
   */
  async join(token: string, seat?: string): Promise<RemoteSeat> {
    const joined = await this.#connection.request<'join'>({ type: 'join', world: token, seat });
    return new RemoteSeat(
      new RemoteVectorEnv(this.#connection, joined.env, joined.contract, true),
      joined.seat,
    );
  }

  /**
   * Watches a vector env of somebody else, who gave the token (`RemoteVectorEnv.share`). `credits`: how many samples
   * may wait here to be read; what comes beyond is lost. Rejects with `no_such_stream` or `too_many_subscriptions`.
   */
  subscribe(token: string, { credits = 64 }: { readonly credits?: number } = {}): Promise<RemoteStream> {
    return this.#connection.subscribe(
      token,
      credits,
      (subscribed) => new RemoteStream(this.#connection, subscribed, credits),
    );
  }

  /** Ends the session; the server closes its envs. */
  close(): void {
    this.#connection.close();
  }
}

/** Connects to a farstep server, such as `ws://localhost:7447`. Rejects with `connection_failed`. */
export async function connect(url: string, options?: ConnectOptions): Promise<Client> {
  return new Client(await Connection.open(url, options));
}
