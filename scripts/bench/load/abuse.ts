import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { median } from '../../../agents/statistics.js';
import { startChildServer } from '../../child-server.js';
import { reply } from '../../embedded-server.js';
import type { AbuseOrder } from './abuse-process.js';
import { ABUSERS } from './abusers.js';
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
  readonly together: number;
  /** Steps that were not answered, or with an error, in all turns. */
  readonly dropped: number;
  readonly passed: boolean;
}

/** How many times longer steps may take. */
const BAR = 2;
const WARM_UP_SECONDS = 3;
const PROCESS = fileURLToPath(new URL('./abuse-process.js', import.meta.url));

/**
 * It stands for a machine of its own: what it takes of this one's time is no harm that it does to the server. So it has
 * what time of the processors the server and the load generator leave, by Linux's `SCHED_IDLE`: with the lowest priority
 * of the ordinary kind it still keeps them waiting for milliseconds each time that they wake.
 */
function startAbuser(order: AbuseOrder): ChildProcess {
  const idle = ['--idle', '0', process.execPath];
  return fork(PROCESS, [JSON.stringify(order)], { execPath: 'chrt', execArgv: idle });
}

/** How long the steps of sessions that behave take while one of each kind does not, and without it, in turns. */
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
  const server = await startChildServer(['--log-level', 'error']);
  const { url } = server;
  let generator: Generator | undefined;
  try {
    const load = await Generator.start({ url, sessions }, () => {});
    generator = load;
    onProgress('warming up');
    await load.run({ rate, seconds: WARM_UP_SECONDS });
    const results: AbuseResult[] = [];
    for (const kind of kinds) {
      const [alone, together]: [number[], number[]] = [[], []];
      let dropped = 0;
      const measure = async (to: number[]): Promise<void> => {
        const { sent, answered, lost, p99 } = await load.run({ rate, seconds });
        to.push(p99);
        dropped += sent - answered + lost;
      };
      for (let turn = 0; turn < turns; turn++) {
        onProgress(`${kind}: turn ${turn + 1} of ${turns}`);
        await measure(alone);
        const abuser = startAbuser({ kind, url, stream: load.stream });
        try {
          await reply(abuser, kind);
          await measure(together);
        } finally {
          abuser.kill('SIGKILL');
        }
        await once(abuser, 'exit');
        await sleep(200); // the server sees it go
      }
      const result = { kind, alone: median(alone), together: median(together), dropped };
      const passed = dropped === 0 && result.together < BAR * result.alone;
      results.push({ ...result, passed });
      onResult({ ...result, passed });
    }
    return results;
  } finally {
    generator?.close();
    await server.close();
  }
}
