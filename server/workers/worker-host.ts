import { availableParallelism } from 'node:os';
import { type Logger, pino } from 'pino';
import type { MakeRequest } from '../../protocol/messages.js';
import {
  type EnvHost,
  FirstSeeds,
  type HostedVectorEnv,
  type HostState,
  inlineHost,
  type MakeOrder,
  type MaybePromise,
  readMake,
} from '../host.js';
import { DEFAULT_LIMITS, type Limits } from '../limits.js';
import { systemTimers, type Timers } from '../timers.js';
import { CostBook } from './cost.js';
import { loadEnvs } from './env-modules.js';
import type { EnvProcess } from './env-process.js';
import { CHEAP_MICROS, placeOf, processesFor } from './placement.js';
import { ProcessPool } from './process-pool.js';
import { type MakeShard, ShardedVectorEnv } from './sharded-env.js';
import { type Place, ThreadPool } from './thread-pool.js';

export interface WorkerHostOptions {
  /** Threads at most that step envs; one a core where absent; 0: envs step in the main thread. */
  readonly workers?: number;
  /** Files that define envs of the users' own. They step in processes of their own, however many threads there are. */
  readonly envs?: readonly string[];
  /** Files that define envs which are trusted like farstep's own: one that never returns from a step stops the server. */
  readonly trustedEnvs?: readonly string[];
  /** In how many parts every vector env is cut, 0 for the main thread: in place of measuring. */
  readonly parts?: number;
  readonly limits?: Partial<Limits>;
  readonly log?: Logger;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  readonly timers?: Timers;
}

/** How often threads and processes are looked at, milliseconds. */
const WATCH_MS = 1000;

/**
 * Steps envs where that is fastest: in the main thread, or on others, in as many parts as pay. Users' own envs step in
 * processes, one a part, so that nothing they do reaches anybody else.
 */
export class WorkerHost implements EnvHost {
  readonly #threads: ThreadPool;
  readonly #processes: ProcessPool;
  readonly #log: Logger;
  readonly #timers: Timers;
  /** Users' own envs, by id: their files, and what a step of one takes with its default options. */
  readonly #own = new Map<string, { readonly file: string; readonly micros: number }>();
  readonly #costs = new CostBook();
  /** What a step of all envs takes that step in this thread. */
  #inlineMicros = 0;
  #isWarmingUp = false;
  #stopWatching: (() => void) | undefined;

  private constructor(private readonly options: WorkerHostOptions) {
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const { now = () => performance.now(), log = pino({ level: 'silent' }) } = options;
    this.#log = log;
    this.#timers = options.timers ?? systemTimers;
    const { workers = availableParallelism(), trustedEnvs = [] } = options;
    this.#threads = new ThreadPool({ size: workers, modules: trustedEnvs, envMs: limits.envMs, now, log });
    this.#processes = new ProcessPool({ limits, now, log });
  }

  /** Loads and tries the users' envs. Rejects with an Error that names the file and what is wrong there. */
  static async start(options: WorkerHostOptions = {}): Promise<WorkerHost> {
    const host = new WorkerHost(options);
    for (const file of options.trustedEnvs ?? []) await loadEnvs(file);
    host.#watch();
    try {
      for (const file of options.envs ?? []) await host.#load(file);
    } catch (error) {
      await host.close();
      throw error;
    }
    return host;
  }

  /**
   * Starts a thread and measures the way there while nobody waits for it. Without it the first env that is not cheap
   * does, amid whatever else is going on.
   */
  async warmUp(): Promise<void> {
    if (this.#threads.size === 0) return;
    this.#isWarmingUp = true;
    try {
      await this.#threads.hopMicros();
    } catch {
      // The thread has died: told in the log.
    }
    this.#isWarmingUp = false;
  }

  async #load(file: string): Promise<void> {
    const ids = await loadEnvs(file);
    const process = this.#processes.start(file);
    try {
      for (const id of ids) this.#own.set(id, { file, micros: await process.ask('try', id) });
    } catch (error) {
      throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
    } finally {
      await process.close();
    }
    this.#log.info({ file, envs: ids }, 'loaded');
  }

