/** The pictures that a run leaves: its learning curve, and an episode of what it learned. */
import { writeFile } from 'node:fs/promises';
import type { Policy } from '../agents/agent.js';
import type { VisibleEnv } from '../agents/run/env.js';
import { type MetricsRow, readMetrics } from '../agents/run/output/metrics.js';
import { learningCurve } from '../agents/run/output/plot/learning-curve.js';
import { plot } from '../agents/run/output/plot/plot.js';
import { Recording } from '../agents/run/output/recording.js';
import type { RunDirectory } from '../agents/run/output/run-directory.js';
import { record } from '../agents/run/record.js';

/** Frames a second where an env does not tell; its own speed may be ten times that. */
const FRAMES_PER_SECOND = 15;
const MAX_FRAMES = 600;

/** Draws curve.svg and curve.png from the metrics of a run. Gives the path of the PNG. */
export async function drawCurve(directory: RunDirectory, threshold: number | undefined): Promise<string> {
  const rows: MetricsRow[] = [];
  for await (const row of readMetrics(directory.file('metrics.jsonl'))) rows.push(row);
  const { env, agent, seed } = directory.config;
  const title = `${agent} on ${env}, seed ${seed}`;
  const { svg, png } = await plot(
    learningCurve(rows, { title, ...(threshold !== undefined && { threshold }) }),
  );
  await writeFile(directory.file('curve.svg'), svg);
  const path = directory.file('curve.png');
  await writeFile(path, png);
  return path;
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
