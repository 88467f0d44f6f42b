import type { Policy } from '../agent.js';
import { Random } from '../random.js';
import { checkAutoreset, type RunEnv } from './env.js';
import { ValueCheck } from './value-check.js';

export interface EvaluateOptions {
  /** How many episodes to finish. */
  readonly episodes: number;
  /** The same seed gives the same episodes, as far as env and policy are deterministic. */
  readonly seed: number;
  /** Steps of the vector env after which no more is waited for: a good policy may well play on for ever. */
  readonly maxSteps: number;
  readonly signal?: AbortSignal;
}

export interface Evaluation {
  /** Undiscounted return of each episode. float64 [episodes] */
  readonly returns: Float64Array;
  /** Steps of each episode. uint32 [episodes] */
  readonly lengths: Uint32Array;
  /** How many of them had not ended after `maxSteps`: their returns are what they had earned by then. */
  readonly unfinished: number;
  /**
   * Where the policy tells values: the mean over the states it visited of the value it predicted, and of the discounted
   * return that followed (`ValueCheck` says of which states).
   */
  readonly values?: { readonly predicted: number; readonly realised: number };
}

/**
 * Plays a policy without exploration. Each env contributes a number of episodes fixed beforehand: to take whichever
 * episodes end first would favour the short ones.
 *
 * Rejects with the signal's reason when aborted.
 */
export async function evaluate(env: RunEnv, policy: Policy, options: EvaluateOptions): Promise<Evaluation> {
  const { episodes, seed, maxSteps, signal } = options;
  checkAutoreset(env);
  const n = env.numEnvs;
  const random = new Random(seed, 'evaluate');
  const quota = Array.from({ length: n }, (_, i) => Math.floor(episodes / n) + (i < episodes % n ? 1 : 0));
  const returns: number[] = [];
  const lengths: number[] = [];
  const earned = new Float64Array(n);
  const played = new Uint32Array(n);
  const check = policy.values && policy.gamma !== undefined ? new ValueCheck(policy.gamma, n) : undefined;

  let { observations } = await env.reset({ seed: random.integers(0, 2 ** 31) });
  for (let t = 0; t < maxSteps && returns.length < episodes; t++) {
    signal?.throwIfAborted();
    const values = check && policy.values!(observations);
    const result = await env.step(policy.act(observations, { explore: false, random }));
    observations = result.observations;
    if (check) check.step(values!, result.rewards);
    for (let i = 0; i < n; i++) {
      earned[i]! += result.rewards[i]!;
      played[i]! += 1;
    }
    for (const i of result.ended?.rows ?? []) {
      check?.end(i, { terminated: result.terminated[i] === 1, counts: quota[i]! > 0 });
      if (quota[i]! > 0) {
        quota[i]! -= 1;
        returns.push(earned[i]!);
        lengths.push(played[i]!);
      }
      earned[i] = 0;
      played[i] = 0;
    }
  }
  const finished = returns.length;
  for (let i = 0; i < n; i++) {
    if (quota[i]! > 0 && played[i]! > 0) {
      check?.end(i, { terminated: false, counts: true });
      returns.push(earned[i]!);
      lengths.push(played[i]!);
    }
  }
  return {
    returns: Float64Array.from(returns),
    lengths: Uint32Array.from(lengths),
    unfinished: returns.length - finished,
    ...(check?.means && { values: check.means }),
  };
}
