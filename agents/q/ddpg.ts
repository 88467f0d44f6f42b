import type { Metrics, Task } from '../agent.js';
import type { AgentDefinition } from '../definition.js';
import { mean } from '../mean.js';
import { completeSettings, withDefaults } from '../settings.js';
import {
  actorCriticWorkload,
  DETERMINISTIC_SETTINGS,
  DeterministicAgent,
  type DeterministicSettings,
} from './deterministic.js';
import { DDPG_PRESETS } from './presets.js';
import { targets } from './targets.js';

export const DDPG_SETTINGS = withDefaults(DETERMINISTIC_SETTINGS, { hidden: [400, 300] });

/**
 * Deep deterministic policy gradient (Lillicrap et al. 2016, algorithm 1): Q-learning in which the maximum over actions
 * is learned, too, by a policy μ_θ that climbs Q_φ. All three processes run at the rate of the first.
 */
export class Ddpg extends DeterministicAgent {
  readonly #settings: DeterministicSettings;

  constructor(task: Task, settings: DeterministicSettings, seed: number) {
    super(task, settings, seed, { critics: 1, updatesPerTarget: 1 });
    this.#settings = settings;
  }

  /** y_t = R_t + d_t Q_φ'(s_tpn, μ_θ'(s_tpn)). */
  protected regress(): Metrics {
    const { s_t, a_t, s_tpn, returns, discounts, samples } = this.draw();
    const a_tpn = this.actorTarget.predict(s_tpn, returns.length);
    const y_t = targets(returns, discounts, this.critics.least(this.critics.targets, s_tpn, a_tpn));
    const { maxGradientNorm } = this.#settings;
    const { loss, gradientNorm, tdErrors } = this.critics.regress(s_t, a_t, y_t, samples, maxGradientNorm);
    return {
      loss,
      gradient_norm: gradientNorm,
      q: mean(y_t) - mean(tdErrors),
      ...this.improveActor(s_t),
      ...this.judge(samples, tdErrors),
    };
  }
}

export const ddpg: AgentDefinition = {
  name: 'ddpg',
  description:
    'Deep deterministic policy gradient, for continuous actions; explores by noise of three kinds.',
  source: 'Lillicrap et al. 2016; parameter noise: Plappert et al. 2018',
  settings: DDPG_SETTINGS,
  presets: DDPG_PRESETS,
  workload: (task, given) => actorCriticWorkload(task, completeSettings(DDPG_SETTINGS, given)),
  create: (task, given, seed) => new Ddpg(task, completeSettings(DDPG_SETTINGS, given), seed),
};
