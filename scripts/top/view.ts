import { thousands } from '../format.js';
import type { Samples } from './prometheus-text.js';

/** A page of metrics, and when it was read: milliseconds, monotonic. */
export interface Look {
  readonly samples: Samples;
  readonly at: number;
}

/** What happened between two looks. Where there is no earlier one, since the server started. */
class Interval {
  readonly seconds: number;

  constructor(
    private readonly before: Look | undefined,
    readonly now: Samples,
    at: number,
  ) {
    this.seconds = before ? (at - before.at) / 1000 : Number.NaN;
  }

  /** How much a counter grew. One that is less than it was counts for a server that began anew. */
  growth(name: string): number {
    const [then, now] = [this.before?.samples.get(name) ?? 0, this.now.get(name)];
    return now >= then ? now - then : now;
  }

  rate(name: string): number {
    return this.growth(name) / this.seconds;
  }

  /** The sum of the rates of all values of a metric. */
  totalRate(name: string): number {
    return this.now.by(name).reduce((sum, [label]) => sum + this.rate(keyOf(name, label)), 0);
  }

  /**
   * Quantile `q` of a histogram, seconds, in a straight line between the bounds of its bucket; NaN where nothing was
   * observed, the last bound where it is beyond that.
   */
  quantile(name: string, q: number): number {
    const buckets = this.now.by(`${name}_bucket`);
    const counts = buckets.map(([bound]) => this.growth(`${name}_bucket{le="${bound}"}`));
    const wanted = q * (counts.at(-1) ?? 0);
    if (wanted === 0) return Number.NaN;
    const i = counts.findIndex((count) => count >= wanted);
    const [low, high] = [i === 0 ? 0 : Number(buckets[i - 1]![0]), Number(buckets[i]![0])];
    if (buckets[i]![0] === '+Inf') return low;
    const below = counts[i - 1] ?? 0;
    return low + ((high - low) * (wanted - below)) / (counts[i]! - below);
  }
}

const LABELS: Readonly<Record<string, string>> = {
  farstep_env_steps_total: 'env',
  farstep_errors_total: 'code',
  farstep_connections_closed_total: 'reason',
};

const keyOf = (name: string, label: string): string => `${name}{${LABELS[name]}=${JSON.stringify(label)}}`;

const count = (x: number): string => (Number.isFinite(x) ? thousands(x) : '–');

const percent = (x: number): string => (Number.isFinite(x) ? `${Math.round(100 * x)}%` : '–');

function scaled(x: number, step: number, units: readonly string[]): string {
  if (!Number.isFinite(x)) return '–';
  let i = 0;
  while (x >= step && i < units.length - 1) {
    x /= step;
    i++;
  }
  return `${i === 0 || x >= 100 ? Math.round(x) : x.toPrecision(2)} ${units[i]}`;
}

const bytes = (x: number): string => scaled(x, 1000, ['B', 'kB', 'MB', 'GB']);

const duration = (seconds: number): string => scaled(1e6 * seconds, 1000, ['µs', 'ms', 's']);

