/** One training run for each of several seeds, side by side, and what they come to together. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mean } from '../agents/mean.js';
import { Random } from '../agents/random.js';
import { Lines } from '../agents/run/output/lines.js';
import { comparison } from '../agents/run/output/plot/comparison.js';
import type { ProgressStream } from '../agents/run/output/progress.js';
import { makeGroupDirectory } from '../agents/run/output/run-directory.js';
import { bootstrapInterval, interquartileMean } from '../agents/statistics.js';
import { listSpecs } from '../envs/index.js';
import { allRows, savePlot } from './pictures.js';
import { beginOrResume, inParallel, type RunProcess, type RunResult, runsBelow, startRun } from './runs.js';
import { checkTraining, type TrainingConfig } from './training.js';

const FILE = 'seeds.json';

/** What seeds.json keeps. */
interface SeedsConfig {
  readonly seeds: readonly number[];
  /** The seed in it stands for any. */
  readonly config: TrainingConfig;
}

export interface SeedsTerminal {
  readonly stream: ProgressStream;
  readonly signal: AbortSignal;
  /** Runs at a time. */
  readonly parallel: number;
}

export interface SeedsOutcome {
  /** Holds a run directory for each seed, seeds.json and the curve. */
  readonly path: string;
  readonly finished: ReadonlyMap<number, RunResult>;
  readonly interrupted: readonly number[];
  /** A sentence for each run that failed. */
  readonly failed: ReadonlyMap<number, string>;
}

/** Whether a directory holds the runs of several seeds. */
export const holdsSeeds = (path: string): boolean => existsSync(join(path, FILE));

/** Trains with each of the seeds, in a new directory below `root`. */
export async function startSeeds(
  config: TrainingConfig,
  seeds: readonly number[],
  root: string,
  terminal: SeedsTerminal,
): Promise<SeedsOutcome> {
  await checkTraining(config);
  const range = `seeds-${seeds[0]}-${seeds.at(-1)}`;
  const path = await makeGroupDirectory(root, config.env, config.agent, range, new Date());
  await writeFile(join(path, FILE), `${JSON.stringify({ seeds, config } satisfies SeedsConfig, null, 2)}\n`);
  return trainSeeds(path, { seeds, config }, terminal);
}

/** Goes on with those that have not finished, to `steps` if given. */
export async function resumeSeeds(
  path: string,
  steps: number | undefined,
  terminal: SeedsTerminal,
): Promise<SeedsOutcome> {
  const { seeds, config } = JSON.parse(await readFile(join(path, FILE), 'utf8')) as SeedsConfig;
  return trainSeeds(path, { seeds, config: { ...config, steps: steps ?? config.steps } }, terminal);
}

async function trainSeeds(
  path: string,
  { seeds, config }: SeedsConfig,
  { stream, signal, parallel }: SeedsTerminal,
): Promise<SeedsOutcome> {
  const lines = new Lines(stream);
  lines.message(`${seeds.length} runs in ${path}, ${Math.min(parallel, seeds.length)} at a time`);
  const running = new Set<RunProcess>();
  signal.addEventListener('abort', () => {
    for (const run of running) run.stop();
  });
  const finished = new Map<number, RunResult>();
  const failed = new Map<number, string>();
  const interrupted: number[] = [];
  const played = { episodes: 30, seed: 10_000, url: config.url, random: false };
  await inParallel(seeds, parallel, async (seed) => {
    if (signal.aborted) return void interrupted.push(seed);
    const { stream: line, close } = lines.open({ seed });
    try {
      const order = await beginOrResume(path, (run) => run.config.seed === seed, { ...config, seed });
      const evaluations = [
        { ...played, record: true },
        { ...played, record: false, checkpoint: 'latest' as const },
      ];
      const run = startRun({ run: order, evaluations }, line);
      running.add(run);
      const result = await run.done.finally(() => running.delete(run));
      if (result.status === 'finished') finished.set(seed, result);
      else interrupted.push(seed);
    } catch (error) {
      if (signal.aborted) return void interrupted.push(seed);
      failed.set(seed, (error as Error).message);
      lines.message(`seed ${seed} failed: ${(error as Error).message}`);
    } finally {
      close();
    }
  });
  await drawSeeds(path, config);
  return { path, finished, interrupted: interrupted.sort((a, b) => a - b), failed };
}

/** Draws curve.svg and curve.png: the mean return of evaluations over the runs, with its 95% interval. */
async function drawSeeds(path: string, { agent, env }: TrainingConfig): Promise<void> {
  const runs = await Promise.all((await runsBelow(path)).map(allRows));
  const title = `${agent} on ${env}`;
  const threshold = listSpecs().find(({ id }) => id === env)?.rewardThreshold;
  const metric = 'evaluation_return';
  await savePlot(join(path, 'curve'), [
    comparison([{ label: agent, runs }], { title, metric, smooth: false, threshold }),
  ]);
}

/** What several runs come to: `mean 478.2 (95% interval 431 to 500), IQM 495.1 (482 to 500); by seed 500, 481, …`. */
export function describeScores(scores: readonly number[]): string {
  const short = (x: number) => String(Number(x.toPrecision(4)));
  const told = (name: string, statistic: (values: ArrayLike<number>) => number) => {
    const { low, high } = bootstrapInterval([scores], ([runs]) => statistic(runs!), {
      confidence: 0.95,
      resamples: 2000,
      random: new Random(0, 'bootstrap'),
    });
    return `${name} ${short(statistic(scores))} (95% interval ${short(low)} to ${short(high)})`;
  };
  return `${told('mean', mean)}, ${told('IQM', interquartileMean)}; by seed ${scores.map(short).join(', ')}`;
}
