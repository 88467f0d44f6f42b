import { arrayType, sizeOf } from '../protocol/dtypes.js';
import type { Policy, Task } from './agent.js';

/** Draws every action from the action space: what a trained agent is compared with. */
export function randomPolicy({ actionSpace, numEnvs }: Task): Policy {
  return {
    act(_observations, { random }) {
      const slabs = actionSpace.leaves.map(
        ({ dtype, shape }) => new (arrayType(dtype))(numEnvs * sizeOf(shape)),
      );
      for (let row = 0; row < numEnvs; row++) actionSpace.write(actionSpace.sample(random), slabs, row);
      return slabs;
    },
  };
}
