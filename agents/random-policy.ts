import { arrayType, sizeOf, type TypedArray } from '../protocol/dtypes.js';
import type { SampleSource, Space } from '../protocol/spaces/index.js';
import type { Policy, Task } from './agent.js';

/** Draws every action from the action space: what a trained agent is compared with. */
export function randomPolicy({ actionSpace, numEnvs }: Task): Policy {
  return { act: (_observations, { random }) => randomActions(actionSpace, numEnvs, random) };
}

/** So many actions drawn from their space: a slab for each leaf. */
export function randomActions(space: Space, rows: number, random: SampleSource): TypedArray[] {
  const slabs = space.leaves.map(({ dtype, shape }) => new (arrayType(dtype))(rows * sizeOf(shape)));
  for (let row = 0; row < rows; row++) space.write(space.sample(random), slabs, row);
  return slabs;
}
