import type { StepResult } from '../../protocol/client/results.js';
import type { Metrics } from '../agent.js';

/** Tells of the episodes that ended in a step. @returns how many did */
export function tellEpisodes(
  { ended }: StepResult,
  measured: (metrics: Metrics) => void,
  onEpisode: ((episodeReturn: number) => void) | undefined,
): number {
  if (!ended) return 0;
  for (const [k, length] of ended.lengths.entries()) {
    const episodeReturn = ended.returns[k]!;
    measured({ episode_return: episodeReturn, episode_length: length });
    onEpisode?.(episodeReturn);
  }
  return ended.lengths.length;
}
