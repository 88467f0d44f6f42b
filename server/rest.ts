/** The part of the main thread's time that all sessions together may take for what is not small. */
const SHARE = 1 / 4;
/** What takes less at once is as good as a small step: it holds nobody up, milliseconds. */
const SMALL_MS = 0.25;
/** What a session may take at once without rest, milliseconds. */
const AT_ONCE_MS = 5;
const MAX_REST_MS = 10_000;

/**
 * What one session takes of the main thread's time beside what is small, and how long it rests for that: so long that, in
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
   * @param atOnce - what may be owed, milliseconds.
   * @returns how long nothing more is to be done for the session, milliseconds.
   */
  take(ms: number, now: number, countOthers: () => number, atOnce = AT_ONCE_MS): number {
    if (ms < SMALL_MS) return 0;
    if (this.#owedMs === 0) this.#paidAt = now;
    this.#owedMs += ms;
    if (this.#owedMs <= atOnce) return 0;
    const others = countOthers();
    const paid = others === 0 ? this.#owedMs : ((now - this.#paidAt) * SHARE) / others;
    this.#owedMs = Math.max(0, this.#owedMs - paid);
    this.#paidAt = now;
    return Math.min(MAX_REST_MS, (Math.max(0, this.#owedMs - atOnce) * others) / SHARE);
  }
}
