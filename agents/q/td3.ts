import type { Metrics, Task } from '../agent.js';
import type { AgentDefinition } from '../definition.js';
import { mean } from '../mean.js';
import { completeSettings, integer, number, type SettingsOf } from '../settings.js';
import { actorCriticWorkload, DETERMINISTIC_SETTINGS, DeterministicAgent } from './deterministic.js';
import { TD3_PRESETS } from './presets.js';
import { targets } from './targets.js';

export const TD3_SETTINGS = {
  ...DETERMINISTIC_SETTINGS,
  policyDelay: integer(2, [1, 1000], 'Updates of the critics for each of the policy and the targets.'),
  smoothing: number(0.2, [0, 10], 'Deviation of the noise in the actions of targets.'),
  smoothingLimit: number(0.5, [0, 10], 'Where that noise is cut off.'),
};

export type Td3Settings = SettingsOf<typeof TD3_SETTINGS>;

/**
 * Twin delayed DDPG (Fujimoto, van Hoof and Meger 2018, algorithm 1). Three answers to values that are too high: the
 * least of two critics, a policy that waits for them, and targets of actions with noise, so that no narrow peak counts.
 */
export class Td3 extends DeterministicAgent {
  readonly #settings: Td3Settings;

  constructor(task: Task, settings: Td3Settings, seed: number) {
    super(task, settings, seed, { critics: 2, updatesPerTarget: settings.policyDelay });
    this.#settings = settings;
  }

  /** y_t = R_t + d_t min_k Q_φ'k(s_tpn, μ_θ'(s_tpn) + ε), ε ~ clip(N(0, σ²), −c, c). */
  protected regress(): Metrics {
    const { smoothing, smoothingLimit, policyDelay, maxGradientNorm } = this.#settings;
    const { s_t, a_t, s_tpn, returns, discounts, samples } = this.draw();
    const a_tpn = this.actorTarget.predict(s_tpn, returns.length).map((action) => {
      const noise = clip(smoothing * this.sampling.normal(), smoothingLimit);
      return clip(action + noise, 1);
    });
    const y_t = targets(returns, discounts, this.critics.least(this.critics.targets, s_tpn, a_tpn));
    const { loss, gradientNorm, tdErrors } = this.critics.regress(s_t, a_t, y_t, samples, maxGradientNorm);
    return {
      loss,
      gradient_norm: gradientNorm,
      q: mean(y_t) - mean(tdErrors),
      ...((this.updates + 1) % policyDelay === 0 && this.improveActor(s_t)),
      ...this.judge(samples, tdErrors),
    };
  }
}

const clip = (x: number, limit: number): number => Math.max(-limit, Math.min(limit, x));

export const td3: AgentDefinition = {
  name: 'td3',
  description: 'Twin delayed DDPG, for continuous actions.',
  source: 'Fujimoto, van Hoof and Meger 2018',
  settings: TD3_SETTINGS,
  presets: TD3_PRESETS,
  workload: (task, given) => actorCriticWorkload(task, completeSettings(TD3_SETTINGS, given)),
  create: (task, given, seed) => new Td3(task, completeSettings(TD3_SETTINGS, given), seed),
};
