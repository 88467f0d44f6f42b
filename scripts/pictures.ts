/** The pictures that a run leaves: its learning curve, and an episode of what it learned. */
import { writeFile } from 'node:fs/promises';
import type { Policy } from '../agents/agent.js';
import type { VisibleEnv } from '../agents/run/env.js';
import { type MetricsRow, readMetrics } from '../agents/run/output/metrics.js';
import type { Figure } from '../agents/run/output/plot/figure.js';
import { learningCurve } from '../agents/run/output/plot/learning-curve.js';
import { plot } from '../agents/run/output/plot/plot.js';
import { valueFigures } from '../agents/run/output/plot/values.js';
import { Recording } from '../agents/run/output/recording.js';
import type { RunDirectory } from '../agents/run/output/run-directory.js';
import { record } from '../agents/run/record.js';

/** Frames a second where an env does not tell; its own speed may be ten times that. */
const FRAMES_PER_SECOND = 15;
const MAX_FRAMES = 600;

/** Draws curve.svg and curve.png from the metrics of a run, and values.svg and values.png where they tell of values. */
export async function drawCurves(directory: RunDirectory, threshold: number | undefined): Promise<void> {
  const rows = await allRows(directory);
  const { env, agent, seed } = directory.config;
  const title = `${agent} on ${env}, seed ${seed}`;
  await savePlot(directory.file('curve'), [learningCurve(rows, { title, threshold })]);
  const values = valueFigures(rows, { title });
  if (values.length > 0) await savePlot(directory.file('values'), values);
}

/** All metrics of a run. */
export async function allRows(directory: RunDirectory): Promise<MetricsRow[]> {
  const rows: MetricsRow[] = [];
  for await (const row of readMetrics(directory.file('metrics.jsonl'))) rows.push(row);
  return rows;
}

/** Writes figures as `<path>.svg` and `<path>.png`. */
export async function savePlot(path: string, figures: readonly Figure[]): Promise<void> {
  const { svg, png } = await plot(...figures);
  await writeFile(`${path}.svg`, svg);
  await writeFile(`${path}.png`, png);
}

/** Records one episode of a policy as recording.png, an animated PNG. Gives its path and the episode's return. */
export async function recordEpisode(directory: RunDirectory, env: VisibleEnv, policy: Policy, seed: number) {
  const { frames, return: earned } = await record(env, policy, { seed, maxFrames: MAX_FRAMES });
  const recording = new Recording({ fps: FRAMES_PER_SECOND, maxFrames: MAX_FRAMES });
  for (const frame of frames) recording.add(frame);
  const path = directory.file('recording.png');
  await writeFile(path, recording.encode());
  return { path, return: earned };
}
