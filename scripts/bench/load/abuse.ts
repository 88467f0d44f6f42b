import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { median } from '../../../agents/statistics.js';
import { startChildServer } from '../../child-server.js';
import { reply } from '../../embedded-server.js';
import type { AbuseOrder } from './abuse-process.js';
import { ABUSERS, type Target } from './abusers.js';
import { Generator } from './generator.js';

export interface AbuseOptions {
  /** Sessions that behave. */
  readonly sessions: number;
  /** Steps a second of each. */
  readonly rate: number;
  /** Of a turn. */
  readonly seconds: number;
  /** With the abuser and without, of each. */
  readonly turns: number;
}

export interface AbuseResult {
  readonly kind: string;
  /** 99th percentile of the time that a step takes, milliseconds: the median of the turns. */
  readonly alone: number;
  /** While the abuser is at another server on this machine. */
  readonly elsewhere: number;
  /** While it is at this one. */
  readonly here: number;
  /** How many times longer steps take for that. */
  readonly times: number;
  /** Steps that were not answered, or with an error, in all turns. */
  readonly dropped: number;
  readonly passed: boolean;
}

/** How many times longer steps may take. */
const BAR = 2;
const WARM_UP_SECONDS = 10;
const PROCESS = fileURLToPath(new URL('./abuse-process.js', import.meta.url));
/**
 * The abuser stands for a machine of its own: what it takes of this one's time is no harm that it does to the server. So
 * it has what time of the processors the server and the load generator leave, by Linux's `SCHED_IDLE`: with the lowest
 * priority of the ordinary kind it still keeps them waiting for milliseconds each time that they wake. What it still
 * takes, the kernel's work on its connections above all, shows while it is at another server with as little.
 */
const IDLE = ['chrt', '--idle', '0'] as const;

function startAbuser(order: AbuseOrder): ChildProcess {
  const [execPath, ...execArgv] = [...IDLE, process.execPath];
  return fork(PROCESS, [JSON.stringify(order)], { execPath, execArgv });
}

/**
 * How long the steps of sessions that behave take while one of each kind does not, while it does so elsewhere, and
 * without it, in turns.
 */
export async function benchAbuse(
  part: string,
  { sessions, rate, seconds, turns }: AbuseOptions,
  onResult: (result: AbuseResult) => void,
  onProgress: (text: string) => void,
): Promise<AbuseResult[]> {
  const kinds = Object.keys(ABUSERS).filter((kind) => kind.includes(part));
  if (kinds.length === 0)
    throw new Error(`no abuser has ${part} in its name; there are:\n  ${Object.keys(ABUSERS).join('\n  ')}`);
  if (spawnSync('chrt', ['--version']).error)
    throw new Error(
      'bench abuse: needs chrt (util-linux, on Linux), for an abuser that takes no time of the server',
    );
  const closing: (() => unknown)[] = [];
  const start = async (through: readonly string[], sessions: number): Promise<[Target, Generator]> => {
    const server = await startChildServer(['--log-level', 'error'], through);
    closing.unshift(() => server.close());
    const load = await Generator.start({ url: server.url, sessions }, () => {});
    closing.unshift(() => load.close());
    return [{ url: server.url, stream: load.stream }, load];
  };
  try {
    const [here, load] = await start([], sessions);
    const [elsewhere] = await start(IDLE, 1);
    onProgress('warming up');
    await load.run({ rate, seconds: WARM_UP_SECONDS });
    const results: AbuseResult[] = [];
    for (const kind of kinds) {
      const p99s = { alone: [] as number[], elsewhere: [] as number[], here: [] as number[] };
      let dropped = 0;
      const measure = async (to: number[]): Promise<void> => {
        const { sent, answered, lost, p99 } = await load.run({ rate, seconds });
        to.push(p99);
        dropped += sent - answered + lost;
      };
      const measureBeside = async (target: Target, to: number[]): Promise<void> => {
        const abuser = startAbuser({ kind, ...target });
        try {
          await reply(abuser, kind);
          await measure(to);
        } finally {
          abuser.kill('SIGKILL');
        }
        await once(abuser, 'exit');
        await sleep(200); // the server sees it go
      };
      for (let turn = 0; turn < turns; turn++) {
        onProgress(`${kind}: turn ${turn + 1} of ${turns}`);
        await measure(p99s.alone);
        await measureBeside(elsewhere, p99s.elsewhere);
        await measureBeside(here, p99s.here);
      }
      const medians = {
        alone: median(p99s.alone),
        elsewhere: median(p99s.elsewhere),
        here: median(p99s.here),
      };
      const times = medians.here / Math.max(medians.alone, medians.elsewhere);
      const result = { kind, ...medians, times, dropped, passed: dropped === 0 && times < BAR };
      results.push(result);
      onResult(result);
    }
    return results;
  } finally {
    for (const close of closing) await close();
  }
}
