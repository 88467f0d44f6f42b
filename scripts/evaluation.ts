/** Evaluating what a run has learned. */
import type { Policy } from '../agents/agent.js';
import { mean } from '../agents/mean.js';
import { useBackend } from '../agents/nn/backend.js';
import { randomPolicy } from '../agents/random-policy.js';
import { getAgent } from '../agents/registry.js';
import type { VisibleEnv } from '../agents/run/env.js';
import { evaluate } from '../agents/run/evaluate.js';
import type { Slot } from '../agents/run/output/checkpoints.js';
import type { RunDirectory } from '../agents/run/output/run-directory.js';

import { openServer } from './open-server.js';
import { recordEpisode } from './pictures.js';
import type { TrainingConfig } from './training.js';

export interface EvaluationRequest {
  readonly episodes: number;
  readonly seed: number;
  /** The server to play on; one of our own where null. */
  readonly url: string | null;
  /** Also play as many episodes at random. */
  readonly random: boolean;
  /** Also record an episode. */
  readonly record: boolean;
  /** Which checkpoint to play; by default the best, or the latest where none was evaluated. */
  readonly checkpoint?: Slot;
  readonly signal?: AbortSignal;
}

/** Returns of some episodes. */
export interface Score {
  readonly mean: number;
  /** Half the width of the 95% confidence interval of the mean, by the normal approximation. */
  readonly margin: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly meanLength: number;
  /** Episodes that had not ended when the limit of steps was reached. */
  readonly unfinished: number;
  readonly returns: readonly number[];
  readonly lengths: readonly number[];
}

export interface EvaluationReport {
  readonly env: string;
  readonly agent: string;
  /** Which checkpoint was played, and the step of training it is from. */
  readonly checkpoint: { readonly slot: Slot; readonly step: number };
  readonly episodes: number;
  readonly trained: Score;
  readonly random?: Score;
  readonly recording?: { readonly path: string; readonly return: number };
}

const MAX_ENVS = 10;

/** Plays a checkpoint of a run. */
export async function evaluateRun(
  directory: RunDirectory,
  request: EvaluationRequest,
): Promise<EvaluationReport> {
  const config = directory.config as unknown as TrainingConfig;
  const definition = getAgent(config.agent);
  const slot = request.checkpoint ?? (directory.checkpoints.has('best') ? 'best' : 'latest');
  const checkpoint = await directory.checkpoints.load(slot);
  const server = await openServer(request.url);
  try {
    const make = async (numEnvs: number) => {
      const { env: id, options, settings } = config;
      const env = await server.client.make(id, { numEnvs, options, autoreset: 'same_step' });
      return definition.view?.(env, settings) ?? env;
    };
    const env = await make(Math.min(MAX_ENVS, request.episodes));
    await useBackend(config.backend, definition.workload?.(env, config.settings));
    const agent = await definition.create(env, config.settings, config.seed);
    try {
      await agent.loadPolicy(checkpoint);
      const play = (policy: Policy) => score(env, policy, request, config.evaluationMaxSteps);
      return {
        env: config.env,
        agent: config.agent,
        checkpoint: { slot, step: checkpoint.step },
        episodes: request.episodes,
        trained: await play(agent),
        ...(request.random && { random: await play(randomPolicy(env)) }),
        ...(request.record && {
          recording: await recordEpisode(directory, await make(1), agent, request.seed),
        }),
      };
    } finally {
      agent.dispose();
    }
  } finally {
    await server.close();
  }
}

async function score(
  env: VisibleEnv,
  policy: Policy,
  { episodes, seed, signal }: EvaluationRequest,
  maxSteps: number,
): Promise<Score> {
  const { returns, lengths, unfinished } = await evaluate(env, policy, { episodes, seed, maxSteps, signal });
  const sorted = [...returns].sort((a, b) => a - b);
  const average = mean(returns);
  const variance = sorted.reduce((sum, x) => sum + (x - average) ** 2, 0) / Math.max(1, sorted.length - 1);
  const middle = sorted.length >> 1;
  return {
    mean: average,
    margin: 1.96 * Math.sqrt(variance / sorted.length),
    median: sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2,
    min: sorted[0]!,
    max: sorted.at(-1)!,
    meanLength: mean(lengths),
    unfinished,
    returns: [...returns],
    lengths: [...lengths],
  };
}

/** `mean return 9.31 ± 1.12 (median 9, 2 to 17) over 30 episodes of 231 steps` */
export function describeScore({
  mean,
  margin,
  median,
  min,
  max,
  meanLength,
  unfinished,
  returns,
}: Score): string {
  const short = (x: number) => String(Number(x.toPrecision(3)));
  const left = unfinished === 0 ? '' : `; ${unfinished} were left unfinished`;
  return (
    `mean return ${mean.toFixed(2)} ± ${margin.toFixed(2)} (median ${short(median)}, ${short(min)} to ${short(max)}) ` +
    `over ${returns.length} episodes of ${Math.round(meanLength)} steps${left}`
  );
}
