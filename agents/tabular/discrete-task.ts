import type { Task } from '../agent.js';
import { discreteActions } from '../discrete-actions.js';
import { StateIndex } from './state-index.js';

/** How a task's spaces meet a table. */
export interface DiscreteTask {
  readonly states: StateIndex;
  readonly numActions: number;
  /** What the env calls action 0. */
  readonly firstAction: number;
}

/** Throws on a task whose observations cannot be counted, or whose actions are not one of a few. */
export function discreteTask({ observationSpace, actionSpace }: Task): DiscreteTask {
  const { n, start } = discreteActions(actionSpace);
  return { states: new StateIndex(observationSpace), numActions: n, firstAction: start };
}
