import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { AgentDefinition } from '../../agents/definition.js';
import { BACKENDS, type BackendName } from '../../agents/nn/backend.js';
import { getAgent, listAgents } from '../../agents/registry.js';
import { readDataSetEnv } from '../../agents/run/output/data-set-file.js';
import { RunDirectory } from '../../agents/run/output/run-directory.js';
import { parseAssignment } from '../../agents/settings.js';
import { describeScore, evaluateRun } from '../evaluation.js';
import { thousands } from '../format.js';
import { interrupt } from '../interrupt.js';
import { assignment, integer, optionValues, seedList } from '../options.js';
import { describeScores, holdsSeeds, resumeSeeds, type SeedsOutcome, startSeeds } from '../seeds.js';
import {
  newConfig,
  type RunChoices,
  resumeTraining,
  startTraining,
  type TrainingResult,
} from '../training.js';

export interface TrainOptions {
  readonly env?: string;
  readonly option?: Readonly<Record<string, string>>;
  readonly numEnvs?: number;
  readonly steps?: number;
  readonly seed?: number;
  readonly seeds?: readonly number[];
  readonly parallel?: number;
  readonly set?: readonly string[];
  readonly evalEvery?: number;
  readonly evalEpisodes?: number;
  readonly url?: string;
  readonly out?: string;
  readonly resume?: string;
  readonly backend?: BackendName;
  readonly data?: string;
  readonly saveData?: string | true;
}

/** What a new run is made of, as far as the command line tells. */
function choices(definition: AgentDefinition, given: TrainOptions): RunChoices {
  const settings = (given.set ?? []).map((text) => parseAssignment(definition.settings, text));
  return {
    ...given,
    options: optionValues(given.option),
    settings: Object.fromEntries(settings),
    // A run may be resumed from another directory.
    ...(given.data !== undefined && { data: resolve(given.data) }),
    ...(typeof given.saveData === 'string' && { saveData: resolve(given.saveData) }),
  };
}

/** Tells how a run ended, and what to do with it. */
export function tellOutcome({ status, step, best, directory, config }: TrainingResult): void {
  const { path } = directory;
  if (status === 'interrupted') {
    console.log(`Stopped at step ${thousands(step)} of ${thousands(config.steps)}; everything is saved.`);
    console.log(`Go on with:  farstep train --resume ${path}`);
    return;
  }
  const score = best === undefined ? '' : `, best evaluation ${best.toFixed(2)}`;
  console.log(`Trained ${thousands(step)} steps${score}.`);
  console.log(`Curve:       ${directory.file('curve.png')}`);
}

/** Tells what the runs of several seeds came to. */
function tellSeeds({ path, finished, interrupted, failed }: SeedsOutcome): void {
  const results = [...finished].sort(([a], [b]) => a - b).map(([, result]) => result);
  const scores = (which: 0 | 1) => results.map(({ reports }) => reports[which]!.trained.mean);
  if (finished.size > 0) {
    console.log(`Best policies:  ${describeScores(scores(0))}`);
    console.log(`Final policies: ${describeScores(scores(1))}`);
  }
  console.log(`Curve:          ${join(path, 'curve.png')}`);
  for (const [seed, message] of failed) console.log(`Seed ${seed} failed: ${message}`);
  if (interrupted.length > 0) console.log(`Stopped and saved: seeds ${interrupted.join(', ')}.`);
  if (interrupted.length + failed.size > 0) console.log(`Go on with:  farstep train --resume ${path}`);
  if (failed.size > 0) process.exitCode = 1;
}

