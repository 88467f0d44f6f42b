import * as tf from '@tensorflow/tfjs-core';
import type { TypedArray } from '../../protocol/dtypes.js';
import type { ActOptions, Metrics, Task } from '../agent.js';
import type { AgentDefinition } from '../definition.js';
import { mean } from '../mean.js';
import { Module, type Modules } from '../module.js';
import { tanhGaussian } from '../nn/distributions/tanh-gaussian.js';
import { gaussianNetwork } from '../nn/heads.js';
import { normal } from '../nn/init.js';
import { adam } from '../nn/optimizer.js';
import { Params } from '../nn/params.js';
import { Random } from '../random.js';
import { completeSettings, number, type SettingsOf } from '../settings.js';
import { ActionCritics } from './action-critics.js';
import { ContinuousSpaces } from './continuous.js';
import { ACTOR_CRITIC_SETTINGS, actorCriticWorkload } from './deterministic.js';
import { memoryFor, OffPolicyAgent } from './off-policy.js';
import { SAC_PRESETS } from './presets.js';
import { targets } from './targets.js';

export const SAC_SETTINGS = {
  ...ACTOR_CRITIC_SETTINGS,
  temperature: number(1, [0, 1e3], 'How much entropy counts beside reward (α), at first.'),
  temperatureLearningRate: number(1e-3, [0, 1], "Adam's step size of ln α; 0 leaves it as it is."),
  targetEntropy: number(
    -1,
    [-1e3, 1e3],
    'Entropy that the temperature aims at, for each number of an action.',
  ),
};

export type SacSettings = SettingsOf<typeof SAC_SETTINGS>;

/** Where the policy's log standard deviations end, as in the authors' code. */
const LOG_STD_RANGE = [-20, 2] as const;

/**
 * Soft actor-critic (Haarnoja et al. 2018, "Soft actor-critic algorithms and applications", algorithm 1): maximizes
 * reward and entropy. π_θ is `actor`, a gaussian squashed by tanh; α is tuned so that its entropy stays near a target.
 */
export class Sac extends OffPolicyAgent {
  protected readonly modules: Modules;
  protected readonly policyModules: Modules;
  readonly #settings: SacSettings;
  readonly #spaces: ContinuousSpaces;
  readonly #policy;
  readonly #actor: Module;
  readonly #critics: ActionCritics;
  readonly #batch;
  readonly #logTemperature: Params;
  readonly #temperatureOptimizer;

