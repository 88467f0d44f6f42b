/** Training runs in processes of their own: several at once, none of which takes another down with it. */
import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProgressStream } from '../agents/run/output/progress.js';
import { RunDirectory } from '../agents/run/output/run-directory.js';
import type { EvaluationReport, EvaluationRequest } from './evaluation.js';
import type { TrainingConfig } from './training.js';

/** What a process is to do: a new run below `root` or one to go on with, and then the evaluations. */
export interface RunOrder {
  readonly run:
    | { readonly config: TrainingConfig; readonly root: string }
    | { readonly resume: string; readonly steps?: number | undefined };
  readonly evaluations: readonly Omit<EvaluationRequest, 'signal'>[];
  /** What progress is written for. */
  readonly terminal: {
    readonly isTTY: boolean | undefined;
    readonly columns: number | undefined;
  };
}

export interface RunResult {
  readonly status: 'finished' | 'interrupted';
  readonly step: number;
  readonly best?: number | undefined;
  /** The run directory. */
  readonly path: string;
  /** Of the evaluations, in their order; none where the run was interrupted. */
  readonly reports: readonly EvaluationReport[];
}

export type RunMessage =
  | { readonly text: string }
  | { readonly result: RunResult }
  | { readonly error: string };

export interface RunProcess {
  readonly pid: number;
  /** Rejects with a sentence where the run failed or its process ended. */
  readonly done: Promise<RunResult>;
  /** Lets the run end after the step under way, saved. */
  stop(): void;
  /** Ends the process at once. */
  kill(): void;
}

const PROCESS = fileURLToPath(new URL('./run-process.js', import.meta.url));
/** Of what a process wrote to stderr, the end is told when it fails. */
const STDERR_LENGTH = 2000;

/** Starts a run in a process of its own, which shows its progress on `stream`. */
export function startRun(order: Omit<RunOrder, 'terminal'>, stream: ProgressStream): RunProcess {
  // Runs side by side have a processor each, if that.
  const env = { FARSTEP_THREADS: '1', ...process.env };
  const child = fork(PROCESS, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [], env });
  let stderr = '';
  child.stderr!.on('data', (data: Buffer) => {
    stderr = (stderr + data.toString()).slice(-STDERR_LENGTH);
  });
  const done = new Promise<RunResult>((resolve, reject) => {
    child.on('message', (message: RunMessage) => {
      if ('text' in message) stream.write(message.text);
      else if ('result' in message) resolve(message.result);
      else reject(new Error(message.error));
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
      reject(new Error(`its process ${how}${stderr && `: ${stderr.trim()}`}`));
    });
  });
  const { isTTY, columns } = stream;
  child.send({ ...order, terminal: { isTTY, columns } } satisfies RunOrder);
  return {
    pid: child.pid!,
    done,
    stop: () => {
      if (child.connected) child.send('stop');
    },
    kill: () => child.kill('SIGKILL'),
  };
}

/** Does `work` for each item, at most `limit` at a time, in order. It must not reject. */
export async function inParallel<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}

/** The run directories directly below `root`, oldest first. */
export async function runsBelow(root: string): Promise<RunDirectory[]> {
  if (!existsSync(root)) return [];
  const names = (await readdir(root)).filter((name) => existsSync(join(root, name, 'config.json')));
  return Promise.all(names.sort().map((name) => RunDirectory.open(join(root, name))));
}

/**
 * What to tell a process so that the run of this config gets done: go on with the one below `root`, if there is one
 * with a checkpoint, else begin it.
 */
export async function beginOrResume(
  root: string,
  isIt: (run: RunDirectory) => boolean,
  config: TrainingConfig,
): Promise<RunOrder['run']> {
  for (const run of (await runsBelow(root)).filter(isIt)) {
    if (run.checkpoints.has('latest')) return { resume: run.path, steps: config.steps };
    await rm(run.path, { recursive: true }); // stopped before there was anything to go on from
  }
  return { config, root };
}
