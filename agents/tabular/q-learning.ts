import type { AgentDefinition } from '../definition.js';
import { completeSettings } from '../settings.js';
import { Knowledge, TABULAR_SETTINGS } from './knowledge.js';
import { TabularAgent } from './tabular-agent.js';

/**
 * Q-learning (Watkins 1989; Watkins and Dayan 1992): y_t = r_t + γ max_a Q(s_{t+1}, a). Off-policy: it learns the value
 * of acting greedily while it explores.
 */
export class QLearning extends TabularAgent {
  override worker(): QLearning {
    return new QLearning(this.knowledge, this.numEnvs);
  }

  protected override bootstrap(state: number): number {
    return this.knowledge.table.maxValue(state);
  }
}

export const qLearning: AgentDefinition = {
  name: 'q-learning',
  description: 'Tabular Q-learning, online; on several envs, synchronized parallel Q-learning.',
  source: 'Watkins 1989; Watkins and Dayan 1992',
  settings: TABULAR_SETTINGS,
  presets: {
    'FrozenLake-v1': {
      steps: 200_000,
      numEnvs: 16,
      settings: { learningRate: 1, visitExponent: 0.6, epsilonEnd: 0.2, explorationSteps: 100_000 },
    },
    // Nothing is left to chance in these two: one look at an outcome is enough.
    'Taxi-v3': {
      steps: 300_000,
      numEnvs: 16,
      settings: { learningRate: 1, epsilonStart: 0.5, epsilonEnd: 0.5 },
    },
    'CliffWalking-v1': {
      steps: 50_000,
      numEnvs: 8,
      settings: { learningRate: 1, epsilonStart: 0.3, epsilonEnd: 0.3 },
    },
    'Blackjack-v1': {
      steps: 1_000_000,
      numEnvs: 32,
      settings: { gamma: 1, learningRate: 1, visitExponent: 0.7, epsilonEnd: 0.1, explorationSteps: 500_000 },
    },
  },
  create: (task, settings) =>
    new QLearning(new Knowledge(task, completeSettings(TABULAR_SETTINGS, settings)), task.numEnvs),
};
