import type { Logger } from 'pino';
import { FarstepError } from '../protocol/errors.js';
import { steppedBytes } from '../protocol/frames.js';
import type { HostedVectorEnv } from './host.js';
import type { Limits } from './limits.js';
import { type Stream, type Streams, streamToken } from './streams.js';

/** The vector envs and worlds that a session has, by their handles. */
export class SessionEnvs {
  readonly #envs = new Map<number, HostedVectorEnv>();
  /** Of those that are shared. */
  readonly #streams = new Map<number, Stream>();
  #nextHandle = 1;
  #closed = false;

  /**
   * @param session - its name, for the log.
   * @param secret - of the session.
   */
  constructor(
    private readonly session: string,
    private readonly secret: string,
    private readonly streams: Streams,
    private readonly limits: Limits,
    private readonly log: Logger,
  ) {}

  /** Envs in all vector envs. */
  get numEnvs(): number {
    let sum = 0;
    for (const env of this.#envs.values()) sum += env.contract.numEnvs;
    return sum;
  }

  /** Throws `no_such_env`; `what` asks. */
  get(handle: number, what: string): HostedVectorEnv {
    const env = this.#envs.get(handle);
    if (env) return env;
    const open = [...this.#envs.keys()].join(', ') || 'none';
    throw new FarstepError('no_such_env', `${what}: no env ${handle}; open in this session: ${open}`);
  }

  /** Whether resets and steps of a handle wait for others. */
  waitsForOthers(handle: unknown): boolean {
    return this.#envs.get(handle as number)?.waitsForOthers ?? false;
  }

  /** Throws `too_many_envs` where so many more are not allowed. */
  checkRoom(what: string, numEnvs: number): void {
    const { vectorEnvs, envs } = this.limits;
    if (this.#envs.size >= vectorEnvs) {
      throw new FarstepError(
        'too_many_envs',
        `${what}: ${this.#envs.size} vector envs are open, limits.vectorEnvs is ${vectorEnvs}`,
      );
    }
    const open = this.numEnvs;
    if (open + numEnvs > envs) {
      throw new FarstepError(
        'too_many_envs',
        `${what}: ${open} envs are open and ${numEnvs} asked for, limits.envs is ${envs}`,
      );
    }
  }

  /** Takes a vector env that was just made; gives its handle. */
  adopt(what: string, env: HostedVectorEnv): number {
    if (this.#closed) env.close();
    const { spec, numEnvs } = env.contract;
    const bytes = steppedBytes(env.layout, numEnvs);
    if (bytes > this.limits.replyBytes) {
      env.close();
      throw new FarstepError(
        'too_many_envs',
        `${what}: a step of ${numEnvs} envs may take ${bytes} bytes, limits.replyBytes is ${this.limits.replyBytes}`,
      );
    }
    const handle = this.#nextHandle++;
    this.#envs.set(handle, env);
    this.log.info({ session: this.session, env: spec.id, handle, numEnvs }, what);
    return handle;
  }

  /** Lets others watch an env; gives the token to subscribe with. Throws `no_such_env` or `not_supported`. */
  share(handle: number): string {
    const env = this.get(handle, 'share');
    if (env.waitsForOthers) {
      throw new FarstepError(
        'not_supported',
        'share: the creator of a world shares it, not one of its seats',
      );
    }
    const token = streamToken(this.secret, handle);
    if (!this.#streams.has(handle)) this.#streams.set(handle, this.streams.open(token, env));
    return token;
  }

  /** Where what an env goes through is to be published, if it is shared. */
  streamOf(handle: number): Stream | undefined {
    return this.#streams.size > 0 ? this.#streams.get(handle) : undefined;
  }

  /** Closes one, if it is there. */
  close(handle: number): void {
    this.#streams.get(handle)?.end();
    this.#streams.delete(handle);
    this.#envs.get(handle)?.close();
    this.#envs.delete(handle);
  }

  /** Whether the client is away: others do not wait for it. */
  setAway(isAway: boolean): void {
    for (const env of this.#envs.values()) env.setAway?.(isAway);
  }

  closeAll(): void {
    this.#closed = true;
    for (const handle of this.#envs.keys()) this.close(handle);
  }
}
