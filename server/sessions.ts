import { randomBytes, timingSafeEqual } from 'node:crypto';
import { FarstepError } from '../protocol/errors.js';
import type { Key, KeyRing } from './keys.js';
import type { SessionsState } from './metrics-table.js';
import type { Link } from './outbox.js';
import { Session, type SessionContext } from './session.js';
import type { SavedSession } from './session-record.js';
import type { StateDir } from './state-dir.js';
import { Tenant } from './tenant.js';
import type { Timers } from './timers.js';

/** Each may start a process for an env of a user's, which takes time to begin. */
const REVIVED_AT_ONCE = 8;

/** The connection that a session has. */
export interface SessionLink extends Link {
  /** Tells the client why, and closes the connection. */
  end(error: FarstepError): void;
}

interface Entry {
  readonly session: Session;
  link: SessionLink | undefined;
  /** When the connection was lost; meaningless while there is one, Infinity while the server does not listen yet. */
  lostAt: number;
}

export interface SessionsContext extends Omit<SessionContext, 'numEnvs' | 'countOthers'> {
  /** Who may come; everybody where absent. */
  readonly keys?: KeyRing | undefined;
  readonly timers: Timers;
  /** Where sessions are kept for a server that is started anew. */
  readonly stateDir?: StateDir | undefined;
}

/**
 * The sessions that are open on a server, by their names: those that have a connection, and those whose clients have
 * lost theirs and are waited for.
 */
export class Sessions {
  /** The one that was begun or lost last is the last. */
  readonly #open = new Map<string, Entry>();

  /** By the names of their keys. */
  readonly #tenants = new Map<string, Tenant>();

  constructor(private readonly context: SessionsContext) {}

  get size(): number {
    return this.#open.size;
  }

  /** Envs in all sessions, or in those of one key. */
  numEnvs(tenant?: Tenant): number {
    let sum = 0;
    for (const { session } of this.#open.values()) if (isOf(session, tenant)) sum += session.numEnvs;
    return sum;
  }

  #countOthers(self: Session, since: number): number {
    let count = 0;
    for (const { session } of this.#open.values()) {
      if (session !== self && session.isActiveSince(since)) count++;
    }
    return count;
  }

  /** What they have and keep. */
  get state(): SessionsState {
    const envs = new Map<string, number>();
    const sum = { away: 0, waitingRequests: 0, waitingBytes: 0, keptBytes: 0, subscriptions: 0 };
    for (const { session, link } of this.#open.values()) {
      session.countEnvsInto(envs);
      const { load } = session;
      if (!link) sum.away++;
      sum.waitingRequests += load.waitingRequests;
      sum.waitingBytes += load.waitingBytes;
      sum.keptBytes += load.keptBytes;
      sum.subscriptions += load.subscriptions;
    }
    return { ...sum, envs, connected: this.#open.size - sum.away };
  }

  /** Who comes with a token; undefined where everybody may. Throws `unauthorized`. */
  admit(token: string | undefined): Tenant | undefined {
    const { keys } = this.context;
    return keys && this.#tenant(keys.find(token));
  }

  #tenant(key: Key): Tenant {
    const known = this.#tenants.get(key.name);
    if (known?.key.sha256 === key.sha256) return known;
    const tenant = new Tenant(key, this.context.now, this.context.timers);
    this.#tenants.set(key.name, tenant);
    return tenant;
  }

  /** Begins a session; `resume` is the token to go on with it. Throws `too_many_sessions`. */
  begin(
    name: string,
    link: SessionLink,
    tenant?: Tenant,
  ): { readonly session: Session; readonly resume: string | null } {
    const { limits } = this.context;
    if (tenant) {
      const own = [...this.#open.values()].filter(({ session }) => isOf(session, tenant));
      tenant.checkRoom('too_many_sessions', 'sessions', own.length, 1);
    }
    if (this.#open.size >= limits.sessions) this.#makeRoom();
    const session = this.#create(name, randomBytes(24).toString('base64url'), tenant);
    session.begin();
    this.#open.set(name, { session, link, lostAt: 0 });
    session.attach(link);
    this.context.metrics.onBegun();
    return { session, resume: limits.graceMs > 0 ? tokenOf(session) : null };
  }

  #create(name: string, secret: string, tenant: Tenant | undefined): Session {
    const { limits, stateDir } = this.context;
    const record = limits.graceMs > 0 ? stateDir?.record(name, tenant) : undefined;
    const context = {
      ...this.context,
      numEnvs: (of?: Tenant) => this.numEnvs(of),
      countOthers: (self: Session, since: number) => this.#countOthers(self, since),
    };
    return new Session(name, secret, context, tenant, record);
  }

  /**
   * Goes on with the sessions that were kept, some at a time, so that one whose env takes long does not hold up all.
   * Their clients are waited for from `expectClients` on.
   */
  async revive(): Promise<void> {
    const { stateDir } = this.context;
    if (!stateDir) return;
    const saved = stateDir.load().values();
    const again: SavedSession[] = [];
    const reviveAll = async (): Promise<void> => {
      for (const each of saved) {
        const error = await this.#revive(each);
        if (isOfWorker(error)) again.push(each);
        else if (error) stateDir.refuse(each.path, error);
      }
    };
    await Promise.all(Array.from({ length: REVIVED_AT_ONCE }, reviveAll));
    // What shared a thread with an env that ended it a second time has no part in that.
    for (const each of again) {
      const error = await this.#revive(each);
      if (error) stateDir.refuse(each.path, error);
    }
  }

  /** Gives what kept the session from going on. */
  async #revive(saved: SavedSession): Promise<Error | undefined> {
    const { keys, log } = this.context;
    const { name, secret } = saved.state;
    const key = keys?.named(saved.state.key);
    const session = this.#create(name, secret, key && this.#tenant(key));
    try {
      if (keys && !key) throw new Error(`its key, ${saved.state.key}, is known no more`);
      await session.revive(saved);
    } catch (error) {
      session.suspend();
      return error as Error;
    }
    this.#open.set(name, { session, link: undefined, lostAt: Number.POSITIVE_INFINITY });
    log.info({ session: name, envs: session.numEnvs, repeated: saved.frames.length }, 'goes on');
    return undefined;
  }

