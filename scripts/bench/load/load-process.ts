/** The load generator: opens sessions, and steps all of them at the rates that its parent tells. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PacedSession, type Tally } from './paced-session.js';

/** Argument of this process, as JSON. */
export interface LoadOrder {
  readonly url: string;
  readonly sessions: number;
}

/** What it is told when all sessions are open. */
export interface Ready {
  /** The token to subscribe to what one of them does. */
  readonly stream: string;
}

/** What the parent sends. */
export interface StageOrder {
  /** Steps a second of each session. */
  readonly rate: number;
  readonly seconds: number;
}

/** What it gets back. */
export interface StageOutcome {
  readonly sent: number;
  readonly answered: number;
  /** Answered with an error. */
  readonly failed: number;
  /** Sessions whose connection ended. */
  readonly lost: number;
  /** Milliseconds, from the moment that a step was due until its reply had come. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** How much of a core this process took. */
  readonly cpu: number;
}

/** Sessions that are being opened at once. */
const OPENING = 32;
/** Longest wait for replies behind the last step. */
const DRAIN_MS = 5000;

const { url, sessions: count } = JSON.parse(process.argv[2]!) as LoadOrder;
const newTally = (): Tally => ({ latencies: [], failed: 0, lost: 0 });
let tally = newTally();
const sessions: PacedSession[] = [];

async function open(): Promise<void> {
  for (let next = sessions.length; next < count; next = sessions.length) {
    const batch = Array.from({ length: Math.min(OPENING, count - next) }, () =>
      PacedSession.open(url, () => tally),
    );
    sessions.push(...(await Promise.all(batch)));
    process.send!({ opened: sessions.length });
  }
}

/** Sends the steps of all sessions in turns, evenly over the time. */
async function stage({ rate, seconds }: StageOrder): Promise<StageOutcome> {
  tally = newTally();
  const [before, start] = [process.cpuUsage(), performance.now()];
  const everyMs = 1000 / (rate * count);
  const total = Math.round(rate * count * seconds);
  let sent = 0;
  while (sent < total) {
    const now = performance.now();
    for (; sent < total && start + sent * everyMs <= now; sent++) {
      sessions[sent % count]!.step(start + sent * everyMs);
    }
    await sleep(1);
  }
  const used = process.cpuUsage(before);
  const ended = performance.now();
  while (sessions.some(({ pending }) => pending > 0) && performance.now() < ended + DRAIN_MS) await sleep(10);
  const latencies = Float64Array.from(tally.latencies).sort();
  const quantile = (q: number): number => latencies[Math.floor(q * (latencies.length - 1))] ?? Number.NaN;
  return {
    sent,
    answered: latencies.length,
    failed: tally.failed,
    lost: tally.lost,
    p50: quantile(0.5),
    p99: quantile(0.99),
    max: quantile(1),
    cpu: (used.user + used.system) / 1000 / (ended - start),
  };
}

process.on('message', (order: StageOrder) => void stage(order).then((outcome) => process.send!(outcome)));
process.on('disconnect', () => process.exit());
await open();
process.send!({ stream: sessions[0]!.stream } satisfies Ready);
