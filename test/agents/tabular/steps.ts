import type { Agent } from '../../../agents/agent.js';
import { decodeSafetensors } from '../../../agents/nn/safetensors.js';
import { Random } from '../../../agents/random.js';
import type { StepResult } from '../../../protocol/results.js';

/** How to act as one has learned to. */
export const GREEDY = { explore: false, random: new Random(0) };

/** What a step to these states gave, a row an env; where an episode ended, with the state it ended in. */
export function step(
  states: readonly number[],
  rewards: readonly number[],
  ended: { readonly terminated?: readonly number[]; readonly truncated?: readonly number[] } = {},
  finals: readonly number[] = [],
): StepResult {
  const { terminated = states.map(() => 0), truncated = states.map(() => 0) } = ended;
  const rows = states.flatMap((_, i) => (terminated[i] || truncated[i] ? [i] : []));
  return {
    n: states.length,
    observations: [Int32Array.from(states)],
    rewards: Float64Array.from(rewards),
    terminated: Uint8Array.from(terminated),
    truncated: Uint8Array.from(truncated),
    infos: {},
    ...(rows.length > 0 && {
      ended: {
        rows: Uint32Array.from(rows),
        returns: new Float64Array(rows.length),
        lengths: new Uint32Array(rows.length),
        seeds: new Float64Array(rows.length),
        finalObservations: [Int32Array.from(finals)],
      },
    }),
  };
}

/** The values that an agent saves, in one row. */
export function savedValues(agent: Agent): number[] {
  const { tensors } = decodeSafetensors(agent.savePolicy()['policy.safetensors'] as Uint8Array);
  return Array.from((tensors.q ?? tensors.v)!.data);
}
