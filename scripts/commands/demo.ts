import { Command } from 'commander';
import { getAgent } from '../../agents/registry.js';
import { RunDirectory } from '../../agents/run/output/run-directory.js';
import { describeScore, evaluateRun } from '../evaluation.js';
import { interrupt } from '../interrupt.js';
import { integer } from '../options.js';
import { newConfig, startTraining } from '../training.js';
import { tellOutcome } from './train.js';

const ENV = 'MinAtar/Breakout-v1';

/** What `npm start` runs. */
export function demoCommand(): Command {
  return new Command('demo')
    .description(`Train DQN on ${ENV} for a few minutes and show what it learned.`)
    .option('--seed <number>', 'of everything random', integer(0, 2 ** 31), 0)
    .option('--steps <number>', 'steps to train; by default those of the preset', integer(1))
    .action(async (given: { readonly seed: number; readonly steps?: number }) => {
      console.log(
        `DQN learns ${ENV} from a farstep server over a WebSocket. This takes a few minutes; Ctrl-C saves.`,
      );
      const { signal, done } = interrupt();
      const started = Date.now();
      const config = newConfig(getAgent('dqn'), ENV, given);
      const result = await startTraining(config, 'runs', { stream: process.stdout, signal });
      tellOutcome(result);
      if (result.status === 'interrupted') return done();
      const directory = await RunDirectory.open(result.directory.path);
      const report = await evaluateRun(directory, {
        episodes: 30,
        seed: 10_000,
        url: null,
        random: true,
        record: true,
        signal,
      });
      const ratio = report.trained.mean / report.random!.mean;
      console.log(`Recording:   ${report.recording!.path}`);
      console.log(`Trained:     ${describeScore(report.trained)}`);
      console.log(`Random:      ${describeScore(report.random!)}`);
      console.log(
        `That is ${ratio.toFixed(1)} times the random agent, after ${((Date.now() - started) / 60_000).toFixed(1)} minutes.`,
      );
      done();
    });
}
