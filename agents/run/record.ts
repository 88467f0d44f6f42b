import type { Image } from '../../protocol/spec.js';
import type { Policy } from '../agent.js';
import { Random } from '../random.js';
import { checkAutoreset, type VisibleEnv } from './env.js';

export interface RecordOptions {
  readonly seed: number;
  /** Pictures at most; a longer episode is left before its end. */
  readonly maxFrames: number;
}

/** Pictures of one episode of env 0, the first observation included, and what it earned. */
export interface Recording {
  readonly frames: readonly Image[];
  /** Undiscounted return up to the last picture. */
  readonly return: number;
}

/**
 * Plays one episode without exploration and takes a picture before every step. The picture of the state that ended
 * the episode does not exist: under SAME_STEP autoreset the env shows the next episode by then.
 */
export async function record(env: VisibleEnv, policy: Policy, options: RecordOptions): Promise<Recording> {
  checkAutoreset(env);
  const random = new Random(options.seed, 'record');
  let { observations } = await env.reset({ seed: random.integers(0, 2 ** 31) });
  const frames: Image[] = [];
  let earned = 0;
  while (frames.length < options.maxFrames) {
    frames.push(await env.render(0));
    const result = await env.step(policy.act(observations, { explore: false, random }));
    observations = result.observations;
    earned += result.rewards[0]!;
    if (result.terminated[0] || result.truncated[0]) break;
  }
  return { frames, return: earned };
}
