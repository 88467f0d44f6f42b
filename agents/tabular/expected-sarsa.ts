import type { AgentDefinition } from '../definition.js';
import { completeSettings } from '../settings.js';
import { Knowledge, TABULAR_SETTINGS } from './knowledge.js';
import { ON_POLICY_PRESETS } from './sarsa.js';
import { TabularAgent } from './tabular-agent.js';

/**
 * Expected SARSA (van Seijen et al. 2009): y_t = r_t + γ Σ_a π(a|s_{t+1}) Q(s_{t+1}, a), where π is the behaviour,
 * exploration included: SARSA without the noise of which action came next.
 */
export class ExpectedSarsa extends TabularAgent {
  override worker(): ExpectedSarsa {
    return new ExpectedSarsa(this.knowledge, this.numEnvs);
  }

  protected override bootstrap(state: number): number {
    return this.knowledge.expectedValue(state);
  }
}

export const expectedSarsa: AgentDefinition = {
  name: 'expected-sarsa',
  description:
    'Tabular expected SARSA: learns what its own exploring behaviour is worth, on average over its actions.',
  source: 'van Seijen, van Hasselt, Whiteson and Wiering 2009',
  settings: TABULAR_SETTINGS,
  presets: ON_POLICY_PRESETS,
  create: (task, settings) =>
    new ExpectedSarsa(new Knowledge(task, completeSettings(TABULAR_SETTINGS, settings)), task.numEnvs),
};