  /** The server listens: the clients of the sessions that were kept may come from now on. */
  expectClients(): void {
    for (const entry of this.#open.values()) entry.lostAt = this.context.now();
  }

  /** The session of a token, on another connection from now on. Throws `no_such_session`. */
  resume(
    token: string,
    link: SessionLink,
    tenant?: Tenant,
  ): { readonly session: Session; readonly resume: string } {
    const entry = this.#find(token);
    if (!entry || entry.session.tenant?.key.name !== tenant?.key.name) {
      const message = 'hello.resume: no session of that token is open; it may have ended';
      throw new FarstepError('no_such_session', message);
    }
    const { session, link: old } = entry;
    if (old) session.detach();
    entry.link = link;
    old?.end(new FarstepError('session_resumed', `session ${session.name} goes on on another connection`));
    session.attach(link);
    this.context.metrics.onResumed();
    return { session, resume: token };
  }

  /** The connection of a session is lost: it waits for its client, unless it has another connection already. */
  lose(session: Session, link: SessionLink): void {
    const { limits, now, log } = this.context;
    const entry = this.#open.get(session.name);
    if (entry?.link !== link) return;
    if (limits.graceMs === 0) {
      this.#end(entry);
      return;
    }
    entry.link = undefined;
    entry.lostAt = now();
    this.#open.delete(session.name);
    this.#open.set(session.name, entry);
    session.detach();
    log.info({ session: session.name, graceMs: limits.graceMs }, 'lost, and waited for');
  }

  /** Ends a session, unless it goes on on another connection. */
  end(session: Session, link: SessionLink): void {
    const entry = this.#open.get(session.name);
    if (entry?.link === link) this.#end(entry);
  }

  /** Ends the sessions whose clients have been away too long. */
  sweep(): void {
    const { limits, now } = this.context;
    this.#renewKeys();
    for (const entry of this.#open.values()) {
      if (!entry.link && now() - entry.lostAt > limits.graceMs) this.#end(entry);
    }
  }

  /** Where keys have changed: ends the sessions of those that are gone, and has the others do as they now say. */
  #renewKeys(): void {
    const { keys, log } = this.context;
    try {
      if (!keys?.refresh()) return;
    } catch (error) {
      log.error({ err: error }, 'the keys cannot be read; those that were read before stay in force');
      return;
    }
    for (const [name, tenant] of this.#tenants) {
      const key = keys.named(name);
      if (key?.sha256 === tenant.key.sha256) tenant.key = key;
      else this.#tenants.delete(name);
    }
    for (const entry of this.#open.values()) {
      const { key } = entry.session.tenant!;
      if (keys.named(key.name)?.sha256 === key.sha256) continue;
      const error = new FarstepError('unauthorized', `key ${key.name} is known no more`);
      if (entry.link) entry.link.end(error);
      else this.#end(entry);
    }
  }

  /** The server stops: ends the sessions whose clients are away, but for those that go on when it is started anew. */
  endLost(): void {
    for (const entry of this.#open.values()) {
      if (entry.link) continue;
      if (entry.session.isKept) entry.session.suspend();
      else this.#end(entry);
    }
  }

  #end({ session }: Entry): void {
    this.#open.delete(session.name);
    session.close();
    this.context.log.info({ session: session.name }, 'ended');
  }

  /** Nobody is refused for the sake of a client that is away. */
  #makeRoom(): void {
    const lost = [...this.#open.values()].find(({ link }) => !link);
    if (!lost) {
      const message = `${this.#open.size} sessions are open, limits.sessions is ${this.context.limits.sessions}`;
      throw new FarstepError('too_many_sessions', message, { retryAfterMs: 10_000 });
    }
    this.#end(lost);
  }

  #find(token: string): Entry | undefined {
    const entry = this.#open.get(token.split('.', 1)[0]!);
    if (!entry) return undefined;
    const [given, expected] = [Buffer.from(token), Buffer.from(tokenOf(entry.session))];
    return given.length === expected.length && timingSafeEqual(given, expected) ? entry : undefined;
  }
}

const isOfWorker = (error: Error | undefined): boolean =>
  error instanceof FarstepError && error.code === 'env_failed';

const isOf = ({ tenant }: Session, of: Tenant | undefined): boolean =>
  of === undefined || tenant?.key.name === of.key.name;

/** Whoever has it may go on with the session. */
const tokenOf = ({ name, secret }: Session): string => `${name}.${secret}`;
