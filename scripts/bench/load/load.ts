import { startChildServer } from '../../child-server.js';
import { fetchMetrics } from '../../top/fetch-metrics.js';
import { Samples } from '../../top/prometheus-text.js';
import { Generator } from './generator.js';
import type { StageOutcome } from './load-process.js';

export interface LoadOptions {
  readonly sessions: number;
  /** Steps a second of each. */
  readonly rate: number;
  /** Of the first measurement. */
  readonly seconds: number;
  /** Whether the rate is raised until the latency is above its bar. */
  readonly knee: boolean;
}

export interface LoadResult extends StageOutcome {
  readonly sessions: number;
  readonly rate: number;
  /** How much of a core the server took. */
  readonly serverCpu: number;
  /** Resident memory of the server, bytes. */
  readonly serverMemory: number;
  readonly passed: boolean;
}

/** Milliseconds that the 99th percentile must stay below. */
export const P99_BAR = 50;
/** By how much the rate is raised each time that it held. */
const RAISE = 1.2;
const KNEE_SECONDS = 5;
/** What V8 has not compiled yet is not what is measured. */
const WARM_UP_SECONDS = 3;

/**
 * Steps many sessions at once, each at its own pace, and tells how long steps take; then faster and faster, until the
 * latency passes its bar: the last result is the first that does.
 */
export async function benchLoad(
  { sessions, rate, seconds, knee }: LoadOptions,
  onResult: (result: LoadResult) => void,
  onProgress: (text: string) => void,
): Promise<LoadResult[]> {
  const server = await startChildServer([
    ...['--limit', `sessions=${sessions}`, '--limit', `connectionsPerSecond=${sessions}`],
    ...['--log-level', 'warn'],
  ]);
  let generator: Generator | undefined;
  try {
    const load = await Generator.start({ url: server.url, sessions }, (opened) =>
      onProgress(`${opened} of ${sessions} sessions are open`),
    );
    generator = load;
    const read = async () => new Samples(await fetchMetrics(server.url));
    const measure = async (each: number, time: number): Promise<LoadResult> => {
      onProgress(`${each} steps/s of each session, for ${time} s`);
      const before = await read();
      const start = performance.now();
      const outcome = await load.run({ rate: each, seconds: time });
      const wall = (performance.now() - start) / 1000;
      const after = await read();
      const cpu = 'process_cpu_seconds_total';
      const { sent, answered, lost, p99 } = outcome;
      const result = {
        ...outcome,
        sessions,
        rate: each,
        serverCpu: (after.get(cpu) - before.get(cpu)) / wall,
        serverMemory: after.get('process_resident_memory_bytes'),
        passed: answered === sent && lost === 0 && p99 < P99_BAR,
      };
      onResult(result);
      return result;
    };
    onProgress('warming up');
    await load.run({ rate, seconds: WARM_UP_SECONDS });
    const results = [await measure(rate, seconds)];
    while (knee && results.at(-1)!.passed) {
      results.push(await measure(Number((results.at(-1)!.rate * RAISE).toPrecision(3)), KNEE_SECONDS));
    }
    return results;
  } finally {
    generator?.close();
    await server.close();
  }
}
