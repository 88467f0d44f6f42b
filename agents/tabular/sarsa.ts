import type { TypedArray } from '../../protocol/dtypes.js';
import type { StepResult } from '../../protocol/results.js';
import type { AgentDefinition } from '../definition.js';
import { completeSettings } from '../settings.js';
import { Knowledge, TABULAR_SETTINGS } from './knowledge.js';
import { TabularAgent } from './tabular-agent.js';

/**
 * SARSA (Rummery and Niranjan 1994; Sutton and Barto 2018, section 6.4): y_t = r_t + γ Q(s_{t+1}, a_{t+1}), where
 * a_{t+1} is the action taken next. On-policy: it learns what its own behaviour is worth, exploration included.
 *
 * A transition waits for the action after it, which `observe` is given with the step that follows: it is chosen by the
 * values before the update, and the one after it by those after, as in the book. No action comes after an episode that
 * was cut off; there the expectation over them stands in.
 */
export class Sarsa extends TabularAgent {
  /** Of each env, whether its last transition waits, and that transition. [numEnvs] */
  readonly #waits = new Uint8Array(this.numEnvs);
  readonly #s_tm1 = new Int32Array(this.numEnvs);
  readonly #a_tm1 = new Int32Array(this.numEnvs);
  readonly #r_tm1 = new Float64Array(this.numEnvs);

  override worker(): Sarsa {
    return new Sarsa(this.knowledge, this.numEnvs);
  }

  protected override bootstrap(state: number): number {
    return this.knowledge.expectedValue(state);
  }

  override begin(observations: readonly TypedArray[]): void {
    this.#settle((i) => this.bootstrap(this.states[i]!));
    this.#waits.fill(0);
    super.begin(observations);
  }

  protected override update(actions: Int32Array, { rewards, terminated, truncated }: StepResult): void {
    const { knowledge, gamma, states, reached, numEnvs } = this;
    const { table, task } = knowledge;
    this.#settle((i) => table.value(states[i]!, actions[i]! - task.firstAction));
    for (let i = 0; i < numEnvs; i++) {
      const s_t = states[i]!;
      const a_t = actions[i]! - task.firstAction;
      const r_t = rewards[i]!;
      this.#waits[i] = terminated[i] || truncated[i] ? 0 : 1;
      if (terminated[i]) knowledge.regress(s_t, a_t, r_t);
      else if (truncated[i]) knowledge.regress(s_t, a_t, r_t + gamma * this.bootstrap(reached[i]!));
      else {
        this.#s_tm1[i] = s_t;
        this.#a_tm1[i] = a_t;
        this.#r_tm1[i] = r_t;
      }
    }
  }

  /** Learns from the transitions that waited, now that what follows them is known to be worth `v_t(env)`. */
  #settle(v_t: (env: number) => number): void {
    const { knowledge, gamma, targets, numEnvs } = this;
    for (let i = 0; i < numEnvs; i++) if (this.#waits[i]) targets[i] = this.#r_tm1[i]! + gamma * v_t(i);
    for (let i = 0; i < numEnvs; i++) {
      if (this.#waits[i]) knowledge.regress(this.#s_tm1[i]!, this.#a_tm1[i]!, targets[i]!);
    }
  }

  protected override underway() {
    return {
      ...super.underway(),
      waits: this.#waits,
      s_tm1: this.#s_tm1,
      a_tm1: this.#a_tm1,
      r_tm1: this.#r_tm1,
    };
  }
}

/** Exploration all but ends, so that the behaviour that is learned about becomes the best there is. */
export const ON_POLICY_PRESETS: AgentDefinition['presets'] = {
  'FrozenLake-v1': {
    steps: 300_000,
    numEnvs: 16,
    settings: { learningRate: 1, visitExponent: 0.55, epsilonEnd: 0, explorationSteps: 250_000 },
  },
  'Taxi-v3': {
    steps: 400_000,
    numEnvs: 16,
    settings: { learningRate: 0.3, epsilonEnd: 0, explorationSteps: 350_000 },
  },
  'CliffWalking-v1': {
    steps: 50_000,
    numEnvs: 8,
    settings: { learningRate: 0.2, epsilonStart: 0.5, epsilonEnd: 0.01, explorationSteps: 40_000 },
  },
};

export const sarsa: AgentDefinition = {
  name: 'sarsa',
  description: 'Tabular SARSA: learns what its own exploring behaviour is worth.',
  source: 'Rummery and Niranjan 1994; Sutton and Barto 2018',
  settings: TABULAR_SETTINGS,
  presets: ON_POLICY_PRESETS,
  create: (task, settings) =>
    new Sarsa(new Knowledge(task, completeSettings(TABULAR_SETTINGS, settings)), task.numEnvs),
};
