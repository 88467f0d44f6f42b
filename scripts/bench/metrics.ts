import { pino } from 'pino';
import { StepEncoder } from '../../protocol/frames.js';
import { connect } from '../../protocol/index.js';
import { packMessage, type Request } from '../../protocol/messages.js';
import { inlineHost } from '../../server/host.js';
import { DEFAULT_LIMITS } from '../../server/limits.js';
import { Metrics } from '../../server/metrics.js';
import type { Link } from '../../server/outbox.js';
import { Session } from '../../server/session.js';
import { Streams } from '../../server/streams.js';
import { systemTimers } from '../../server/timers.js';
import { WorldRooms } from '../../server/world-rooms.js';
import { startChildServer } from '../child-server.js';

export interface MetricsResult {
  /** Microseconds that a step takes in its session, counted. */
  readonly counted: number;
  /** The same where nothing is counted. */
  readonly uncounted: number;
  /** Microseconds that the event loop of a server is busy for a step, sockets and all. */
  readonly served: number;
  /** What counting adds to that. */
  readonly share: number;
  readonly passed: boolean;
}

const BAR = 0.02;
/** Short rounds in turns, of which the best of each side counts: other work on the machine only ever slows one. */
const ROUNDS = 200;
const STEPS = 5000;
const SERVED_ROUNDS = 20;

class NoMetrics extends Metrics {
  override onStep(): void {}
}

/**
 * What counting costs a step of one CartPole, the cheapest there is. In a whole server the difference is lost among what
 * sockets take, so it is told apart in the session alone, from the frame that came to the frame that goes out.
 */
export async function benchMetrics(): Promise<MetricsResult> {
  const [counted, uncounted] = [Metrics, NoMetrics].map(stepper) as [() => number, () => number];
  let best: readonly [number, number] = [Infinity, Infinity];
  for (let round = 0; round < ROUNDS; round++)
    best = [Math.min(best[0], counted()), Math.min(best[1], uncounted())];
  const served = await serve();
  const share = (best[0] - best[1]) / served;
  return { counted: best[0], uncounted: best[1], served, share, passed: share < BAR };
}

/** Microseconds that a server's event loop is busy for a step, the least of some rounds. */
async function serve(): Promise<number> {
  const server = await startChildServer(['--log-level', 'error']);
  const client = await connect(server.url);
  try {
    const env = await client.make('CartPole-v1', { autoreset: 'same_step' });
    await env.reset();
    const actions = Int32Array.of(1);
    let least = Infinity;
    for (let round = 0; round < SERVED_ROUNDS; round++) {
      const before = await busySeconds(server.url);
      for (let step = 0; step < STEPS; step++) await env.step(actions);
      least = Math.min(least, ((await busySeconds(server.url)) - before) / STEPS);
    }
    return least * 1e6;
  } finally {
    client.close();
    await server.close();
  }
}

async function busySeconds(url: string): Promise<number> {
  const text = await (await fetch(new URL('/metrics', url.replace(/^ws/, 'http')))).text();
  return Number(/^farstep_event_loop_active_seconds_total (\S+)$/m.exec(text)![1]);
}

/** Gives what steps a session of its own for a round, and tells the microseconds a step. */
function stepper(Kind: typeof Metrics): () => number {
  const now = (): number => performance.now();
  const metrics = new Kind(now);
  const session = new Session('bench', 'bench', {
    host: inlineHost,
    worlds: new WorldRooms(DEFAULT_LIMITS.worlds, systemTimers),
    streams: new Streams(DEFAULT_LIMITS),
    limits: DEFAULT_LIMITS,
    log: pino({ level: 'silent' }),
    metrics,
    now,
    numEnvs: () => 1,
    countOthers: () => 0,
  });
  const link: Link = {
    backlog: 0,
    write: (frame) => {
      frame.sentOn(link)();
      return true;
    },
    writeUnasked: () => true,
    drained: () => undefined,
    onSent: () => {},
  };
  session.attach(link);
  const ask = (request: Request): void => void session.receive(packMessage(request), now());
  ask({ type: 'make', id: 1, env: 'CartPole-v1', numEnvs: 1, autoreset: 'same_step' });
  ask({ type: 'reset', id: 2, env: 1 });
  const encoder = new StepEncoder();
  const action = new Int32Array(1);
  let id = 3;
  return () => {
    const start = now();
    for (let i = 0; i < STEPS; i++, id++) {
      action[0] = id & 1;
      void session.receive(encoder.encode(id, 1, [action], undefined, id - 1), now());
    }
    return ((now() - start) / STEPS) * 1000;
  };
}
