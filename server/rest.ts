/** The part of the main thread's time that all sessions together may take for what is no small step. */
const SHARE = 1 / 4;
/** What a session may take at once without rest, milliseconds. */
const AT_ONCE_MS = 5;
const MAX_REST_MS = 10_000;

/**
 * What one session takes of the main thread's time beside small steps, and how long it rests for that: so long that, in
 * the long run, it takes its part of `SHARE` and no more. Sessions that are active have equal parts.
 */
export class Allowance {
  #owedMs = 0;
  /** Until when what is owed has been paid off, milliseconds. */
  #paidAt = 0;

  /**
   * @param ms - that were taken just now.
   * @param now - milliseconds, monotonic.
   * @param countOthers - gives how many other sessions are active. Alone, nobody owes anything.
   * @returns how long nothing more is to be done for the session, milliseconds.
   */
  take(ms: number, now: number, countOthers: () => number): number {
    if (this.#owedMs === 0) this.#paidAt = now;
    this.#owedMs += ms;
    if (this.#owedMs <= AT_ONCE_MS) return 0;
    const others = countOthers();
    const paid = others === 0 ? this.#owedMs : ((now - this.#paidAt) * SHARE) / others;
    this.#owedMs = Math.max(0, this.#owedMs - paid);
    this.#paidAt = now;
    return Math.min(MAX_REST_MS, (Math.max(0, this.#owedMs - AT_ONCE_MS) * others) / SHARE);
  }
}
