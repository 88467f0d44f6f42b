import type { TypedArray } from '../protocol/dtypes.js';
import { Dict, type Space } from '../protocol/spaces/index.js';

/** What PettingZoo and Gymnasium call the part of an observation, or info, that tells which actions are allowed. */
export const ACTION_MASK = 'action_mask';

/** Which actions are allowed in a batch of observations: 1 or 0 for each, [B, A]; undefined where all always are. */
export type MaskReader = (observations: readonly TypedArray[]) => ArrayLike<number> | undefined;

/** Reads the masks of a space: a Dict may have one, as {@link MaskedEnv} makes it. */
export function maskReader(space: Space): MaskReader {
  const leaf = space.leaves.findIndex(({ path }) => path.length === 1 && path[0] === ACTION_MASK);
  if (leaf < 0 || !(space instanceof Dict)) return () => undefined;
  return (observations) => observations[leaf] as Int8Array;
}
