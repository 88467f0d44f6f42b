import { Command } from 'commander';
import { RunDirectory } from '../../agents/run/output/run-directory.js';
import { describeScore, evaluateRun } from '../evaluation.js';
import { thousands } from '../format.js';
import { integer } from '../options.js';

interface EvalOptions {
  readonly episodes: number;
  readonly seed: number;
  readonly url?: string;
  readonly random?: boolean;
  readonly record?: boolean;
  readonly json?: boolean;
}

export function evalCommand(): Command {
  return new Command('eval')
    .description('Play episodes with what a run has learned: its best checkpoint, without exploration.')
    .argument('<run>', 'a run directory')
    .option('--episodes <number>', 'how many', integer(1, 1_000_000), 30)
    .option('--seed <number>', 'the same seed plays the same episodes', integer(0), 10_000)
    .option('--url <ws-url>', 'the server to play on; without it, one is started')
    .option('--random', 'play as many episodes with a random agent beside it')
    .option('--record', 'record an episode as recording.png in the run directory')
    .option('--json', 'the report as JSON')
    .action(async (run: string, { json, random = false, record = false, url, ...rest }: EvalOptions) => {
      const report = await evaluateRun(await RunDirectory.open(run), {
        ...rest,
        random,
        record,
        url: url ?? null,
      });
      if (json) {
        console.log(JSON.stringify(report, undefined, 2));
        return;
      }
      const { slot, step } = report.checkpoint;
      console.log(`${report.agent} on ${report.env}, ${slot} checkpoint of step ${thousands(step)}`);
      console.log(`  trained: ${describeScore(report.trained)}`);
      if (report.random) console.log(`  random:  ${describeScore(report.random)}`);
      if (report.recording) console.log(`  recording: ${report.recording.path}`);
    });
}
