import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { interrupt } from '../interrupt.js';
import { above, integer } from '../options.js';
import { fetchMetrics } from '../top/fetch-metrics.js';
import { Samples } from '../top/prometheus-text.js';
import { type Look, line, screen } from '../top/view.js';

interface TopOptions {
  readonly url: string;
  readonly interval: number;
  readonly times?: number;
}

const look = async (url: string): Promise<Look> => {
  const samples = new Samples(await fetchMetrics(url));
  return { samples, at: performance.now() };
};

const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';

/** Lines from the top left, each to the end of its own, and nothing below the last. */
const redrawn = (lines: readonly string[], columns: number, rows: number): string =>
  `\x1b[H${lines
    .slice(0, rows - 1)
    .map((text) => `${text.slice(0, columns)}\x1b[K\n`)
    .join('')}\x1b[J`;

export function topCommand(): Command {
  return new Command('top')
    .description('What a server does, live in the terminal; elsewhere a line each time.')
    .option('--url <url>', 'the server', 'ws://localhost:7447')
    .option('--interval <seconds>', 'time between two looks, over which rates are', above(0), 2)
    .option('--times <number>', 'end after so many intervals', integer(1))
    .action(async ({ url, interval, times = Number.POSITIVE_INFINITY }: TopOptions) => {
      const { stdout } = process;
      let before = await look(url);
      const { signal, done } = interrupt();
      const draw = (lines: readonly string[]) => stdout.write(redrawn(lines, stdout.columns, stdout.rows));
      if (stdout.isTTY) {
        stdout.write(ENTER);
        draw(screen(url, undefined, before, Date.now() / 1000));
      }
      try {
        for (let i = 0; i < times; i++) {
          await sleep(1000 * interval, undefined, { signal });
          try {
            const after = await look(url);
            if (stdout.isTTY) draw(screen(url, before, after, Date.now() / 1000));
            else console.log(line(before, after, new Date()));
            before = after;
          } catch (error) {
            // The server may come back.
            if (stdout.isTTY) draw([(error as Error).message]);
            else console.log((error as Error).message);
          }
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        if (stdout.isTTY) stdout.write(LEAVE);
        done();
      }
    });
}
