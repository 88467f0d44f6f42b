import { performance } from 'node:perf_hooks';
import type { HostState } from './host.js';
import type { Limits } from './limits.js';

/** What sessions have and keep, all together. */
export interface SessionsState {
  readonly connected: number;
  readonly away: number;
  /** Envs by their id. */
  readonly envs: ReadonlyMap<string, number>;
  readonly waitingRequests: number;
  readonly waitingBytes: number;
  readonly keptBytes: number;
  readonly subscriptions: number;
}

/** What connections carry, all together. */
export interface ConnectionsState {
  readonly open: number;
  readonly pending: number;
  /** Of the pending ones, by the limit that they broke; since the server started. */
  readonly cuts: Readonly<Record<string, number>>;
  readonly requestsInFlight: number;
  readonly unsentBytes: number;
  /** Since the server started, as are those sent. */
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** What a server is like at one moment. */
export interface ServerState {
  readonly isReady: boolean;
  readonly limits: Limits;
  readonly connections: ConnectionsState;
  readonly sessions: SessionsState;
  readonly worlds: number;
  readonly streams: number;
  readonly host: HostState | undefined;
}

/** What was counted since the server started. */
export interface Counts {
  opened: number;
  begun: number;
  resumed: number;
  samplesSent: number;
  samplesDropped: number;
  readonly envSteps: Map<string, number>;
  readonly errors: Map<string, number>;
  readonly closed: Map<string, number>;
}

export interface Description {
  readonly type: 'gauge' | 'counter';
  readonly name: string;
  readonly help: string;
  /** What tells its values apart, where it has several. */
  readonly label?: string;
  /** Its value, or its values by label. */
  readonly read: (state: ServerState, counts: Counts) => number | Iterable<readonly [string, number]>;
}

const kinds = ({ threads, processes }: { readonly threads: number; readonly processes: number }) =>
  [
    ['thread', threads],
    ['process', processes],
  ] as const;

/** Every metric of a server but the histograms. */
export const METRICS: readonly Description[] = [
  {
    type: 'gauge',
    name: 'farstep_ready',
    help: '1 where /readyz says so',
    read: ({ isReady }) => Number(isReady),
  },
  {
    type: 'gauge',
    name: 'farstep_limit',
    help: 'The limits in force, by name',
    label: 'limit',
    read: ({ limits }) => Object.entries(limits),
  },
  {
    type: 'gauge',
    name: 'farstep_sessions',
    help: 'Sessions: connected, or away and waited for',
    label: 'state',
    read: ({ sessions: { connected, away } }) => Object.entries({ connected, away }),
  },
  {
    type: 'counter',
    name: 'farstep_sessions_begun_total',
    help: 'Sessions that began',
    read: (_, { begun }) => begun,
  },
  {
    type: 'counter',
    name: 'farstep_sessions_resumed_total',
    help: 'Times that a client came back to its session',
    read: (_, { resumed }) => resumed,
  },
  {
    type: 'gauge',
    name: 'farstep_connections',
    help: 'WebSocket connections',
    read: ({ connections }) => connections.open,
  },
  {
    type: 'gauge',
    name: 'farstep_connections_pending',
    help: 'Connections of any kind without a session: yet to come in, not welcomed yet, or ending',
    read: ({ connections }) => connections.pending,
  },
  {
    type: 'counter',
    name: 'farstep_connections_cut_total',
    help: 'Connections without a session that were cut, by the limit that they broke',
    label: 'limit',
    read: ({ connections }) => Object.entries(connections.cuts),
  },
  {
    type: 'counter',
    name: 'farstep_connections_opened_total',
    help: 'WebSocket connections that were opened',
    read: (_, { opened }) => opened,
  },
  {
    type: 'counter',
    name: 'farstep_connections_closed_total',
    help: 'WebSocket connections that ended: client, lost, no_pong, or the error that the client was told',
    label: 'reason',
    read: (_, { closed }) => closed,
  },
  {
    type: 'counter',
    name: 'farstep_errors_total',
    help: 'Errors that clients were told, by code',
    label: 'code',
    read: (_, { errors }) => errors,
  },
  {
    type: 'gauge',
    name: 'farstep_envs',
    help: 'Envs in all sessions, by id; of worlds, seats',
    label: 'env',
    read: ({ sessions }) => sessions.envs,
  },
  {
    type: 'counter',
    name: 'farstep_env_steps_total',
    help: 'Steps of single envs, by id',
    label: 'env',
    read: (_, { envSteps }) => envSteps,
  },
  {
    type: 'gauge',
    name: 'farstep_worlds',
    help: 'Worlds of several players',
    read: ({ worlds }) => worlds,
  },
  {
    type: 'counter',
    name: 'farstep_received_bytes_total',
    help: 'Bytes received on WebSocket connections, handshakes and headers included',
    read: ({ connections }) => connections.receivedBytes,
  },
  {
    type: 'counter',
    name: 'farstep_sent_bytes_total',
    help: 'Bytes sent on WebSocket connections, handshakes and headers included',
    read: ({ connections }) => connections.sentBytes,
  },
  {
    type: 'gauge',
    name: 'farstep_requests_in_flight',
    help: 'Requests whose replies the kernel has not taken',
    read: ({ connections }) => connections.requestsInFlight,
  },
  {
    type: 'gauge',
    name: 'farstep_requests_waiting',
    help: 'Requests that wait for one before them',
    read: ({ sessions }) => sessions.waitingRequests,
  },
  {
    type: 'gauge',
    name: 'farstep_requests_waiting_bytes',
    help: 'Bytes of requests that wait for one before them',
    read: ({ sessions }) => sessions.waitingBytes,
  },
  {
    type: 'gauge',
    name: 'farstep_unsent_bytes',
    help: 'Bytes that wait for their clients to take them',
    read: ({ connections }) => connections.unsentBytes,
  },
  {
    type: 'gauge',
    name: 'farstep_replies_kept_bytes',
    help: 'Bytes of replies that are kept for clients that may come back',
    read: ({ sessions }) => sessions.keptBytes,
  },
  {
    type: 'gauge',
    name: 'farstep_streams',
    help: 'Vector envs that are shared',
    read: ({ streams }) => streams,
  },
  {
    type: 'gauge',
    name: 'farstep_subscriptions',
    help: 'Subscriptions to streams',
    read: ({ sessions }) => sessions.subscriptions,
  },
  {
    type: 'counter',
    name: 'farstep_samples_sent_total',
    help: 'Samples of streams that were sent to a subscriber',
    read: (_, { samplesSent }) => samplesSent,
  },
  {
    type: 'counter',
    name: 'farstep_samples_dropped_total',
    help: 'Samples that a subscriber had no credit for, or no room on its connection',
    read: (_, { samplesDropped }) => samplesDropped,
  },
  {
    type: 'gauge',
    name: 'farstep_workers',
    help: 'Threads and processes that step envs',
    label: 'kind',
    read: ({ host }) =>
      host ? kinds({ threads: host.threads.length, processes: host.processes.length }) : [],
  },
  {
    type: 'gauge',
    name: 'farstep_worker_parts',
    help: 'Parts of vector envs on threads; processes have one each',
    read: ({ host }) => host?.threads.reduce((sum, parts) => sum + parts, 0) ?? 0,
  },
  {
    type: 'gauge',
    name: 'farstep_worker_busy_seconds',
    help: 'How long the one that has been at its work for longest has been',
    label: 'kind',
    read: ({ host }) => (host ? kinds(host.busyMs).map(([kind, ms]) => [kind, ms / 1000] as const) : []),
  },
  {
    type: 'counter',
    name: 'farstep_workers_failed_total',
    help: 'Threads and processes that died, or were ended for a limit',
    label: 'kind',
    read: ({ host }) => (host ? kinds(host.failed) : []),
  },
  {
    type: 'counter',
    name: 'farstep_event_loop_active_seconds_total',
    help: 'Time that the event loop was not idle',
    read: () => performance.eventLoopUtilization().active / 1000,
  },
  {
    type: 'counter',
    name: 'process_cpu_seconds_total',
    help: 'CPU time of the process, user and system',
    read: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
  },
  {
    type: 'gauge',
    name: 'process_resident_memory_bytes',
    help: 'Resident memory of the process',
    read: () => process.memoryUsage.rss(),
  },
  {
    type: 'gauge',
    name: 'nodejs_heap_size_used_bytes',
    help: 'Memory that JavaScript objects take',
    read: () => process.memoryUsage().heapUsed,
  },
  {
    type: 'gauge',
    name: 'process_start_time_seconds',
    help: 'When the process started, Unix time',
    read: () => performance.timeOrigin / 1000,
  },
];
