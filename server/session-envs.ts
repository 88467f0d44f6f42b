import type { Logger } from 'pino';
import { FarstepError } from '../protocol/errors.js';
import { steppedBytes } from '../protocol/frames.js';
import type { HostedVectorEnv, MaybePromise } from './host.js';
import type { Limits } from './limits.js';
import { type Stream, type Streams, streamToken } from './streams.js';
import type { Tenant } from './tenant.js';

export interface SessionEnvsContext {
  readonly streams: Streams;
  readonly limits: Limits;
  readonly log: Logger;
  /** Envs in all sessions, or in those of one key. */
  numEnvs(tenant?: Tenant): number;
}

/** The vector envs and worlds that a session has, by their handles. */
export class SessionEnvs {
  readonly #envs = new Map<number, HostedVectorEnv>();
  /** Of those that are shared. */
  readonly #streams = new Map<number, Stream>();
  nextHandle = 1;
  #closed = false;

  /** Envs that are being made. */
  #numComing = 0;

  /**
   * @param session - its name, for the log.
   * @param secret - of the session.
   */
  constructor(
    private readonly session: string,
    private readonly secret: string,
    private readonly context: SessionEnvsContext,
    private readonly tenant?: Tenant,
  ) {}

  /** Envs in all vector envs, those that are being made among them. */
  get numEnvs(): number {
    let sum = this.#numComing;
    for (const env of this.#envs.values()) sum += env.contract.numEnvs;
    return sum;
  }

  /** Adds the envs of each id to `counts`. */
  countInto(counts: Map<string, number>): void {
    for (const { contract } of this.#envs.values()) {
      const { id } = contract.spec;
      counts.set(id, (counts.get(id) ?? 0) + contract.numEnvs);
    }
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

  /**
   * Makes a vector env of `numEnvs` envs and takes it, under a new handle. Throws `too_many_envs` where so many more are
   * not allowed, before any is made, or where a step of them could give too large a reply.
   */
  add<E extends HostedVectorEnv>(
    what: string,
    numEnvs: number,
    make: () => MaybePromise<E>,
  ): MaybePromise<{ readonly handle: number; readonly env: E }> {
    this.#checkRoom(what, numEnvs);
    const made = make();
    if (!(made instanceof Promise)) return this.#adopt(what, made);
    this.#numComing += numEnvs;
    return made
      .finally(() => {
        this.#numComing -= numEnvs;
      })
      .then((env) => this.#adopt(what, env));
  }

  #checkRoom(what: string, numEnvs: number): void {
    const { vectorEnvs, envs, serverEnvs } = this.context.limits;
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
    this.tenant?.checkRoom('too_many_envs', 'envs', this.context.numEnvs(this.tenant), numEnvs);
    const everywhere = this.context.numEnvs();
    if (everywhere + numEnvs > serverEnvs) {
      const message = `${what}: ${everywhere} envs are open on the server and ${numEnvs} asked for, limits.serverEnvs is ${serverEnvs}`;
      throw new FarstepError('too_many_envs', message, { retryAfterMs: 10_000 });
    }
  }

  #adopt<E extends HostedVectorEnv>(what: string, env: E): { readonly handle: number; readonly env: E } {
    const { log, limits } = this.context;
    const { spec, numEnvs } = env.contract;
    const bytes = steppedBytes(env.layout, numEnvs);
    if (bytes > limits.replyBytes) {
      env.close();
      throw new FarstepError(
        'too_many_envs',
        `${what}: a step of ${numEnvs} envs may take ${bytes} bytes, limits.replyBytes is ${limits.replyBytes}`,
      );
    }
    if (this.#closed) env.close(); // the session ended meanwhile
    const handle = this.nextHandle++;
    this.#envs.set(handle, env);
    log.info({ session: this.session, env: spec.id, handle, numEnvs }, what);
    return { handle, env };
  }

  /** Takes one that this session had before the server was started anew. */
  put(handle: number, env: HostedVectorEnv, isShared: boolean): void {
    this.#envs.set(handle, env);
    if (isShared) this.share(handle);
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
    if (!this.#streams.has(handle)) this.#streams.set(handle, this.context.streams.open(token, env));
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
