import { randomBytes, timingSafeEqual } from 'node:crypto';
import { FarstepError } from '../protocol/errors.js';
import type { SessionsState } from './metrics-table.js';
import type { Link } from './outbox.js';
import { Session, type SessionContext } from './session.js';
import type { StateDir } from './state-dir.js';

/** The connection that a session has. */
export interface SessionLink extends Link {
  /** Tells the client why, and closes the connection. */
  end(error: FarstepError): void;
}

interface Entry {
  readonly session: Session;
  link: SessionLink | undefined;
  /** When the connection was lost; meaningless while there is one. */
  lostAt: number;
}

export interface SessionsContext extends SessionContext {
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

  constructor(private readonly context: SessionsContext) {}

  get size(): number {
    return this.#open.size;
  }

  /** Envs in all sessions. */
  get numEnvs(): number {
    let sum = 0;
    for (const { session } of this.#open.values()) sum += session.numEnvs;
    return sum;
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

  /** Begins a session; `resume` is the token to go on with it. Throws `too_many_sessions`. */
  begin(name: string, link: SessionLink): { readonly session: Session; readonly resume: string | null } {
    const { limits } = this.context;
    if (this.#open.size >= limits.sessions) this.#makeRoom();
    const session = this.#create(name, randomBytes(24).toString('base64url'));
    session.begin();
    this.#open.set(name, { session, link, lostAt: 0 });
    session.attach(link);
    this.context.metrics.onBegun();
    return { session, resume: limits.graceMs > 0 ? tokenOf(session) : null };
  }

  #create(name: string, secret: string): Session {
    const { limits, stateDir } = this.context;
    return new Session(name, secret, this.context, limits.graceMs > 0 ? stateDir?.record(name) : undefined);
  }

  /** Goes on with the sessions that were kept: each waits for its client. */
  async revive(): Promise<void> {
    const { stateDir, now, log } = this.context;
    for (const saved of stateDir?.load() ?? []) {
      const { name, secret } = saved.state;
      const session = this.#create(name, secret);
      try {
        await session.revive(saved);
      } catch (error) {
        session.suspend();
        stateDir!.refuse(saved.path, error as Error);
        continue;
      }
      this.#open.set(name, { session, link: undefined, lostAt: now() });
      log.info({ session: name, envs: session.numEnvs, repeated: saved.frames.length }, 'goes on');
    }
  }

  /** The session of a token, on another connection from now on. Throws `no_such_session`. */
  resume(token: string, link: SessionLink): { readonly session: Session; readonly resume: string } {
    const entry = this.#find(token);
    if (!entry) {
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
    for (const entry of this.#open.values()) {
      if (!entry.link && now() - entry.lostAt > limits.graceMs) this.#end(entry);
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

/** Whoever has it may go on with the session. */
const tokenOf = ({ name, secret }: Session): string => `${name}.${secret}`;