  #watch(): void {
    this.#stopWatching = this.#timers.after(WATCH_MS, () => {
      this.#threads.check();
      this.#processes.check();
      this.#watch();
    });
  }

  make(request: MakeRequest): MaybePromise<HostedVectorEnv> {
    const order = readMake(request);
    if (this.#own.has(order.env)) return this.#makeInProcesses(request, order);
    if (this.#threads.size === 0) return inlineHost.make(request);
    if (this.options.parts !== undefined) return this.#makeByHop(request, order, 0);
    const micros = this.#costs.of(order) * order.numEnvs;
    // What is as cheap as that is inline whatever a hop costs.
    if (micros < CHEAP_MICROS) return this.#makeInline(request, order, micros);
    return this.#makeByHop(request, order, micros);
  }

  #makeByHop(request: MakeRequest, order: MakeOrder, micros: number): MaybePromise<HostedVectorEnv> {
    const hopMicros = this.#threads.hopMicros();
    return hopMicros instanceof Promise
      ? hopMicros.then((known) => this.#place(request, order, micros, known))
      : this.#place(request, order, micros, hopMicros);
  }

  #place(
    request: MakeRequest,
    order: MakeOrder,
    micros: number,
    hopMicros: number,
  ): MaybePromise<HostedVectorEnv> {
    const parts =
      this.options.parts ??
      placeOf({
        numEnvs: order.numEnvs,
        micros,
        hopMicros,
        inlineMicros: this.#inlineMicros,
        threads: this.#threads.size,
      });
    const places = this.#threads.choose(Math.min(parts, order.numEnvs));
    // At once, so that what it takes of this thread is seen by whoever asked for it.
    if (places.length === 0) return this.#makeInline(request, order, micros);
    return this.#makeOnThreads(request, order, micros, places, hopMicros);
  }

  async #makeOnThreads(
    request: MakeRequest,
    order: MakeOrder,
    micros: number,
    places: readonly Place[],
    hopMicros: number,
  ): Promise<HostedVectorEnv> {
    const [first] = places as readonly [Place];
    const contract = await first.thread.call('describe', order);
    const share = micros / places.length;
    for (const place of places) place.micros += share;
    const makers = places.map(
      ({ thread }): MakeShard =>
        (part, out) =>
          thread.makeShard(part, out),
    );
    const env = await ShardedVectorEnv.make(order, contract, new FirstSeeds(request), makers, () => {
      for (const place of places) place.micros -= share;
    });
    this.#tell(order, micros, { threads: places.length, hopMicros });
    return env;
  }

  #makeInline(request: MakeRequest, order: MakeOrder, micros: number): HostedVectorEnv {
    const env = inlineHost.make(request);
    this.#inlineMicros += micros;
    this.#tell(order, micros, { threads: 0 });
    return {
      ...env,
      close: () => {
        this.#inlineMicros -= micros;
        env.close();
      },
    };
  }

  async #makeInProcesses(request: MakeRequest, order: MakeOrder): Promise<HostedVectorEnv> {
    const { file, micros: each } = this.#own.get(order.env)!;
    const micros = each * order.numEnvs;
    const processes = [this.#processes.start(file)];
    try {
      const [first] = processes as [EnvProcess];
      const contract = await first.ask('describe', order);
      const parts = this.options.parts ?? processesFor(order.numEnvs, micros, this.#threads.size);
      const count = Math.min(parts, order.numEnvs, processes.length + this.#processes.room);
      while (processes.length < count) processes.push(this.#processes.start(file));
      const makers = processes.map(
        (process): MakeShard =>
          (part, out) =>
            process.makeShard(part, out),
      );
      const env = await ShardedVectorEnv.make(order, contract, new FirstSeeds(request), makers);
      this.#tell(order, micros, { processes: processes.map(({ pid }) => pid) });
      return env;
    } catch (error) {
      for (const process of processes) void process.close();
      throw error;
    }
  }

  #tell(order: MakeOrder, micros: number, where: object): void {
    this.#log.info(
      { env: order.env, numEnvs: order.numEnvs, stepMicros: Math.round(micros), ...where },
      'placed',
    );
  }

  get state(): HostState {
    return {
      isReady: !this.#isWarmingUp,
      threads: this.#threads.parts,
      processes: this.#processes.pids,
      busyMs: { threads: this.#threads.busyMs, processes: this.#processes.busyMs },
      failed: { threads: this.#threads.failed, processes: this.#processes.failed },
    };
  }

  /** Ends all threads and processes. */
  async close(): Promise<void> {
    this.#stopWatching?.();
    await Promise.all([this.#threads.close(), this.#processes.close()]);
  }
}
