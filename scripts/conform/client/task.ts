/** What a client under trial is asked to do, and what it says that it saw. */
import { spawn } from 'node:child_process';
import type { AutoresetMode } from '../../../protocol/messages.js';

/** `whole`: all envs in one step. `halves`: those of even index in one, those of odd index in another. */
export const WAYS = ['whole', 'halves'] as const;

export interface Task {
  readonly numEnvs: number;
  readonly seed: number;
  readonly autoreset: AutoresetMode;
  readonly steps: number;
  readonly way: (typeof WAYS)[number];
}

/** What the command prints, in place of a result, for a way that it does not have. */
export const NOT_OFFERED = 'not offered';

/** What the command prints. */
export interface Told {
  readonly rewards: readonly number[];
  readonly returns: readonly number[];
  readonly observed: number;
  readonly final: number;
  readonly errors: readonly string[];
}

export interface Outcome {
  /** Whether it had ended when its time was over. */
  readonly hasEnded: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the client with these arguments, for at most so many milliseconds. */
export type RunClient = (args: readonly string[], timeoutMs: number) => Promise<Outcome>;

/** Runs a command of the shell, with the arguments behind it. */
export const runCommand =
  (command: string): RunClient =>
  (args, timeoutMs) =>
    new Promise((resolve) => {
      // A group of its own, so that what the shell starts ends with it.
      const child = spawn(`${command} ${args.join(' ')}`, {
        shell: true,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const out = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const)
        child[name].setEncoding('utf8').on('data', (text: string) => {
          out[name] = (out[name] + text).slice(-100_000);
        });
      let hasEnded = true;
      const timer = setTimeout(() => {
        hasEnded = false;
        process.kill(-child.pid!, 'SIGKILL');
      }, timeoutMs);
      child.on('error', (error) => {
        out.stderr += error.message;
      });
      child.on('close', () => {
        clearTimeout(timer);
        resolve({ hasEnded, ...out });
      });
    });

/** The last line of stdout; throws a sentence where it is not what was asked for. */
export function readTold({ stdout }: Outcome): Told {
  const line = stdout.trimEnd().split('\n').at(-1) ?? '';
  let told: Partial<Told>;
  try {
    told = JSON.parse(line) as Partial<Told>;
  } catch {
    throw new Error(`the last line on stdout is no JSON: ${JSON.stringify(line.slice(0, 200))}`);
  }
  for (const name of ['rewards', 'returns', 'errors'] as const) {
    if (!Array.isArray(told?.[name])) throw new Error(`${name}: expected an array in ${line.slice(0, 200)}`);
  }
  for (const name of ['observed', 'final'] as const) {
    if (typeof told[name] !== 'number')
      throw new Error(`${name}: expected a number in ${line.slice(0, 200)}`);
  }
  return told as Told;
}
