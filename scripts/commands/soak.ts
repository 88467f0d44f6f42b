import { Command } from 'commander';
import { CALM_HEAD, calmRow } from '../calm.js';
import { endProgress, rowOf, tellProgress, thousands } from '../format.js';
import { above, integer } from '../options.js';
import { type SoakOptions, type SoakResult, soak } from '../soak/soak.js';
import type { Tally } from '../soak/tally.js';

function eventsOf({ tally, cuts }: SoakResult): [string, number][] {
  return [
    ['sessions', tally.sessions],
    ['steps acknowledged, each carried out once', tally.steps],
    ['resets acknowledged, each carried out once', tally.resets],
    ['connections cut', cuts],
    ['… before the welcome', tally.refused],
    ['sessions resumed', tally.resumed],
    ...[...tally.faults].sort(([a], [b]) => (a < b ? -1 : 1)),
    ['vector envs beside one that ended their thread', tally.beside],
  ];
}

const asJson = (result: SoakResult) => ({
  passed: result.broken.length === 0,
  broken: result.broken,
  log: result.log,
  events: Object.fromEntries(eventsOf(result)),
  calms: result.calms,
});

export function soakCommand(): Command {
  return new Command('soak')
    .description(
      'Have well-behaved clients step for a long time while connections break, envs fail and the server is killed; see that each step was carried out once, and that nothing is left behind.',
    )
    .option('--seconds <number>', 'for how long, the times without clients not counted', above(0), 3600)
    .option('--sessions <number>', 'clients at once', integer(1, 1000), 12)
    .option('--seed <number>', 'which faults, and what clients do', integer(0), 1)
    .option('--json', 'the results as JSON')
    .action(async ({ json, ...options }: SoakOptions & { readonly json?: boolean }) => {
      const start = performance.now();
      const result = await soak(options, (tally: Tally) => {
        const seconds = (performance.now() - start) / 1000;
        const faults = [...tally.faults.values()].reduce((sum, n) => sum + n, 0);
        tellProgress(
          `${thousands(seconds)} of ${thousands(options.seconds)} s: ${thousands(tally.steps)} steps in ${thousands(tally.sessions)} sessions, ${thousands(faults)} faults`,
        );
      });
      endProgress();
      const { broken, calms, log } = result;
      if (json) {
        console.log(JSON.stringify(asJson(result), undefined, 2));
      } else {
        const events = eventsOf(result).map(([what, n]) => rowOf([what, thousands(n)]));
        console.log(['| what happened | times |\n|-|-|', ...events].join('\n'));
        console.log(`\nWithout clients:\n\n${[CALM_HEAD, ...calms.map(calmRow)].join('\n')}\n`);
        console.log(
          broken.length === 0
            ? 'Every promise was kept.'
            : `BROKEN:\n${broken.join('\n')}\nThe server's log: ${log}`,
        );
      }
      if (broken.length > 0) process.exitCode = 1;
    });
}
