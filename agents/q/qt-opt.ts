import type { TypedArray } from '../../protocol/dtypes.js';
import type { ActOptions, Metrics, Task } from '../agent.js';
import type { AgentDefinition } from '../definition.js';
import { mean } from '../mean.js';
import type { Module, Modules } from '../module.js';
import { Random } from '../random.js';
import { linear } from '../schedules.js';
import { completeSettings, integer, integers, number, type SettingsOf } from '../settings.js';
import { ActionCritics } from './action-critics.js';
import { ContinuousSpaces } from './continuous.js';
import { actorCriticWorkload } from './deterministic.js';
import {
  MAXIMIZER_SETTINGS,
  type Maximizer,
  makeMaximizer,
  type NormalSource,
} from './maximizers/maximizer.js';
import { memoryFor, OFF_POLICY_SETTINGS, OffPolicyAgent } from './off-policy.js';
import { QT_OPT_PRESETS } from './presets.js';
import { targets } from './targets.js';

export const QT_OPT_SETTINGS = {
  hidden: integers([128, 128], [1, 65536], 'Units of each layer of the critic.'),
  ...MAXIMIZER_SETTINGS,
  ...OFF_POLICY_SETTINGS,
  batchSize: integer(128, [1, 65536], 'Transitions in one update.'),
  learningRate: number(1e-3, [0, 1], "Adam's step size."),
  maxGradientNorm: number(1e9, [1e-9, Infinity], 'Gradients of a larger norm are scaled down to this one.'),
  tau: number(
    0.01,
    [0, 1],
    'Share of the online network that the first target network takes on at each update.',
  ),
  lagUpdates: integer(500, [1, Infinity], 'Updates for each copy of the first target network to the second.'),
  epsilonStart: number(1, [0, 1], 'Probability of a random action at first.'),
  epsilonEnd: number(0.05, [0, 1], 'Probability of a random action in the end.'),
  epsilonSteps: integer(5_000, [0, Infinity], 'Steps over which it goes from one to the other.'),
  noiseScale: number(
    0.1,
    [0, 10],
    "Deviation of the noise in other actions, in units of half an action's range.",
  ),
};

export type QtOptSettings = SettingsOf<typeof QT_OPT_SETTINGS>;

/**
 * QT-Opt on one machine (Kalashnikov et al. 2018): Q-learning whose maximum over continuous actions is searched, without
 * a policy. The value of a state is the least that two target networks give for the action that the first holds best:
 * one follows the online network, the other lags behind that one (section 4.2). Collecting is `act`; the Bellman
 * updater, `label`, and the trainer, `regress`, share nothing but the batch, so that each can run elsewhere.
 */
export class QtOpt extends OffPolicyAgent {
  protected readonly modules: Modules;
  protected readonly policyModules: Modules;
  readonly #settings: QtOptSettings;
  readonly #spaces: ContinuousSpaces;
  readonly #critics: ActionCritics;
  readonly #lagging: Module;
  readonly #maximize: Maximizer;
  readonly #batch;

  /** @throws Error where the env's actions are not a Box with bounds, or it shows pictures */
  constructor(task: Task, settings: QtOptSettings, seed: number) {
    super(memoryFor(task, settings), { ...settings, updatesPerTarget: 1 }, seed);
    const { hidden, learningRate } = settings;
    this.#settings = settings;
    this.#spaces = new ContinuousSpaces(task);
    this.#critics = new ActionCritics(
      this.#spaces,
      { count: 1, hidden, learningRate },
      new Random(seed, 'init'),
    );
    this.#lagging = this.#first.copy();
    this.#maximize = makeMaximizer(settings);
    this.#batch = this.memory.batch(settings.batchSize);
    this.policyModules = { critic1: this.#online };
    this.modules = { ...this.#critics.modules, 'critic1.lagging': this.#lagging };
  }

  get #online(): Module {
    return this.#critics.online[0]!;
  }

