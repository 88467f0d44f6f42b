import type { Logger } from 'pino';
import { FarstepError } from '../../protocol/errors.js';
import type { Limits } from '../limits.js';
import { EnvProcess } from './env-process.js';

export interface ProcessPoolOptions {
  readonly limits: Pick<Limits, 'envMs' | 'envMemoryMb' | 'envProcesses'>;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly log: Logger;
}

/** The processes that step users' own envs. */
export class ProcessPool {
  readonly #processes = new Set<EnvProcess>();
  #failed = 0;
  #isClosed = false;

  constructor(private readonly options: ProcessPoolOptions) {}

  get pids(): number[] {
    return Array.from(this.#processes, ({ pid }) => pid ?? 0);
  }

  /** Processes that died or were ended for a limit. */
  get failed(): number {
    return this.#failed;
  }

  /** How long the one that has been at its work for longest has been, milliseconds. */
  get busyMs(): number {
    return Math.max(0, ...Array.from(this.#processes, ({ busyMs }) => busyMs));
  }

  /** How many more there may be. */
  get room(): number {
    return this.options.limits.envProcesses - this.#processes.size;
  }

  /** Starts one for the envs that a file defines. Throws `too_many_envs`. */
  start(file: string): EnvProcess {
    const { limits, now, log } = this.options;
    if (this.#isClosed) throw new FarstepError('shutting_down', 'make: the server is stopping');
    if (this.room <= 0) {
      throw new FarstepError(
        'too_many_envs',
        `make: ${this.#processes.size} processes step users' own envs, limits.envProcesses is ${limits.envProcesses}`,
        { retryAfterMs: 10_000 },
      );
    }
    const process: EnvProcess = new EnvProcess({
      module: file,
      memoryMb: limits.envMemoryMb,
      now,
      onLine: (line) => log.info({ file, pid: process.pid }, line),
      onEnd: (reason) => {
        this.#processes.delete(process);
        if (reason === undefined) return;
        this.#failed++;
        log.error({ file, pid: process.pid, reason }, 'an env process has ended');
      },
    });
    this.#processes.add(process);
    return process;
  }

  /** Ends processes that take too long over a request, or too much memory. */
  check(): void {
    const { envMs, envMemoryMb } = this.options.limits;
    for (const process of this.#processes) {
      if (process.busyMs > envMs) {
        void process.close(`it took longer than limits.envMs, ${envMs} ms`);
      } else if (process.residentMb > envMemoryMb) {
        void process.close(`it used more memory than limits.envMemoryMb, ${envMemoryMb} MiB`);
      }
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(Array.from(this.#processes, (process) => process.close()));
  }
}