export function trainCommand(): Command {
  return new Command('train')
    .description('Train an agent on an env, over the wire; or go on with a run.')
    .argument('[agent]', 'see farstep agents')
    .option('--env <id>', 'see farstep envs')
    .option('--option <name=value>', 'an option of the env (repeatable)', assignment)
    .option(
      '--num-envs <number>',
      'envs stepped together; by default the preset of the env, else 8',
      integer(1, 65536),
    )
    .option(
      '--steps <number>',
      "steps to collect, counting each env's; by default the preset, else 100,000",
      integer(1),
    )
    .option('--seed <number>', 'of everything random (default: 0)', integer(0, 2 ** 31))
    .option(
      '--seeds <list>',
      'train once with each of these, such as 0..4 or 0,3,7, in processes side by side',
      seedList,
    )
    .option('--parallel <number>', 'runs at a time with --seeds; by default as many as cores', integer(1))
    .option('--set <name=value...>', 'a setting of the agent (repeatable)')
    .option(
      '--eval-every <steps>',
      'steps between evaluations; by default a twentieth of the run',
      integer(1),
    )
    .option('--eval-episodes <number>', 'episodes of an evaluation (default: 10)', integer(1))
    .option('--data <file>', 'learn from this data set instead of an env, which then only evaluates')
    .option(
      '--save-data [file]',
      'record what is collected as a data set; without a file, as data.safetensors in the run directory',
    )
    .option('--url <ws-url>', 'a server to train on; without it, one is started')
    .option('--out <directory>', 'where run directories go (default: runs)')
    .option('--resume <run>', 'go on with this run, exactly where it stopped')
    .addOption(new Option('--backend <name>', 'where tensors are computed (default: auto)').choices(BACKENDS))
    .action(async (name: string | undefined, given: TrainOptions) => {
      const { signal, done } = interrupt();
      const terminal = { stream: process.stdout, signal };
      const seedsTerminal = { ...terminal, parallel: given.parallel ?? availableParallelism() };
      if (given.resume !== undefined) {
        const several = holdsSeeds(given.resume);
        const kept = ['resume', 'steps', ...(several ? ['parallel'] : [])];
        const others = Object.keys(given).filter((key) => !kept.includes(key));
        if (name !== undefined || others.length > 0) {
          throw new Error(
            `--resume takes everything from the run but --steps; leave out ${[name ?? [], others].flat().join(', ')}`,
          );
        }
        if (several) tellSeeds(await resumeSeeds(given.resume, given.steps, seedsTerminal));
        else await tellRun(await resumeTraining(given.resume, given.steps, terminal), signal);
      } else {
        if (name === undefined) {
          throw new Error(
            `which agent? There are ${listAgents()
              .map((agent) => agent.name)
              .join(', ')}`,
          );
        }
        checkTogether(given);
        const { seeds, data, out = 'runs' } = given;
        const definition = getAgent(name);
        const recorded = data === undefined ? undefined : await readDataSetEnv(data);
        const env = given.env ?? recorded?.id;
        if (env === undefined) throw new Error('which env? Add --env <id>; farstep envs lists them');
        const chosen = choices(definition, given);
        const config = newConfig(definition, env, {
          ...chosen,
          ...(recorded && !given.option && { options: recorded.options }),
        });
        if (seeds) tellSeeds(await startSeeds(config, seeds, out, seedsTerminal));
        else await tellRun(await startTraining(config, out, terminal), signal);
      }
      done();
    });
}

/** Throws where options do not go together. */
function checkTogether({ seeds, seed, data, saveData }: TrainOptions): void {
  if (seeds !== undefined && seed !== undefined) throw new Error('--seed and --seeds: give one of them');
  if (data !== undefined && saveData !== undefined) {
    throw new Error('--data and --save-data: nothing is collected where there is a data set');
  }
  if (seeds !== undefined && typeof saveData === 'string') {
    throw new Error('--save-data with --seeds: leave out the file, each run keeps its own');
  }
}

/** Plays what a run learned, where it came to its end, and tells of it. */
async function tellRun(result: TrainingResult, signal: AbortSignal): Promise<void> {
  if (result.status === 'finished' && result.evaluated) {
    const report = await evaluateRun(await RunDirectory.open(result.directory.path), {
      episodes: 30,
      seed: 10_000,
      url: result.config.url,
      random: false,
      record: true,
      signal,
    });
    console.log(`Best policy: ${describeScore(report.trained)}`);
    console.log(`Recording:   ${report.recording!.path}`);
  }
  tellOutcome(result);
}
