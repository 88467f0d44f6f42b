import { Command } from 'commander';
import { type AbuseOptions, type AbuseResult, benchAbuse } from '../bench/load/abuse.js';
import { benchLoad, type LoadOptions, type LoadResult, P99_BAR } from '../bench/load/load.js';
import { endProgress, megabytes, tellProgress, thousands } from '../format.js';
import { above, integer } from '../options.js';

const LOAD_HEAD =
  '| sessions | steps/s of each | steps/s | unanswered | p50 ms | p99 ms | max ms | server | generator | memory |\n|-|-|-|-|-|-|-|-|-|-|';

function loadRow(result: LoadResult): string {
  const { sessions, rate, sent, answered, p50, p99, max, serverCpu, cpu, serverMemory, passed } = result;
  const cells = [
    thousands(sessions),
    rate,
    thousands(rate * sessions),
    thousands(sent - answered),
    ...[p50, p99, max].map((ms) => ms.toFixed(1)),
    ...[serverCpu, cpu].map((share) => `${(100 * share).toFixed(0)}%`),
    megabytes(serverMemory),
  ];
  return `| ${cells.join(' | ')} |${passed ? '' : '  beyond the knee'}`;
}

const ABUSE_HEAD =
  '| one session that | p99 ms without | with it elsewhere | with it here | times | dropped |\n|-|-|-|-|-|-|';

function abuseRow({ kind, alone, elsewhere, here, times, dropped, passed }: AbuseResult): string {
  const cells = [kind, ...[alone, elsewhere, here, times].map((number) => number.toFixed(2)), dropped];
  return `| ${cells.join(' | ')} |${passed ? '' : '  below its bar'}`;
}

export function loadCommand(): Command {
  return new Command('load')
    .description(
      'Many sessions at once, each stepping CartPole at its own pace, and the pace at which latency rises.',
    )
    .option('--sessions <number>', 'sessions at once', integer(1), 2000)
    .option('--rate <number>', 'steps a second of each', above(0), 10)
    .option('--seconds <number>', 'length of the measurement at that rate', above(0), 20)
    .option('--no-knee', `do not raise the rate until the p99 is above ${P99_BAR} ms`)
    .option('--json', 'the results as JSON')
    .action(async ({ json, ...options }: LoadOptions & { readonly json?: boolean }) => {
      if (!json) console.log(LOAD_HEAD);
      const onResult = (result: LoadResult): void => {
        endProgress();
        if (!json) console.log(loadRow(result));
      };
      const results = await benchLoad(options, onResult, tellProgress);
      if (json) console.log(JSON.stringify(results, undefined, 2));
      if (!results[0]!.passed) process.exitCode = 1;
    });
}

export function abuseCommand(): Command {
  return new Command('abuse')
    .description(
      'How much longer steps take while one session abuses the server than without it, or while it abuses another server on the machine, each kind in turns. Needs Linux and chrt (util-linux).',
    )
    .argument('[kind]', 'only those whose description contains this', '')
    .option('--sessions <number>', 'sessions that behave', integer(1), 50)
    .option('--rate <number>', 'steps a second of each', above(0), 10)
    .option('--seconds <number>', 'length of a turn', above(0), 10)
    .option(
      '--turns <number>',
      'turns of each kind, with it and without, of which the median counts',
      integer(1),
      3,
    )
    .option('--json', 'the results as JSON')
    .action(async (kind: string, { json, ...options }: AbuseOptions & { readonly json?: boolean }) => {
      if (!json) console.log(ABUSE_HEAD);
      const onResult = (result: AbuseResult): void => {
        endProgress();
        if (!json) console.log(abuseRow(result));
      };
      const results = await benchAbuse(kind, options, onResult, tellProgress);
      if (json) console.log(JSON.stringify(results, undefined, 2));
      if (results.some(({ passed }) => !passed)) process.exitCode = 1;
    });
}
