import { FarstepError } from '../protocol/errors.js';
import type { Key, Quota, Scope } from './keys.js';
import type { Timers } from './timers.js';

/** So much of a second's worth may be used at once. */
const BURST_SECONDS = 1;

/** A quota in a second. What is used beyond it is owed, and paid for by waiting. */
class Rate {
  #left: number;
  #at: number;

  constructor(
    readonly perSecond: number,
    private readonly now: () => number,
  ) {
    this.#left = perSecond * BURST_SECONDS;
    this.#at = now();
  }

  use(n: number): void {
    const time = this.now();
    this.#left = Math.min(
      this.perSecond * BURST_SECONDS,
      this.#left + ((time - this.#at) / 1000) * this.perSecond,
    );
    this.#at = time;
    this.#left -= n;
  }

  /** Milliseconds until nothing is owed. */
  get owedMs(): number {
    this.use(0);
    return this.#left >= 0 ? 0 : Math.ceil((-this.#left / this.perSecond) * 1000);
  }
}

/** What all sessions of one key use, against its quotas. */
export class Tenant {
  #key!: Key;
  #steps: Rate | undefined;
  #bytes: Rate | undefined;
  readonly #stored = new Map<string, number>();

  /** @param now - milliseconds, monotonic. */
  constructor(
    key: Key,
    private readonly now: () => number,
    private readonly timers: Timers,
  ) {
    this.key = key;
  }

  get key(): Key {
    return this.#key;
  }

  /** The same key with other scopes or quotas: they are in force from now on, and what was used is not forgotten. */
  set key(key: Key) {
    this.#key = key;
    this.#steps = this.#rate(this.#steps, 'envStepsPerSecond');
    this.#bytes = this.#rate(this.#bytes, 'bytesPerSecond');
  }

  #rate(old: Rate | undefined, quota: Quota): Rate | undefined {
    const given = this.key.quotas[quota];
    const perSecond = given === undefined ? undefined : Math.max(1, given);
    if (perSecond === old?.perSecond) return old;
    return perSecond === undefined ? undefined : new Rate(perSecond, this.now);
  }

  /** Throws `not_allowed`; `what` is asked for. */
  checkScope(what: string, scope: Scope): void {
    const { name, scopes } = this.key;
    if (scopes.includes(scope)) return;
    throw new FarstepError('not_allowed', `${what}: key ${name} has no scope ${scope}`);
  }

  /** Throws `code` where `open` and `more` are beyond a quota. */
  checkRoom(
    code: 'too_many_sessions' | 'too_many_envs',
    quota: 'sessions' | 'envs',
    open: number,
    more: number,
  ): void {
    const most = this.key.quotas[quota];
    if (most === undefined || open + more <= most) return;
    const message = `key ${this.key.name} has ${open} ${quota} open and asked for ${more}, its quota of ${quota} is ${most}`;
    throw new FarstepError(code, message, { retryAfterMs: 10_000 });
  }

  /** A session's file takes so many bytes from now on. Throws a sentence where that is beyond the quota. */
  store(file: string, bytes: number): void {
    this.#stored.delete(file);
    let sum = bytes;
    for (const other of this.#stored.values()) sum += other;
    const most = this.key.quotas.stateBytes ?? Number.POSITIVE_INFINITY;
    if (sum > most)
      throw new RangeError(
        `key ${this.key.name} would have ${sum} bytes stored, its quota of stateBytes is ${most}`,
      );
    if (bytes > 0) this.#stored.set(file, bytes);
  }

  useSteps(n: number): void {
    this.#steps?.use(n);
  }

  useBytes(n: number): void {
    this.#bytes?.use(n);
  }

  /** Whether the next request has to wait. */
  get isOwing(): boolean {
    return this.#owedMs > 0;
  }

  get #owedMs(): number {
    return Math.max(this.#steps?.owedMs ?? 0, this.#bytes?.owedMs ?? 0);
  }

  /** Resolves when nothing is owed. */
  async rest(): Promise<void> {
    for (let ms = this.#owedMs; ms > 0; ms = this.#owedMs) {
      await new Promise<void>((resolve) => {
        this.timers.after(ms, resolve);
      });
    }
  }
}
