import { Command } from 'commander';
import { CALM_HEAD, type Calm, calmOf, calmRow, grown } from '../calm.js';
import { endProgress, rowOf, tellProgress, thousands } from '../format.js';
import { fuzz } from '../fuzz/fuzz.js';
import type { Tally } from '../fuzz/tally.js';
import { integer } from '../options.js';
import { WatchedServer } from '../watched-server.js';

interface FuzzCommandOptions {
  readonly url?: string;
  readonly frames: number;
  readonly seed: number;
  readonly clients: number;
}

/** So that what millions of frames make stays small, and limits are met. */
const LIMITS = { envs: 64, vectorEnvs: 8, sessions: 128, worlds: 64, frameBytes: 65_536, graceMs: 5000 };
const WORKERS = 2;
/** After each of so many parts all clients leave, to see what stays behind. */
const PARTS = 4;
/** For what goes when its time is up to be gone, after that time. */
const CALM_MS = 15_000;

const sorted = <T>(map: ReadonlyMap<string, T>): [string, T][] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1));

function tables({ types, replies }: Tally): string {
  return [
    '| made from | sent | accepted | refused |\n|-|-|-|-|',
    ...sorted(types).map(([type, { sent, accepted, refused }]) =>
      rowOf([type, ...[sent, accepted, refused].map(thousands)]),
    ),
    '\n| answered with | |\n|-|-|',
    ...sorted(replies).map(([reply, n]) => rowOf([reply, thousands(n)])),
  ].join('\n');
}

export function fuzzCommand(): Command {
  return new Command('fuzz')
    .description(
      'Send a server what it should not get, and see that all of it is answered and that nothing is left behind.',
    )
    .option('--url <url>', 'the server; one of our own, whose memory is watched, where absent')
    .option('--frames <number>', 'frames to send', integer(1), 1_000_000)
    .option('--seed <number>', 'which frames', integer(0, 1e9), 1)
    .option('--clients <number>', 'clients at once', integer(1, 100), 16)
    .action(async ({ url, frames, seed, clients }: FuzzCommandOptions) => {
      const start = performance.now();
      let working = 0;
      let fail!: (error: Error) => void;
      const death = new Promise<never>((_, reject) => {
        fail = reject;
      });
      const server =
        url === undefined ? await WatchedServer.start({ limits: LIMITS, workers: WORKERS }, fail) : undefined;
      const calms: Calm[] = [];
      const left: string[] = [];
      const onPart = async (): Promise<void> => {
        if (!server) return;
        const before = performance.now();
        const seen = await calmOf(server, calms, start, LIMITS.graceMs + CALM_MS);
        calms.push(seen.calm);
        left.push(...seen.left);
        working -= performance.now() - before;
      };
      const onProgress = ({ frames: sent }: Tally): void => {
        const rate = (1000 * sent) / (performance.now() - start);
        tellProgress(`${thousands(sent)} of ${thousands(frames)} frames, ${thousands(rate)} a second`);
      };
      try {
        const options = { url: url ?? server!.url, frames, seed, clients, parts: PARTS, onPart };
        const tally = await Promise.race([fuzz(options, onProgress), death]);
        working += performance.now() - start;
        endProgress();
        console.log(tables(tally));
        if (server) console.log(`\nWithout clients:\n\n${[CALM_HEAD, ...calms.map(calmRow)].join('\n')}`);
        const rate = (1000 * tally.frames) / working;
        console.log(
          `\n${thousands(tally.frames)} frames of seed ${seed} in ${thousands(tally.sessions)} sessions, ${thousands(tally.resumed)} times resumed, ` +
            `in ${thousands(working / 1000)} s, ${thousands(rate)} a second: each was answered.`,
        );
        left.push(...grown(calms, ['heap', 'resident'])); // clients are no more than the means
        if (left.length > 0) throw new Error(`something is left without clients: ${left.join('; ')}`);
      } finally {
        await server?.close();
      }
    });
}
