import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** `farstep serve` in a process of its own, on a free port of the loopback. Ends with this process. */
export interface ChildServer {
  readonly url: string;
  readonly child: ChildProcess;
  /** Stops it in good order. */
  close(): Promise<void>;
}

const FARSTEP = fileURLToPath(new URL('./farstep.js', import.meta.url));

/**
 * @param args - more options of `farstep serve`.
 * @param through - a command that runs it, such as `nice`.
 */
export async function startChildServer(
  args: readonly string[] = [],
  through: readonly string[] = [],
): Promise<ChildServer> {
  const [command, ...rest] = [
    ...through,
    process.execPath,
    FARSTEP,
    'serve',
    '--child',
    '--port',
    '0',
    ...args,
  ];
  const child = spawn(command!, rest, {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  const [url] = (await Promise.race([
    once(createInterface(child.stdout), 'line'),
    exited.then(() => {
      throw new Error(`the server ended with exit code ${String(child.exitCode)} before it listened`);
    }),
  ])) as [string];
  return {
    url,
    child,
    close: () => {
      child.stdin.end();
      return exited;
    },
  };
}
