import { execFile, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Server } from '../../server/index.js';
import { reply } from '../embedded-server.js';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

/** What the Python side measured, in calls a second. A call steps all envs of its row. */
export interface PythonResult {
  readonly envs: number;
  readonly tcp: number;
  readonly unix: number;
  /** Round trips of the `websockets` package's own client with an echo of the same sizes. */
  readonly echo: number;
  /** Gymnasium's SyncVectorEnv in the same process; for the batch. */
  readonly sync?: number;
}

/** Env-steps a second while PPO of Stable-Baselines3 trains. */
export interface TrainingResult {
  readonly farstep: number;
  /** Its own DummyVecEnv of Gymnasium's envs, in the same process. */
  readonly inProcess: number;
}

export interface PythonResults {
  readonly rows: readonly PythonResult[];
  /** Absent where Python has no Stable-Baselines3. */
  readonly training?: TrainingResult;
}

/** What the project promises: the batch beside Gymnasium's own, one env beside the echo. */
const LEAST_TIMES_SYNC = 2.5;
const LEAST_SHARE_OF_ECHO = 0.7;

export const passes = ({ tcp, sync, echo }: PythonResult): boolean =>
  sync === undefined ? tcp >= LEAST_SHARE_OF_ECHO * echo : tcp >= LEAST_TIMES_SYNC * sync;

/** Measures the Python client against servers of this process, in turns with what it is compared with. */
export async function benchPython(seconds: number): Promise<PythonResults> {
  const dir = await mkdtemp(join(tmpdir(), 'farstep-'));
  const tcp = await Server.start();
  const unix = await Server.start({ unix: join(dir, 's') });
  const echo = fork(fileURLToPath(new URL('./echo-process.js', import.meta.url)));
  try {
    const { url } = (await reply(echo, 'the echo server')) as { url: string };
    const script = join(REPOSITORY, 'scripts', 'bench', 'python.py');
    const args = [script, '--url', tcp.url, '--unix', unix.url, '--echo', url, '--seconds', String(seconds)];
    const path = [join(REPOSITORY, 'protocol', 'python'), process.env.PYTHONPATH].filter(Boolean);
    const env = { ...process.env, PYTHONPATH: path.join(delimiter) };
    const python = process.env.FARSTEP_PYTHON ?? 'python3';
    const { stdout } = await promisify(execFile)(python, args, { env }).catch((error: Error) => {
      throw new Error(`${python} (FARSTEP_PYTHON names another one): ${error.message}`);
    });
    return JSON.parse(stdout) as PythonResults;
  } finally {
    echo.disconnect();
    await Promise.all([tcp.close(0), unix.close(0)]);
    await rm(dir, { recursive: true });
  }
}
