import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { comparison } from '../../agents/run/output/plot/comparison.js';
import { RunDirectory } from '../../agents/run/output/run-directory.js';
import { RunError, reason } from '../../agents/run/output/run-error.js';
import { listSpecs } from '../../envs/index.js';
import { meant } from '../../protocol/nearest.js';
import { allRows, savePlot } from '../pictures.js';
import { type LoadedRun, panelsOf } from '../run-groups.js';

interface PlotOptions {
  readonly metric?: string;
  readonly smooth?: boolean;
  readonly out: string;
}

/** Metrics in the units of `rewardThreshold`, in the order in which they are preferred. */
const RETURNS = ['evaluation_return', 'episode_return'];

/** The runs at a path: that of a run directory, or all in a directory of such, however deep. */
async function runsAt(path: string): Promise<LoadedRun[]> {
  if (existsSync(join(path, 'config.json'))) {
    const run = await RunDirectory.open(path);
    return [{ config: run.config, rows: await allRows(run) }];
  }
  const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    throw new RunError(`${path} cannot be read: ${reason(error)}`, { cause: error });
  });
  const below = entries.filter((entry) => entry.isDirectory()).map(({ name }) => runsAt(join(path, name)));
  return (await Promise.all(below)).flat();
}

/** The metric asked for, or the first of those usually looked at. Throws, naming the nearest, where no run has it. */
function chooseMetric(runs: readonly LoadedRun[], wanted: string | undefined): string {
  const names = new Set(runs.flatMap(({ rows }) => rows.flatMap((row) => Object.keys(row))));
  const found = (wanted === undefined ? RETURNS : [wanted]).find((name) => names.has(name));
  if (found !== undefined) return found;
  if (wanted === undefined) throw new Error('these runs have no returns yet');
  const nearest = meant(wanted, [...names]);
  const hint = nearest ? `did you mean ${nearest}?` : `there are ${[...names].sort().join(', ')}`;
  throw new Error(`no run has a metric ${wanted}; ${hint}`);
}

export function plotCommand(): Command {
  return new Command('plot')
    .description(
      'Compare runs: a panel an env, a line for each agent and settings, with the 95% band of its seeds.',
    )
    .argument('<runs...>', 'run directories, or directories that hold some')
    .option('--metric <name>', 'a metric of metrics.jsonl; by default the return of evaluations')
    .option('--smooth', "smooth each run's curve first")
    .option('--out <path>', 'where the pictures go: <path>.svg and <path>.png', 'comparison')
    .action(async (paths: string[], { metric: wanted, smooth = false, out }: PlotOptions) => {
      const runs = (await Promise.all(paths.map(runsAt))).flat();
      if (runs.length === 0) throw new Error(`no run directory in ${paths.join(', ')}`);
      const metric = chooseMetric(runs, wanted);
      const specs = new Map(listSpecs().map((spec) => [spec.id, spec]));
      const panels = panelsOf(runs);
      const figures = panels.map(({ env, title, groups }) => {
        const threshold = RETURNS.includes(metric) ? specs.get(env)?.rewardThreshold : undefined;
        return comparison(groups, { title, metric, smooth, threshold });
      });
      const path = out.replace(/\.(svg|png)$/, '');
      await savePlot(path, figures);
      for (const { title, groups } of panels) {
        console.log(
          `${title}: ${groups.map(({ label, runs: { length } }) => `${label} (${length})`).join(', ')}`,
        );
      }
      console.log(`${path}.svg and ${path}.png`);
    });
}