  /** @throws Error where the env's actions are not a Box with bounds, or it shows pictures */
  constructor(task: Task, settings: SacSettings, seed: number) {
    super(memoryFor(task, settings), { ...settings, updatesPerTarget: 1 }, seed);
    const { hidden, learningRate, actorLearningRate, temperature, temperatureLearningRate } = settings;
    this.#settings = settings;
    this.#spaces = new ContinuousSpaces(task);
    const { stateSize: inputs, actionSize } = this.#spaces;
    const random = new Random(seed, 'init');
    this.#policy = tanhGaussian(actionSize, { logStdRange: LOG_STD_RANGE });
    const network = gaussianNetwork({ inputs, hidden, outputs: actionSize });
    this.#actor = new Module(
      network,
      network.init(() => random.random()),
      adam({ learningRate: actorLearningRate }),
    );
    this.#critics = new ActionCritics(this.#spaces, { count: 2, hidden, learningRate }, random);
    this.#logTemperature = new Params(Float32Array.of(Math.log(temperature)));
    this.#temperatureOptimizer = adam({ learningRate: temperatureLearningRate });
    this.#batch = this.memory.batch(settings.batchSize);
    this.policyModules = { actor: this.#actor };
    this.modules = { ...this.policyModules, ...this.#critics.modules };
  }

  /** α */
  get #temperature(): number {
    return Math.exp(this.#logTemperature.read()[0]!);
  }

  act(observations: readonly TypedArray[], { explore, random }: ActOptions): readonly TypedArray[] {
    const s_t = this.#spaces.states(observations);
    const rows = s_t.length / this.#spaces.stateSize;
    const draw = () => random.random();
    let unit: Float32Array;
    if (explore && this.collected < this.#settings.learningStarts) {
      unit = Float32Array.from({ length: rows * this.#spaces.actionSize }, () => 2 * draw() - 1);
    } else {
      const parameters = this.#actor.predict(s_t, rows);
      unit = explore ? this.#policy.sample(parameters, draw) : this.#policy.mode(parameters);
    }
    return [this.#spaces.actions.fromUnit(unit)];
  }

  values(observations: readonly TypedArray[]): Float32Array {
    const s_t = this.#spaces.states(observations);
    const a_t = this.#policy.mode(this.#actor.predict(s_t, s_t.length / this.#spaces.stateSize));
    return this.#critics.least(this.#critics.online, s_t, a_t);
  }

  /** y_t = R_t + d_t (min_k Q_φ'k(s_tpn, a') − α ln π_θ(a'|s_tpn)), a' ~ π_θ(s_tpn). */
  protected regress(): Metrics {
    this.memory.sample(this.sampling, this.#batch);
    this.weigh(this.#batch);
    const { n, returns, discounts } = this.#batch;
    const { s_t, a_t, s_tpn } = this.#spaces.transitions(this.#batch);
    const alpha = this.#temperature;
    const drawn = this.#policy.sampleWithLogProb(this.#actor.predict(s_tpn, n), () => this.sampling.random());
    const v_tpn = this.#critics.least(this.#critics.targets, s_tpn, drawn.actions);
    for (let row = 0; row < n; row++) v_tpn[row]! -= alpha * drawn.logProb[row]!;
    const y_t = targets(returns, discounts, v_tpn);
    const { maxGradientNorm } = this.#settings;
    const { loss, gradientNorm, tdErrors } = this.#critics.regress(
      s_t,
      a_t,
      y_t,
      this.#batch,
      maxGradientNorm,
    );
    return {
      loss,
      gradient_norm: gradientNorm,
      q: mean(y_t) - mean(tdErrors),
      ...this.#improveActor(s_t, alpha),
      ...this.judge(this.#batch, tdErrors),
    };
  }

  /** One step down the gradient of α ln π_θ(a|s) − min_k Q_φk(s, a), a ~ π_θ(s) (eq. 9), and one of α (eq. 18). */
  #improveActor(s_t: Float32Array, alpha: number): Metrics {
    const { actionSize } = this.#spaces;
    const { n } = this.#batch;
    const noise = normal(n * actionSize, () => this.sampling.random());
    let entropy = 0;
    const { loss } = this.#actor.minimize(
      () => {
        const s = this.#spaces.stateTensor(s_t);
        const { actions, logProb } = this.#policy.sampleTensor(
          this.#actor.apply(s),
          tf.tensor2d(noise, [n, actionSize]),
        );
        entropy = -mean(logProb.dataSync());
        const q = tf.minimum(this.#critics.apply(0, s, actions), this.#critics.apply(1, s, actions));
        return tf.mean(tf.sub(tf.mul(alpha, logProb), tf.reshape(q, [n])));
      },
      { maxNorm: this.#settings.maxGradientNorm, name: 'actor' },
    );
    this.#tuneTemperature(entropy);
    return { actor_loss: loss, entropy, temperature: alpha };
  }

  /** J(α) = ln α · (H − H̄): less entropy than aimed at makes it count more. */
  #tuneTemperature(entropy: number): void {
    const { temperatureLearningRate, targetEntropy } = this.#settings;
    if (temperatureLearningRate === 0) return;
    tf.tidy(() => {
      const gradient = tf.tensor1d([entropy - targetEntropy * this.#spaces.actionSize]);
      this.#temperatureOptimizer.step(this.#logTemperature, gradient);
    });
  }

  protected updateTarget(): void {
    this.#critics.follow(this.#settings.tau);
  }

  protected override saveState(): unknown {
    const optimizer = Object.entries(this.#temperatureOptimizer.state()).map(([name, x]) => [name, [...x]]);
    return { logTemperature: this.#logTemperature.read()[0], optimizer: Object.fromEntries(optimizer) };
  }

  protected override loadState(state: unknown): void {
    const { logTemperature, optimizer } = state as {
      logTemperature: number;
      optimizer: Record<string, number[]>;
    };
    this.#logTemperature.write(Float32Array.of(logTemperature));
    const arrays = Object.entries(optimizer).map(([name, x]) => [name, Float32Array.from(x)]);
    this.#temperatureOptimizer.load(Object.fromEntries(arrays));
  }

  override dispose(): void {
    super.dispose();
    this.#logTemperature.dispose();
    this.#temperatureOptimizer.dispose();
  }
}

export const sac: AgentDefinition = {
  name: 'sac',
  description: 'Soft actor-critic with a tuned temperature, for continuous actions.',
  source: 'Haarnoja et al. 2018',
  settings: SAC_SETTINGS,
  presets: SAC_PRESETS,
  workload: (task, given) => actorCriticWorkload(task, completeSettings(SAC_SETTINGS, given)),
  create: (task, given, seed) => new Sac(task, completeSettings(SAC_SETTINGS, given), seed),
};
