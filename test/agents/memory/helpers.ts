import type { TypedArray } from '../../../protocol/dtypes.js';
import type { StepResult } from '../../../protocol/results.js';

/** What happened in one env: nothing special, or the episode ended with this final observation. */
export type Outcome = {
  readonly next: number;
  readonly end?: { readonly terminated: boolean; readonly final: number };
};

/**
 * The result of a step whose outcomes are known, one an env.
 * @param slab observations as an array; by default each is its number
 */
export function stepResult(
  outcomes: readonly Outcome[],
  rewards: readonly number[],
  slab: (observations: readonly number[]) => TypedArray = (numbers) => Float32Array.from(numbers),
): StepResult {
  const rows = outcomes.flatMap(({ end }, row) => (end ? [row] : []));
  const flag = (terminated: boolean) =>
    Uint8Array.from(outcomes, ({ end }) => (end && end.terminated === terminated ? 1 : 0));
  return {
    n: outcomes.length,
    observations: [slab(outcomes.map(({ next }) => next))],
    rewards: Float64Array.from(rewards),
    terminated: flag(true),
    truncated: flag(false),
    infos: {},
    ...(rows.length > 0 && {
      ended: {
        rows: Uint32Array.from(rows),
        returns: new Float64Array(rows.length),
        lengths: new Uint32Array(rows.length),
        seeds: new Float64Array(rows.length),
        finalObservations: [slab(rows.map((row) => outcomes[row]!.end!.final))],
      },
    }),
  };
}
