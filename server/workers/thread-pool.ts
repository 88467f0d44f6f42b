import type { Logger } from 'pino';
import { FarstepError } from '../../protocol/errors.js';
import type { MaybePromise } from '../host.js';
import { EnvThread, SHARDS_PER_THREAD } from './env-thread.js';

/** A thread, and how much it has to step. */
export interface Place {
  readonly thread: EnvThread;
  /** Microseconds that a step of all envs on it takes. */
  micros: number;
}

export interface ThreadPoolOptions {
  /** Most threads. */
  readonly size: number;
  /** Files with envs for the threads to load. */
  readonly modules: readonly string[];
  /** Longest that a thread may take over one work, milliseconds. */
  readonly envMs: number;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly log: Logger;
}

const WARM_UP = 20;
const PINGS = 51;
/** A core that sleeps takes longer to wake than one that is kept awake by being measured. */
const LEAST_HOP_MICROS = 25;

/** The threads that step envs. They are started when they are needed first, and again when one has died. */
export class ThreadPool {
  readonly #places = new Set<Place>();
  #failed = 0;
  #hopMicros: MaybePromise<number> | undefined;
  #isClosed = false;

  constructor(private readonly options: ThreadPoolOptions) {}

  get size(): number {
    return this.options.size;
  }

  /** How many parts of vector envs each thread has. */
  get parts(): number[] {
    return Array.from(this.#places, ({ thread }) => thread.shards);
  }

  /** Threads that died or were ended for a limit. */
  get failed(): number {
    return this.#failed;
  }

  /** How long the one that has been at its work for longest has been, milliseconds. */
  get busyMs(): number {
    return Math.max(0, ...Array.from(this.#places, ({ thread }) => thread.busyMs));
  }

  /** Microseconds from this thread to another and back: the median of some. */
  hopMicros(): MaybePromise<number> {
    this.#hopMicros ??= this.#measureHop().then(
      (micros) => {
        this.#hopMicros = micros;
        return micros;
      },
      (error: unknown) => {
        this.#hopMicros = undefined; // the thread has died: the next one may live
        throw error;
      },
    );
    return this.#hopMicros;
  }

  async #measureHop(): Promise<number> {
    const { now } = this.options;
    const [{ thread }] = this.choose(1) as [Place];
    for (let i = 0; i < WARM_UP; i++) await thread.call('ping');
    const micros: number[] = [];
    for (let i = 0; i < PINGS; i++) {
      const start = now();
      await thread.call('ping');
      micros.push(1000 * (now() - start));
    }
    micros.sort((a, b) => a - b);
    return Math.max(LEAST_HOP_MICROS, micros[(PINGS - 1) / 2]!);
  }

  /** The `count` threads that have the least to step; fewer where the others can take no more. */
  choose(count: number): Place[] {
    if (this.#isClosed) throw new FarstepError('shutting_down', 'make: the server is stopping');
    while (this.#places.size < Math.min(this.options.size, count)) this.#start();
    return [...this.#places]
      .filter(({ thread }) => thread.shards < SHARDS_PER_THREAD)
      .sort((a, b) => a.micros - b.micros)
      .slice(0, count);
  }

  #start(): void {
    const { modules, now, log } = this.options;
    const place: Place = {
      micros: 0,
      thread: new EnvThread({
        modules,
        now,
        onEnd: (reason) => {
          this.#places.delete(place);
          if (reason === undefined) return;
          this.#failed++;
          log.error({ reason, parts: place.thread.shards }, 'an env thread has ended');
        },
      }),
    };
    this.#places.add(place);
  }

  /** Ends threads that take too long over a work. */
  check(): void {
    const { envMs } = this.options;
    for (const { thread } of this.#places) {
      if (thread.busyMs > envMs) void thread.close(`it took longer than limits.envMs, ${envMs} ms`);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(Array.from(this.#places, ({ thread }) => thread.close()));
  }
}
