/** Whether an env still is what it was: a hash of its spaces, and one of what random actions lead to. */
import { createHash } from 'node:crypto';
import { Random } from '../../agents/random.js';
import { randomPolicy } from '../../agents/random-policy.js';
import { bytesOf, type TypedArray } from '../../protocol/dtypes.js';
import type { Client } from '../../protocol/index.js';
import type { GoldenClaim } from './claims.js';

export interface Fingerprint {
  /** The contract's hash: spaces, options, limits. */
  readonly contract: string;
  /** SHA-256 of all actions, observations, rewards and ends of episodes. */
  readonly trajectory: string;
}

export type GoldenVerdict =
  | { readonly verdict: 'pass' }
  | { readonly verdict: 'inconclusive' | 'fail'; readonly reason: string };

/** Plays an env with random actions that follow from the seed alone. */
export async function fingerprint(
  client: Client,
  { env: id, options, numEnvs, seed, steps }: Omit<GoldenClaim, 'contract' | 'trajectory'>,
): Promise<Fingerprint> {
  const env = await client.make(id, { numEnvs, options, autoreset: 'same_step' });
  const hash = createHash('sha256');
  const take = (slabs: readonly TypedArray[]) => {
    for (const slab of slabs) hash.update(bytesOf(slab));
  };
  const policy = randomPolicy(env);
  const random = new Random(seed, 'golden');
  let { observations } = await env.reset({ seed });
  take(observations);
  for (let t = 0; t < steps; t++) {
    const actions = policy.act(observations, { explore: true, random });
    const result = await env.step(actions);
    take([...actions, ...result.observations, result.rewards, result.terminated, result.truncated]);
    take(result.ended?.finalObservations ?? []);
    observations = result.observations;
  }
  await env.close();
  return { contract: env.contractHash, trajectory: hash.digest('hex') };
}

/** Holds a fingerprint against what is expected of it, as far as that is known. */
export function compareFingerprints(found: Fingerprint, expected: Partial<Fingerprint>): GoldenVerdict {
  const short = (hash: string) => hash.slice(0, 12);
  const { contract, trajectory } = expected;
  if (contract !== undefined && contract !== found.contract) {
    const hashes = `its contract was ${short(contract)}… and is ${short(found.contract)}…`;
    return {
      verdict: 'fail',
      reason: `the env changed what it offers (spaces, options or limits): ${hashes}`,
    };
  }
  if (trajectory !== undefined && trajectory !== found.trajectory) {
    return {
      verdict: 'fail',
      reason: 'the env changed how it behaves: the same contract, other trajectories',
    };
  }
  if (contract === undefined && trajectory === undefined) {
    return { verdict: 'inconclusive', reason: 'nothing to compare with yet; --update-baseline records it' };
  }
  return { verdict: 'pass' };
}
