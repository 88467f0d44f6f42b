/** The process behind `WatchedServer`: tells its address to its parent, and what it has whenever it is asked. */
import { readdirSync } from 'node:fs';
import { pino } from 'pino';
import { type Limits, Server, WorkerHost } from '../server/index.js';
import { collectGarbage } from './gc.js';

/** Argument of this process, as JSON. */
export interface ServerOrder {
  readonly limits: Partial<Limits>;
  /** Most threads that step envs. */
  readonly workers: number;
  /** Modules of envs that step in processes of their own, and of such as are trusted like the server's. */
  readonly envs?: readonly string[];
  readonly trustedEnvs?: readonly string[];
  /** A folder that sessions are kept in; a file for the log, standard error where absent. */
  readonly stateDir?: string;
  readonly log?: string;
}

/** What a server has at one moment. */
export interface Holdings {
  readonly sessions: number;
  readonly connections: number;
  readonly pending: number;
  readonly envs: number;
  readonly processes: number;
  /** That step envs. */
  readonly envThreads: number;
  /** Of the operating system, all others. */
  readonly threads: number;
  /** Open files and sockets. */
  readonly files: number;
  /** In the folder of kept sessions. */
  readonly kept: number;
  /** Bytes, after a garbage collection. */
  readonly heap: number;
  readonly resident: number;
}

const { stateDir, log: path, ...order } = JSON.parse(process.argv[2]!) as ServerOrder;
const { limits } = order;
const log = pino(
  { name: 'farstep', level: path === undefined ? 'error' : 'warn' },
  pino.destination(path ?? 2),
);
const envs = await WorkerHost.start({ ...order, log });
await envs.warmUp();
const server = await Server.start({ stateDir, limits, log, envs });

function holdings(): Holdings {
  const { threads, processes } = envs.state;
  const inUse = {
    sessions: server.sessions,
    connections: server.connections,
    pending: server.pendingConnections,
    envs: server.numEnvs,
    processes: processes.length,
    envThreads: threads.length,
    threads: readdirSync('/proc/self/task').length - threads.length,
    files: readdirSync('/proc/self/fd').length,
    kept: stateDir === undefined ? 0 : readdirSync(stateDir).filter((name) => name !== 'lock').length,
  };
  collectGarbage();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { ...inUse, heap: heapUsed + external, resident: rss };
}

process.on('message', () => process.send!(holdings()));
process.on('disconnect', () => process.exit());
// Signals reach the whole group; it is the parent that decides when the server ends.
process.on('SIGINT', () => {}).on('SIGTERM', () => {});
process.send!({ url: server.url });
