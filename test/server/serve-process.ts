/** A server in a process of its own, that may be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import { FARSTEP } from '../scripts/command.js';

export interface ServeProcess {
  readonly child: ChildProcess;
  readonly url: string;
  /** Sends a signal; resolves with the exit code, or the signal that ended it. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | NodeJS.Signals>;
}

/** `farstep serve`, killed when the test ends. */
export async function serveProcess(t: Test, ...args: string[]): Promise<ServeProcess> {
  const child = spawn(process.execPath, [FARSTEP, 'serve', '--child', ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (data: Buffer) => {
    log += data.toString();
  });
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  t.teardown(() => child.kill('SIGKILL'));
  const line = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once('line', resolve);
    void exited.then(() => reject(new Error(`farstep serve has ended: ${log}`)));
  });
  return {
    child,
    url: line,
    async end(signal) {
      child.kill(signal);
      const [code, killer] = await exited;
      return code ?? killer!;
    },
  };
}
