import type { SessionLimits } from '../protocol/messages.js';

/** Everything that a client could make grow, bounded. Each is told by the error it raises. */
export interface Limits extends SessionLimits {
  /** Connections without a session at once: not welcomed yet, or ending. Beyond it the oldest is cut. */
  readonly pendingConnections: number;
  /** Connections a second from one address, at first a tenth of them at once. Those beyond wait, or are cut. */
  readonly connectionsPerSecond: number;
  /** Sessions at once on the whole server, with those that wait for their clients to come back. */
  readonly sessions: number;
  /** Sessions subscribed to one stream at once. */
  readonly subscribers: number;
  /** Worlds of several players at once on the whole server. */
  readonly worlds: number;
  /** Envs in all sessions together. */
  readonly serverEnvs: number;
  /** Time from the connection to the upgrade to a WebSocket, and from there to the hello, milliseconds. */
  readonly helloMs: number;
  /** Bytes of a message before the welcome. */
  readonly helloBytes: number;
  /** Values in a message, beside `valuesPerEnv` for each env that the session has: decoding them takes time. */
  readonly values: number;
  readonly valuesPerEnv: number;
  /** Time from the first byte of a message to its last, milliseconds. */
  readonly frameMs: number;
  /** Requests of one session that wait for one before them, bytes; what comes beyond is read when there is room. */
  readonly queuedBytes: number;
  /** Longest state of one session in the folder that sessions are kept in, bytes; requests since then come on top. */
  readonly stateBytes: number;
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
  pendingConnections: 256,
  sessions: 1024,
  connectionsPerSecond: 100,
  worlds: 1024,
  frameBytes: 16 * 2 ** 20,
  requestsInFlight: 64,
  vectorEnvs: 64,
  envs: 8192,
  serverEnvs: 65_536,
  helloMs: 10_000,
  helloBytes: 65_536,
  values: 16_384,
  valuesPerEnv: 1024,
  frameMs: 60_000,
  queuedBytes: 16 * 2 ** 20,
  idleMs: 3_600_000,
  graceMs: 120_000,
  keptReplyBytes: 16 * 2 ** 20,
  subscriptions: 16,
  subscribers: 64,
  streamBytes: 16 * 2 ** 20,
  pingMs: 30_000,
  stateBytes: 64 * 2 ** 20,
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
