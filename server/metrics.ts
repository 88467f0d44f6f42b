import { Counter, Gauge, Registry } from 'prom-client';
import type { ErrorCode } from '../protocol/errors.js';
import { Buckets } from './metrics-buckets.js';
import { type Counts, type Description, METRICS, type ServerState } from './metrics-table.js';

/** 10 µs to 10 s. */
const STEP_BOUNDS = [-5, -4, -3, -2, -1, 0].flatMap((e) => [1, 2.5, 5].map((x) => Number(`${x}e${e}`)));
/** 1 ms to 5 s. */
const LOOP_BOUNDS = STEP_BOUNDS.filter((bound) => bound >= 0.001);
const LOOP_MS = 20;

/**
 * What a server counts, and how it tells it to Prometheus. What a step passes by are plain numbers, which go into the
 * registry when it is read: prom-client's own counters cost a step some hundred nanoseconds each, these some ten.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #pour: readonly ((state: ServerState) => void)[];
  readonly #stepSeconds = new Buckets(STEP_BOUNDS);
  readonly #loopTimer: NodeJS.Timeout;
  readonly #counts: Counts = {
    opened: 0,
    begun: 0,
    resumed: 0,
    samplesSent: 0,
    samplesDropped: 0,
    envSteps: new Map(),
    errors: new Map(),
    closed: new Map(),
  };

  /** @param now - milliseconds, monotonic. */
  constructor(now: () => number) {
    this.#pour = METRICS.map((metric) => pourer(this.#registry, this.#counts, metric));
    this.#stepSeconds.register(
      this.#registry,
      'farstep_step_seconds',
      'From the arrival of a step, of however many envs, until its reply was handed to the socket',
    );
    const delays = new Buckets(LOOP_BOUNDS);
    delays.register(
      this.#registry,
      'farstep_event_loop_delay_seconds',
      `How much later than after ${LOOP_MS} ms the event loop gets to a timer of ${LOOP_MS} ms`,
    );
    let last = now();
    this.#loopTimer = setInterval(() => {
      const time = now();
      delays.observe(Math.max(0, time - last - LOOP_MS) / 1000);
      last = time;
    }, LOOP_MS);
    this.#loopTimer.unref();
  }

  /** A step of `n` envs of this id was answered, so many milliseconds after it came. */
  onStep(env: string, n: number, ms: number): void {
    this.#stepSeconds.observe(ms / 1000);
    add(this.#counts.envSteps, env, n);
  }

  /** A client is told this error. */
  onError(code: ErrorCode): void {
    add(this.#counts.errors, code, 1);
  }

  /** A WebSocket was opened. */
  onOpened(): void {
    this.#counts.opened++;
  }

  /** A WebSocket was closed. */
  onClosed(reason: string): void {
    add(this.#counts.closed, reason, 1);
  }

  onBegun(): void {
    this.#counts.begun++;
  }

  onResumed(): void {
    this.#counts.resumed++;
  }

  /** A sample was sent to a subscriber, or there was no credit or no room for it. */
  onSample(isSent: boolean): void {
    if (isSent) this.#counts.samplesSent++;
    else this.#counts.samplesDropped++;
  }

  /** All of it, as Prometheus reads it. */
  text(state: ServerState): Promise<string> {
    for (const pour of this.#pour) pour(state);
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  stop(): void {
    clearInterval(this.#loopTimer);
  }
}

/** Registers a metric; gives what brings it up to date. */
function pourer(
  registry: Registry,
  counts: Counts,
  { type, name, help, label, read }: Description,
): (state: ServerState) => void {
  const config = { name, help, labelNames: label === undefined ? [] : [label], registers: [registry] };
  const metric = type === 'gauge' ? new Gauge(config) : new Counter(config);
  return (state) => {
    const value = read(state, counts);
    metric.reset();
    if (typeof value === 'number') metric.inc(value);
    else for (const [key, each] of value) metric.labels(key).inc(each);
  };
}

function add(counts: Map<string, number>, key: string, n: number): void {
  counts.set(key, (counts.get(key) ?? 0) + n);
}
