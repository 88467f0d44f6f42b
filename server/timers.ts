/** What the server needs of timers, so that tests may have a clock of their own. */
export interface Timers {
  /** Calls `run` once after so many milliseconds, unless the function that it returns has been called before. */
  after(ms: number, run: () => void): () => void;
}

export const systemTimers: Timers = {
  after(ms, run) {
    const timer = setTimeout(run, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
