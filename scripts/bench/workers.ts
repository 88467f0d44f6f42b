import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { connect, type RemoteVectorEnv } from '../../protocol/index.js';
import { reply } from '../embedded-server.js';
import { BUSY, work } from './busy-envs.js';

/** What a step of one env costs, microseconds, and how many there are. */
const COSTS = [1, 10, 100];
const NUM_ENVS = [1, 8, 64];
const WORKERS = [0, 1, 2];
const ROUNDS = 5;

/** What two workers must make of the dearest case. */
const BAR = { micros: 100, numEnvs: 64, workers: 2, speedUp: 1.7 };

export interface WorkersResult {
  /** Of a step of one env. */
  readonly micros: number;
  readonly numEnvs: number;
  /** By `--workers`: env-steps a second, the best of some rounds, and threads that the envs were placed on. */
  readonly byWorkers: readonly {
    readonly workers: number;
    readonly envStepsPerSecond: number;
    readonly threads: number;
  }[];
  readonly passed: boolean;
}

const now = (): number => performance.now();

/** Iterations of `work` in a microsecond: the most of some measurements. */
function calibrate(): number {
  let best = 0;
  for (let round = 0; round < 50; round++) {
    const start = now();
    work(1_000_000, round);
    best = Math.max(best, 1000 / (now() - start));
  }
  return best;
}

async function rate(env: RemoteVectorEnv, seconds: number): Promise<number> {
  const actions = new Int32Array(env.numEnvs);
  const start = now();
  const end = start + 1000 * seconds;
  let steps = 0;
  for (; now() < end; steps++) await env.step(actions);
  return (1000 * steps * env.numEnvs) / (now() - start);
}

interface BenchServer {
  readonly child: ChildProcess;
  readonly workers: number;
  readonly url: string;
}

const PROCESS = fileURLToPath(new URL('./workers-process.js', import.meta.url));

async function startServer(workers: number): Promise<BenchServer> {
  const child = fork(PROCESS, [String(workers)]);
  const { url } = (await reply(child, 'the server')) as { readonly url: string };
  return { child, workers, url };
}

/** Env-steps a second through servers with 0, 1 and 2 workers, in turns, of envs that do nothing but work. */
export async function benchWorkers(
  seconds: number,
  onResult: (result: WorkersResult) => void,
): Promise<WorkersResult[]> {
  const perMicro = calibrate();
  const servers = await Promise.all(WORKERS.map(startServer));
  const results: WorkersResult[] = [];
  try {
    for (const micros of COSTS) {
      for (const numEnvs of NUM_ENVS) {
        const options = { iterations: Math.round(micros * perMicro) };
        const sides = await Promise.all(
          servers.map(async ({ child, workers, url }) => {
            const client = await connect(url);
            const placed = workers > 0 ? reply(child, 'the server') : { threads: 0 };
            const env = await client.make(BUSY, { numEnvs, options });
            await env.reset({ seed: 1 });
            const { threads } = (await placed) as { readonly threads: number };
            return { client, env, workers, threads, rates: [] as number[] };
          }),
        );
        for (const { env } of sides) await rate(env, seconds);
        for (let round = 0; round < ROUNDS; round++) {
          for (const { env, rates } of sides) rates.push(await rate(env, seconds));
        }
        for (const { client } of sides) client.close();
        const byWorkers = sides.map(({ workers, threads, rates }) => ({
          workers,
          threads,
          envStepsPerSecond: Math.max(...rates),
        }));
        const result = { micros, numEnvs, byWorkers, passed: meetsBar(micros, numEnvs, byWorkers) };
        results.push(result);
        onResult(result);
      }
    }
    return results;
  } finally {
    for (const { child } of servers) child.disconnect();
  }
}

function meetsBar(micros: number, numEnvs: number, byWorkers: WorkersResult['byWorkers']): boolean {
  if (micros !== BAR.micros || numEnvs !== BAR.numEnvs) return true;
  const of = (count: number) => byWorkers.find(({ workers }) => workers === count)!.envStepsPerSecond;
  return of(BAR.workers) >= BAR.speedUp * of(0);
}
