import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Memory } from '../heap.js';
import { PANEL_BYTES } from './matmul.js';
import { AT, CONTROL_LENGTH, LOOKS, type Matmul, MOST_PARTS, takeParts } from './shared-product.js';
import type { ThreadData } from './thread.js';

/** Beyond so many threads, parts become too small. */
const MOST_THREADS = 8;
/** Parts for each thread, so that one that is late takes fewer. */
const PARTS_A_THREAD = 2;
/** Rows and columns of a part are multiples of these. */
const TILE = { rows: 6, columns: 8 } as const;

/** Parts of fewer rows would bring columns of B together, and take the zeros out of A, more often than it pays. */
const LEAST_ROWS = 30;

/** Multiply-adds of a product that is worth waking other threads up for, and of one worth sharing with those awake. */
const WAKE_FROM = 1 << 20;
const SHARE_FROM = 1 << 17;

/**
 * How many threads compute, this one included: FARSTEP_THREADS, or a processor each but for one, which is the server's.
 * A thread that has to wait for its processor holds up all others.
 */
export function threadCount(): number {
  const { FARSTEP_THREADS: told } = process.env;
  if (told !== undefined && !/^[1-9]\d*$/.test(told)) {
    throw new Error(`FARSTEP_THREADS: expected a number of threads, 1 or more, got '${told}'`);
  }
  return Math.min(MOST_THREADS, told === undefined ? Math.max(1, availableParallelism() - 1) : Number(told));
}

/**
 * Computes products, large ones together with other threads, which are started for the first of them. They need not be
 * there yet, or awake: this thread takes every part that is left. Numbers, as long as they are finite, are the same however many there are.
 */
export class Threads {
  readonly #control = new Int32Array(new SharedArrayBuffer(CONTROL_LENGTH * Int32Array.BYTES_PER_ELEMENT));
  #started = false;

  constructor(
    readonly module: WebAssembly.Module,
    readonly memory: Memory,
    readonly matmul: Matmul,
    /** This thread's own room. */
    readonly panel: number,
    readonly threads: number,
  ) {}

  /** `matmul` of the kernels. */
  readonly multiply: Matmul = (...args) => {
    const [, , , m, n, k] = args;
    if (m * n * k < this.#shareFrom()) this.matmul(...args);
    else this.#share(args);
  };

  #shareFrom(): number {
    const asleep = this.#started ? Atomics.load(this.#control, AT.sleeping) : this.threads - 1;
    return asleep < this.threads - 1 ? SHARE_FROM : WAKE_FROM;
  }

  #share(args: Parameters<Matmul>): void {
    if (!this.#started) this.#start();
    const control = this.#control;
    const [, , , m, n] = args;
    const wanted = PARTS_A_THREAD * this.threads;
    const partRows = TILE.rows * Math.ceil(m / wanted / TILE.rows);
    const byColumns = partRows < LEAST_ROWS && n >= 2 * TILE.columns * wanted;
    const rows = byColumns ? m : partRows;
    const columns = byColumns ? TILE.columns * Math.ceil(n / wanted / TILE.columns) : n;
    const parts = Math.ceil(m / rows) * Math.ceil(n / columns);
    control.set([rows, columns, ...args], AT.part);
    Atomics.store(control, AT.done, 0);
    Atomics.store(control, AT.next, ((Atomics.load(control, AT.next) | MOST_PARTS) + 1) | parts);
    if (Atomics.load(control, AT.sleeping) > 0) Atomics.notify(control, AT.next);
    this.#waitFor(parts - takeParts(control, this.matmul, this.panel));
  }

  /** Waits until other threads have computed so many parts. */
  #waitFor(parts: number): void {
    const control = this.#control;
    for (let looks = 0; looks < LOOKS; looks++) if (Atomics.load(control, AT.done) === parts) return;
    // One of them has no processor; perhaps it gets this one.
    Atomics.store(control, AT.waiting, 1);
    for (let done = Atomics.load(control, AT.done); done !== parts; done = Atomics.load(control, AT.done)) {
      Atomics.wait(control, AT.done, done);
    }
    Atomics.store(control, AT.waiting, 0);
  }

  #start(): void {
    this.#started = true;
    const { module, memory } = this;
    for (let i = 1; i < this.threads; i++) {
      const panel = memory.allocate(PANEL_BYTES);
      const workerData: ThreadData = { module, memory: memory.memory, control: this.#control, panel };
      // Without the loaders that this process may have, and without keeping it alive.
      new Worker(new URL('./thread.js', import.meta.url), { workerData, execArgv: [] }).unref();
    }
  }
}
