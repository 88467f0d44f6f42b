import { Command } from 'commander';
import { startChildServer } from '../child-server.js';
import { fuzz } from '../fuzz/fuzz.js';
import type { Tally } from '../fuzz/lane.js';
import { integer } from '../options.js';
import { fetchMetrics } from '../top/fetch-metrics.js';
import { Samples } from '../top/prometheus-text.js';

interface FuzzCommandOptions {
  readonly url?: string;
  readonly frames: number;
  readonly seed: number;
  readonly clients: number;
}

/** So that what millions of frames make stays small, and limits are met. */
const LIMITS = { envs: 64, vectorEnvs: 8, sessions: 64, worlds: 64, frameBytes: 65_536, graceMs: 10_000 };

const count = (x: number): string => x.toLocaleString('en');

const table = (head: string, counts: ReadonlyMap<string, number>): string =>
  [
    `| ${head} | |\n|-|-|`,
    ...[...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, n]) => `| ${key} | ${count(n)} |`),
  ].join('\n');

async function memory(url: string): Promise<string> {
  const bytes = new Samples(await fetchMetrics(url)).get('process_resident_memory_bytes');
  return `${Math.round(bytes / 2 ** 20)} MB`;
}

export function fuzzCommand(): Command {
  return new Command('fuzz')
    .description('Send a server what it should not get, and see that all of it is answered.')
    .option('--url <url>', 'the server; one of our own where absent')
    .option('--frames <number>', 'frames to send', integer(1), 1_000_000)
    .option('--seed <number>', 'which frames', integer(0, 1e9), 1)
    .option('--clients <number>', 'clients at once', integer(1, 1000), 8)
    .action(async ({ url: given, frames, seed, clients }: FuzzCommandOptions) => {
      const limits = Object.entries(LIMITS).flatMap(([name, value]) => ['--limit', `${name}=${value}`]);
      const server =
        given === undefined ? await startChildServer(['--log-level', 'error', ...limits]) : undefined;
      const url = given ?? server!.url;
      const start = performance.now();
      const onProgress = (tally: Tally): void => {
        if (!process.stderr.isTTY) return;
        const rate = (1000 * tally.frames) / (performance.now() - start);
        process.stderr.write(`\r${count(tally.frames)} frames, ${count(Math.round(rate))} a second\x1b[K`);
      };
      try {
        const before = await memory(url);
        const tally = await fuzz({ url, frames, seed, clients }, onProgress);
        if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
        const seconds = Math.round((performance.now() - start) / 1000);
        console.log(`${table('sent', tally.sent)}\n\n${table('answered with', tally.replies)}\n`);
        console.log(
          `${count(tally.frames)} frames of seed ${seed} in ${count(tally.sessions)} sessions, ${count(tally.resumed)} times resumed, ` +
            `in ${count(seconds)} s: each was answered. Memory of the server: ${before} → ${await memory(url)}`,
        );
      } finally {
        await server?.close();
      }
    });
}
