import type { CheckpointReader, Files } from '../checkpoint.js';
import type { AgentDefinition } from '../definition.js';
import { completeSettings, integer, type SettingsOf } from '../settings.js';
import { encodeArrays, fillArrays } from './arrays.js';
import { evaluationSweep, improve } from './dynamic-programming.js';
import { type KnownTask, knownTask, PLANNER_SETTINGS, Planner } from './planner.js';

export const POLICY_ITERATION_SETTINGS = {
  ...PLANNER_SETTINGS,
  evaluationSweeps: integer(
    10_000,
    [1, Infinity],
    'Sweeps of evaluating a policy before it is improved, at most; with few of them it is modified policy iteration.',
  ),
};

/**
 * Policy iteration (Howard 1960; Sutton and Barto 2018, section 4.3): `learn` evaluates the policy, by sweeps of
 * V(s) ← q(s, π(s)), and improves it once. Cut short, the evaluation is that of modified policy iteration (Puterman and
 * Shin 1978), which also copes with policies that never end and whose undiscounted value would not be finite.
 */
export class PolicyIteration extends Planner {
  readonly #evaluationSweeps: number;
  /** The action of each state, from 0. int32 [numStates] */
  readonly #policy: Int32Array;

  constructor(task: KnownTask, settings: SettingsOf<typeof POLICY_ITERATION_SETTINGS>) {
    super(task, settings);
    this.#evaluationSweeps = settings.evaluationSweeps;
    this.#policy = new Int32Array(task.table.numStates);
  }

  protected override step(tolerance: number) {
    const { table, V, gamma } = this;
    let sweeps = 0;
    let change: number;
    do {
      change = evaluationSweep(table, V, this.#policy, gamma);
      sweeps += 1;
    } while (change > tolerance && sweeps < this.#evaluationSweeps);
    const { residual, changes } = improve(table, V, this.#policy, gamma, tolerance);
    return { bellman_residual: residual, policy_changes: changes, evaluation_sweeps: sweeps };
  }

  override save(): Files {
    return { ...super.save(), 'agent.safetensors': encodeArrays({ policy: this.#policy }) };
  }

  override async load(from: CheckpointReader): Promise<void> {
    await super.load(from);
    fillArrays({ policy: this.#policy }, await from.read('agent.safetensors'));
  }
}

export const policyIteration: AgentDefinition = {
  name: 'policy-iteration',
  description: "Policy iteration on the env's transition table, an improvement a step.",
  source: 'Howard 1960; Puterman and Shin 1978; Sutton and Barto 2018',
  settings: POLICY_ITERATION_SETTINGS,
  presets: Object.fromEntries(
    ['FrozenLake-v1', 'FrozenLake8x8-v1', 'Taxi-v3', 'CliffWalking-v1'].map((env) => [
      env,
      { steps: 20, numEnvs: 1, settings: {} },
    ]),
  ),
  create: async (task, settings) =>
    new PolicyIteration(await knownTask(task), completeSettings(POLICY_ITERATION_SETTINGS, settings)),
};
