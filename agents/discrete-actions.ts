import { Discrete, type Space } from '../protocol/spaces/index.js';

/** The space as what it is. Throws where it is no Discrete. */
export function discreteActions(space: Space): Discrete {
  if (space instanceof Discrete) return space;
  throw new Error(`this agent takes a Discrete action space, the env has ${space.toString()}`);
}
