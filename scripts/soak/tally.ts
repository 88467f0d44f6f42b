/** What happened so far, to all clients together. */
export class Tally {
  sessions = 0;
  /** Acknowledged, each of them carried out once. */
  steps = 0;
  resets = 0;
  /** Times that a client came back to its session. */
  resumed = 0;
  /** Connections that broke before the welcome. */
  refused = 0;
  /** Vector envs that ended because they shared a thread with one that ended it. */
  beside = 0;
  /** Times that a thread may have ended: an env ended it, or a server that was started anew carried that out again. */
  dangers = 0;
  /** Envs that are about to end a thread. */
  dangersNow = 0;
  /** Faults, by their names. */
  readonly faults = new Map<string, number>();

  /** A fault has come about. */
  count(fault: string): void {
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
  }
}
