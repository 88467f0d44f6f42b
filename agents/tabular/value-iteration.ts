import type { AgentDefinition } from '../definition.js';
import { completeSettings } from '../settings.js';
import { optimalitySweep } from './dynamic-programming.js';
import { knownTask, PLANNER_SETTINGS, Planner } from './planner.js';

/** Value iteration (Bellman 1957; Sutton and Barto 2018, section 4.4): `learn` is one sweep of V(s) ← max_a q(s, a). */
export class ValueIteration extends Planner {
  protected override step() {
    return { bellman_residual: optimalitySweep(this.table, this.V, this.gamma) };
  }
}

export const valueIteration: AgentDefinition = {
  name: 'value-iteration',
  description: "Value iteration on the env's transition table, a sweep a step.",
  source: 'Bellman 1957; Sutton and Barto 2018',
  settings: PLANNER_SETTINGS,
  presets: Object.fromEntries(
    ['FrozenLake-v1', 'FrozenLake8x8-v1', 'Taxi-v3', 'CliffWalking-v1'].map((env) => [
      env,
      { steps: 1000, numEnvs: 1, settings: {} },
    ]),
  ),
  create: async (task, settings) =>
    new ValueIteration(await knownTask(task), completeSettings(PLANNER_SETTINGS, settings)),
};