function age(seconds: number): string {
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  if (hours >= 24) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min ${Math.floor(seconds % 60)} s`;
}

const limited = (now: Samples, value: number, limit: string): string =>
  `${count(value)} of ${count(now.get(`farstep_limit{limit="${limit}"}`))}`;

const STATES = ['connected', 'away'].map((state) => `farstep_sessions{state="${state}"}`) as [string, string];

/**
 * A screen of what a server does: rates are over the time since the look before.
 *
 * @param unixSeconds - the time of day.
 */
export function screen(url: string, before: Look | undefined, after: Look, unixSeconds: number): string[] {
  const { samples: now, at } = after;
  const interval = new Interval(before, now, at);
  const get = (name: string) => now.get(name);
  const [connected, away] = STATES.map(get) as [number, number];
  const sum = (name: string) => now.by(name).reduce((total, [, value]) => total + value, 0);
  const rows: (readonly [string, string])[] = [
    ['sessions', `${limited(now, connected + away, 'sessions')}, ${count(away)} of them away`],
    [
      'connections',
      `${count(get('farstep_connections'))}, and ${limited(now, get('farstep_connections_pending'), 'pendingConnections')} without a session`,
    ],
    ['envs', `${limited(now, sum('farstep_envs'), 'serverEnvs')}, ${count(get('farstep_worlds'))} worlds`],
    [
      'steps/s',
      `${count(interval.rate('farstep_step_seconds_count'))}, of envs ${count(interval.totalRate('farstep_env_steps_total'))}`,
    ],
    [
      'latency',
      [0.5, 0.99]
        .map((q) => `p${100 * q} ${duration(interval.quantile('farstep_step_seconds', q))}`)
        .join(', '),
    ],
    [
      'bytes/s',
      `${bytes(interval.rate('farstep_received_bytes_total'))} in, ${bytes(interval.rate('farstep_sent_bytes_total'))} out`,
    ],
    [
      'waiting',
      `${count(get('farstep_requests_waiting'))} requests of ${bytes(get('farstep_requests_waiting_bytes'))}, ${count(get('farstep_requests_in_flight'))} replies on the way, ${bytes(get('farstep_unsent_bytes'))} not taken, ${bytes(get('farstep_replies_kept_bytes'))} kept`,
    ],
    [
      'samples/s',
      `${count(interval.rate('farstep_samples_sent_total'))} sent, ${count(interval.rate('farstep_samples_dropped_total'))} dropped, to ${count(get('farstep_subscriptions'))} subscribers of ${count(get('farstep_streams'))} streams`,
    ],
    [
      'main thread',
      `${percent(interval.rate('farstep_event_loop_active_seconds_total'))} busy, p99 delay ${duration(interval.quantile('farstep_event_loop_delay_seconds', 0.99))}`,
    ],
    [
      'process',
      `${percent(interval.rate('process_cpu_seconds_total'))} of a core, ${bytes(get('process_resident_memory_bytes'))} of memory, heap ${bytes(get('nodejs_heap_size_used_bytes'))}`,
    ],
    ['workers', workers(now)],
  ];
  const title = `${url}  ${get('farstep_ready') === 1 ? 'ready' : 'not ready'}  up ${age(unixSeconds - get('process_start_time_seconds'))}`;
  return [
    title,
    '',
    ...rows.map(([name, text]) => `${name.padEnd(13)}${text}`),
    ...table('envs', 'env-steps/s', now.by('farstep_envs'), (id) =>
      interval.rate(keyOf('farstep_env_steps_total', id)),
    ),
    ...totals('errors', 'farstep_errors_total', interval),
    ...totals('closed', 'farstep_connections_closed_total', interval),
  ];
}

function workers(now: Samples): string {
  const [threads, processes] = ['thread', 'process'].map((kind) => ({
    running: now.get(`farstep_workers{kind="${kind}"}`),
    busy: now.get(`farstep_worker_busy_seconds{kind="${kind}"}`),
    failed: now.get(`farstep_workers_failed_total{kind="${kind}"}`),
  })) as [Worker, Worker];
  return `threads: ${count(threads.running)} with ${count(now.get('farstep_worker_parts'))} parts, processes: ${count(processes.running)}, longest at work ${duration(Math.max(threads.busy, processes.busy))}, failed: ${count(threads.failed + processes.failed)}`;
}

interface Worker {
  readonly running: number;
  readonly busy: number;
  readonly failed: number;
}

/** The entries with the most of `value`, and a rate beside each. */
function table(
  head: string,
  rateHead: string,
  entries: readonly (readonly [string, number])[],
  rate: (label: string) => number,
): string[] {
  if (entries.length === 0) return [];
  const sorted = [...entries].sort((a, b) => b[1] - a[1]);
  const width = Math.max(28, ...sorted.map(([label]) => label.length + 2));
  const line = (label: string, value: string, per: string) =>
    `${label.padEnd(width)}${value.padStart(10)}${per.padStart(14)}`;
  return [
    '',
    line('', head, rateHead),
    ...sorted.map(([label, value]) => line(label, count(value), count(rate(label)))),
  ];
}

const totals = (head: string, name: string, interval: Interval): string[] =>
  table(head, 'a second', interval.now.by(name), (label) => interval.rate(keyOf(name, label)));

/** The same in one line, for what is no terminal. */
export function line(before: Look, after: Look, time: Date): string {
  const { samples: now, at } = after;
  const interval = new Interval(before, now, at);
  const [connected, away] = STATES.map((name) => now.get(name));
  return [
    time.toISOString().slice(0, 19),
    now.get('farstep_ready') === 1 ? 'ready' : 'not ready',
    `sessions ${connected}+${away}`,
    `connections ${now.get('farstep_connections')}`,
    `steps/s ${count(interval.rate('farstep_step_seconds_count'))}`,
    `env-steps/s ${count(interval.totalRate('farstep_env_steps_total'))}`,
    `p50 ${duration(interval.quantile('farstep_step_seconds', 0.5))}`,
    `p99 ${duration(interval.quantile('farstep_step_seconds', 0.99))}`,
    `in ${bytes(interval.rate('farstep_received_bytes_total'))}/s`,
    `out ${bytes(interval.rate('farstep_sent_bytes_total'))}/s`,
    `waiting ${now.get('farstep_requests_waiting')}`,
    `dropped/s ${count(interval.rate('farstep_samples_dropped_total'))}`,
    `errors/s ${count(interval.totalRate('farstep_errors_total'))}`,
    `busy ${percent(interval.rate('farstep_event_loop_active_seconds_total'))}`,
    `memory ${bytes(now.get('process_resident_memory_bytes'))}`,
  ].join('  ');
}
