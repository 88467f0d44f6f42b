import type { AutoresetMode, SessionLimits } from '../messages.js';
import type { EnvSpec, Options } from '../spec.js';
import { Connection, type ConnectOptions } from './connection.js';
import { RemoteVectorEnv } from './remote-vector-env.js';

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

  /** Ends the session; the server closes its envs. */
  close(): void {
    this.#connection.close();
  }
}

/** Connects to a farstep server, such as `ws://localhost:7447`. Rejects with `connection_failed`. */
export async function connect(url: string, options?: ConnectOptions): Promise<Client> {
  return new Client(await Connection.open(url, options));
}
