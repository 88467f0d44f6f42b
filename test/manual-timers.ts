/** Timers that go off when the test lets time pass. */
export class ManualTimers {
  #now = 0;
  readonly #alarms = new Set<{ readonly at: number; readonly run: () => void }>();

  after(ms: number, run: () => void): () => void {
    const alarm = { at: this.#now + ms, run };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  readonly now = (): number => this.#now;

  /** How many are set. */
  get size(): number {
    return this.#alarms.size;
  }

  /** Those that are due go off in their order, and so do those that they set. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#before(end); next; next = this.#before(end)) {
      this.#alarms.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = end;
  }

  /** As `pass` in a process that is busy all the while: what is due goes off late. */
  stall(ms: number): void {
    this.#now += ms;
    this.pass(0);
  }

  /** The first that goes off until then. */
  #before(end: number): { readonly at: number; readonly run: () => void } | undefined {
    return [...this.#alarms].sort((a, b) => a.at - b.at).find(({ at }) => at <= end);
  }
}