  /** The target network that follows the online one. */
  get #first(): Module {
    return this.#critics.targets[0]!;
  }

  /** argmax_a Q(s, a) of a network, as far as the search finds it, [B, A]. */
  #best(critic: Module, s: Float32Array, random: NormalSource): Float32Array {
    const { stateSize, actionSize: size } = this.#spaces;
    const batch = s.length / stateSize;
    const repeated = (count: number): Float32Array => {
      const states = new Float32Array(batch * count * stateSize);
      for (let row = 0; row < batch * count; row++) {
        const from = Math.floor(row / count) * stateSize;
        for (let i = 0; i < stateSize; i++) states[row * stateSize + i] = s[from + i]!;
      }
      return states;
    };
    let states: Float32Array = new Float32Array(0);
    const evaluate = (actions: Float32Array, count: number): Float32Array => {
      if (states.length !== batch * count * stateSize) states = repeated(count);
      return critic.predict(this.#spaces.join(states, actions), batch * count);
    };
    return this.#maximize({ batch, size, evaluate }, random);
  }

  act(observations: readonly TypedArray[], { explore, random }: ActOptions): readonly TypedArray[] {
    const s_t = this.#spaces.states(observations);
    const { actionSize } = this.#spaces;
    const { epsilonStart, epsilonEnd, epsilonSteps, noiseScale } = this.#settings;
    const unit = this.#best(this.#online, s_t, random);
    if (explore) {
      const epsilon = linear(epsilonStart, epsilonEnd, epsilonSteps, this.collected);
      for (let row = 0; row < unit.length; row += actionSize) {
        const anything = random.random() < epsilon;
        for (let i = row; i < row + actionSize; i++) {
          unit[i] = anything ? 2 * random.random() - 1 : unit[i]! + noiseScale * random.normal();
        }
      }
    }
    return [this.#spaces.actions.fromUnit(unit)];
  }

  values(observations: readonly TypedArray[]): Float32Array {
    const s_t = this.#spaces.states(observations);
    // A search of its own, so that asking draws nothing that acting would.
    const a_t = this.#best(this.#online, s_t, new Random(0, 'values'));
    return this.#critics.least([this.#online], s_t, a_t);
  }

  /** y_t = R_t + d_t min(Q_1(s_tpn, a*), Q_2(s_tpn, a*)), a* = argmax_a Q_1(s_tpn, a). */
  #label(s_tpn: Float32Array): Float32Array {
    const { returns, discounts } = this.#batch;
    const a_tpn = this.#best(this.#first, s_tpn, this.sampling);
    return targets(returns, discounts, this.#critics.least([this.#first, this.#lagging], s_tpn, a_tpn));
  }

  protected regress(): Metrics {
    this.memory.sample(this.sampling, this.#batch);
    this.weigh(this.#batch);
    const { s_t, a_t, s_tpn } = this.#spaces.transitions(this.#batch);
    const y_t = this.#label(s_tpn);
    const { maxGradientNorm } = this.#settings;
    const { loss, gradientNorm, tdErrors } = this.#critics.regress(
      s_t,
      a_t,
      y_t,
      this.#batch,
      maxGradientNorm,
    );
    const q = mean(y_t) - mean(tdErrors);
    return { loss, gradient_norm: gradientNorm, q, ...this.judge(this.#batch, tdErrors) };
  }

  protected updateTarget(): void {
    const { tau, lagUpdates } = this.#settings;
    if (this.updates % lagUpdates === 0) this.#lagging.follow(this.#first, 1);
    this.#critics.follow(tau);
  }
}

export const qtOpt: AgentDefinition = {
  name: 'qt-opt',
  description: 'Q-learning for continuous actions whose best is searched: by CEM, CMA-ES or at random.',
  source: 'Kalashnikov et al. 2018; CMA-ES: Hansen 2016',
  settings: QT_OPT_SETTINGS,
  presets: QT_OPT_PRESETS,
  workload: (task, given) => actorCriticWorkload(task, completeSettings(QT_OPT_SETTINGS, given)),
  create: (task, given, seed) => new QtOpt(task, completeSettings(QT_OPT_SETTINGS, given), seed),
};
