import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { megabytes, rowOf, thousands } from './format.js';
import { collectGarbage } from './gc.js';
import type { WatchedServer } from './watched-server.js';
import type { Holdings } from './watched-server-process.js';

/** What is there once all clients have left. */
export interface Calm extends Holdings {
  /** Which of the servers it was. */
  readonly life: number;
  /** Since the beginning. */
  readonly seconds: number;
  /** Memory in use of this process, in which all clients are, bytes. */
  readonly clients: number;
}

/** What there is none of without clients. */
const GONE = ['sessions', 'connections', 'pending', 'envs', 'processes', 'kept'] as const;
/** What there is no more of than when that server was first without clients, with as many threads that step envs. */
const SAME = ['files', 'threads'] as const;

const POLL_MS = 200;

/**
 * Waits until the server has no more than it should without clients.
 *
 * @param earlier - what it had when it was without before.
 * @param waitMs - for so long.
 * @returns what it has, and what of that it should not.
 */
export async function calmOf(
  server: WatchedServer,
  earlier: readonly Calm[],
  start: number,
  waitMs: number,
): Promise<{ readonly calm: Calm; readonly left: readonly string[] }> {
  const end = performance.now() + waitMs;
  let files = 0;
  for (;;) {
    const holdings = await server.holdings();
    const first = earlier.find(({ envThreads }) => envThreads === holdings.envThreads);
    const isSettled = holdings.files === files;
    files = holdings.files;
    const orphans = processesOf(server.pids) - holdings.processes;
    const left = [
      ...GONE.filter((what) => holdings[what] > 0).map((what) => `${what}: ${holdings[what]}`),
      ...SAME.filter((what) => first && holdings[what] > first[what]).map(
        (what) => `${what}: ${holdings[what]} where there were ${first![what]}`,
      ),
      ...(orphans > 0 ? [`processes that no server has: ${orphans}`] : []),
    ];
    if ((left.length === 0 && isSettled) || performance.now() > end) {
      collectGarbage();
      const { heapUsed, external } = process.memoryUsage();
      const seconds = (performance.now() - start) / 1000;
      return { calm: { ...holdings, life: server.lives, seconds, clients: heapUsed + external }, left };
    }
    await sleep(POLL_MS);
  }
}

/** Env processes of these servers: each is told the id of its server as its last argument. */
function processesOf(servers: ReadonlySet<number>): number {
  const args = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
      } catch {
        return []; // it has ended
      }
    });
  return args.filter(
    (each) => each.some((arg) => arg.endsWith('process-main.js')) && servers.has(Number(each.at(-1))),
  ).length;
}

/** Bytes that a server may take more at the end than at the beginning: what garbage collections differ by. */
const ALLOWED = { heap: 4 * 2 ** 20, resident: 128 * 2 ** 20, clients: 4 * 2 ** 20 } as const;

/** Fewer say nothing: a server's first minutes are those in which it warms up. */
const LEAST_CALMS = 3;

/** What has grown beyond that, from one calm of the same server to the next and the next: a straight line through all. */
export function grown(
  calms: readonly Calm[],
  judged: readonly (keyof typeof ALLOWED)[] = ['heap', 'resident', 'clients'],
): string[] {
  if (calms.length < LEAST_CALMS) return [];
  return judged.flatMap((what) => {
    const allowed = ALLOWED[what];
    const bytes = calms.map((calm) => calm[what]);
    const growth = slope(bytes) * (bytes.length - 1);
    if (growth <= allowed) return [];
    return [`${what}: memory has grown by ${megabytes(growth, 1)}, ${megabytes(allowed)} are allowed`];
  });
}

/** Of the straight line through y at 0, 1, 2, … that fits best; 0 for fewer than two points. */
function slope(y: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const middle = (y.length - 1) / 2;
  const average = mean(y);
  const across = y.reduce((sum, value, x) => sum + (x - middle) * (value - average), 0);
  const along = y.reduce((sum, _, x) => sum + (x - middle) ** 2, 0);
  return along > 0 ? across / along : 0;
}

/** The head of a table of these. */
export const CALM_HEAD =
  '| after | server | in use | resident | clients in use | files | threads | env threads |\n|-|-|-|-|-|-|-|-|';

export const calmRow = ({
  seconds,
  life,
  heap,
  resident,
  clients,
  files,
  threads,
  envThreads,
}: Calm): string =>
  rowOf([
    `${thousands(seconds)} s`,
    life,
    megabytes(heap, 1),
    megabytes(resident),
    megabytes(clients, 1),
    files,
    threads,
    envThreads,
  ]);
