import type { SessionLimits } from '../protocol/messages.js';

/** Everything that a client could make grow, bounded. Each is told by the error it raises. */
export interface Limits extends SessionLimits {
  /** Connections at once on the whole server, whether they have said hello or not. */
  readonly connections: number;
  /** Sessions at once on the whole server, with those that wait for their clients to come back. */
  readonly sessions: number;
  /** Sessions subscribed to one stream at once. */
  readonly subscribers: number;
  /** Worlds of several players at once on the whole server. */
  readonly worlds: number;
  /** Time from the connection to the hello, milliseconds. */
  readonly helloMs: number;
  /** Largest reply to a step, bytes: what numEnvs times the observation may come to. */
  readonly replyBytes: number;
  /** Longest that envs on a worker may take over one request, milliseconds. */
  readonly envMs: number;
  /** Memory of a process that steps users' own envs, MiB. */
  readonly envMemoryMb: number;
  /** Processes that step users' own envs, on the whole server. */
  readonly envProcesses: number;
}

export const DEFAULT_LIMITS: Limits = {
  connections: 2048,
  sessions: 1024,
  worlds: 1024,
  frameBytes: 16 * 2 ** 20,
  requestsInFlight: 64,
  vectorEnvs: 64,
  envs: 8192,
  helloMs: 10_000,
  idleMs: 3_600_000,
  graceMs: 120_000,
  keptReplyBytes: 16 * 2 ** 20,
  subscriptions: 16,
  subscribers: 64,
  streamBytes: 16 * 2 ** 20,
  pingMs: 30_000,
  replyBytes: 256 * 2 ** 20,
  envMs: 30_000,
  envMemoryMb: 1024,
  envProcesses: 64,
};

/** What of the limits a session is told. */
export const sessionLimits = ({
  frameBytes,
  requestsInFlight,
  vectorEnvs,
  envs,
  idleMs,
  graceMs,
  keptReplyBytes,
  subscriptions,
  streamBytes,
  pingMs,
}: Limits): SessionLimits => ({
  frameBytes,
  requestsInFlight,
  vectorEnvs,
  envs,
  idleMs,
  graceMs,
  keptReplyBytes,
  subscriptions,
  streamBytes,
  pingMs,
});
