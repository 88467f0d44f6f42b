import type { StepResult } from '../../protocol/client/results.js';
import type { TypedArray } from '../../protocol/dtypes.js';
import type { ActOptions, Agent, Metrics, Task } from '../agent.js';
import { type CheckpointReader, type Files, jsonFile, readJson } from '../checkpoint.js';
import type { AgentDefinition } from '../definition.js';
import { mean } from '../mean.js';
import { Replay } from '../memory/replay.js';
import type { Workload } from '../nn/backend.js';
import { inputTensor } from '../nn/input.js';
import { tdLoss } from '../nn/losses.js';
import { adam } from '../nn/optimizer.js';
import { Params } from '../nn/params.js';
import { minimize } from '../nn/train.js';
import { encodeOptimizer, encodeParameters, loadOptimizer, loadParameters } from '../parameters.js';
import { Random } from '../random.js';
import { linear } from '../schedules.js';
import { boolean, completeSettings, integer, integers, number, type SettingsOf } from '../settings.js';
import { asInput, discreteCritic } from './critic.js';
import { epsilonGreedy } from './exploration.js';
import { type ProcessCounts, Processes } from './processes.js';
import { doubleValues, maxValues, targets } from './targets.js';

export const DQN_SETTINGS = {
  hidden: integers([128], [1, 65536], 'Units of each dense layer.'),
  gamma: number(0.99, [0, 1], 'Discount of the reward one step later.'),
  nStep: integer(1, [1, 1000], 'Rewards that a target sums up before it asks the target network.'),
  learningRate: number(5e-4, [0, 1], "Adam's step size."),
  learningRateShare: number(1, [0, 1], 'Share of the step size that is left in the end.'),
  learningRateSteps: integer(0, [0, Infinity], 'Steps over which it falls to that share.'),
  batchSize: integer(32, [1, 65536], 'Transitions in one update.'),
  memory: integer(100_000, [3, 1e8], 'Observations kept for replay; older ones make room.'),
  learningStarts: integer(1_000, [1, Infinity], 'Steps collected before the first update.'),
  stepsPerUpdate: number(
    4,
    [1e-3, Infinity],
    'Steps collected for each update; 0.5 makes two updates a step.',
  ),
  updatesPerTarget: integer(500, [1, Infinity], 'Updates for each update of the target network.'),
  tau: number(1, [0, 1], 'Share of the online network that the target network takes on: 1 copies it.'),
  double: boolean(true, 'Whether the online network chooses the action that the target network judges.'),
  huber: boolean(true, 'Whether errors beyond 1 count linearly instead of squared.'),
  maxGradientNorm: number(10, [1e-9, Infinity], 'Gradients of a larger norm are scaled down to this one.'),
  epsilonStart: number(1, [0, 1], 'Probability of a random action at first.'),
  epsilonEnd: number(0.05, [0, 1], 'Probability of a random action in the end.'),
  epsilonSteps: integer(50_000, [0, Infinity], 'Steps over which it goes from one to the other.'),
  evaluationEpsilon: number(
    0.001,
    [0, 1],
    'Probability of a random action in evaluations, against endless loops.',
  ),
};

export type DqnSettings = SettingsOf<typeof DQN_SETTINGS>;

/** What a checkpoint holds beside parameters and memory. */
interface DqnState {
  readonly counts: ProcessCounts;
  readonly sampling: readonly number[];
}

/**
 * Deep Q-learning (Mnih et al. 2015, "Human-level control through deep reinforcement learning", algorithm 1), with the
 * double targets of van Hasselt, Guez and Silver (2016). φ is `online`, φ' is `target`.
 *
 * What the paper calls clipping the error term to ±1 is the gradient of the Huber loss. Adam (Kingma and Ba 2015) takes
 * the place of RMSProp.
 */
export class Dqn implements Agent {
  readonly #settings: DqnSettings;
  readonly #critic;
  readonly #online: Params;
  readonly #target: Params;
  readonly #optimizer;
  readonly #memory: Replay;
  readonly #batch;
  readonly #inputShape: number[];
  readonly #tdErrors: Float32Array;
  readonly #sampling: Random;
  readonly #processes: Processes;

  /** Throws as the constructor. */
  static workload(task: Task, { hidden, batchSize }: DqnSettings): Workload {
    return { multiplyAdds: batchSize * discreteCritic(task, hidden).network.multiplyAdds };
  }

  /** Throws where the task's spaces are not a Box of observations and a Discrete of actions. */
  constructor(task: Task, settings: DqnSettings, seed: number) {
    this.#settings = settings;
    this.#critic = discreteCritic(task, settings.hidden);
    const { network } = this.#critic;
    const initial = new Random(seed, 'init');
    this.#online = new Params(
      network.init(() => initial.random()),
      network.layout,
    );
    this.#target = new Params(this.#online.read());
    this.#optimizer = adam({ learningRate: settings.learningRate });
    this.#memory = new Replay({
      capacity: settings.memory,
      numEnvs: task.numEnvs,
      observations: task.observationSpace.leaves,
      actions: task.actionSpace.leaves,
      nStep: settings.nStep,
      gamma: settings.gamma,
    });
    this.#batch = this.#memory.batch(settings.batchSize);
    this.#inputShape = [settings.batchSize, ...network.inputs];
    this.#tdErrors = new Float32Array(settings.batchSize);
    this.#sampling = new Random(seed, 'replay');
    this.#processes = new Processes(settings);
  }

  /** The probability of a random action, falling as experience grows. */
  get #epsilon(): number {
    const { epsilonStart, epsilonEnd, epsilonSteps } = this.#settings;
    return linear(epsilonStart, epsilonEnd, epsilonSteps, this.#processes.counts.collected);
  }

  /** Adam's step size, falling likewise: large steps learn fast, small ones settle. */
  get #learningRate(): number {
    const { learningRate, learningRateShare, learningRateSteps } = this.#settings;
    return learningRate * linear(1, learningRateShare, learningRateSteps, this.#processes.counts.collected);
  }

  act(observations: readonly TypedArray[], { explore, random }: ActOptions): readonly [Int32Array] {
    const { network, numActions, firstAction, inputSize } = this.#critic;
    const s_t = asInput(observations[0]!);
    const q_t = network.predict(this.#online, s_t, s_t.length / inputSize);
    const epsilon = explore ? this.#epsilon : this.#settings.evaluationEpsilon;
    return [epsilonGreedy(q_t, numActions, epsilon, random).map((action) => action + firstAction)];
  }

  // Process 1: collect.

  begin(observations: readonly TypedArray[]): void {
    this.#memory.begin(observations);
  }

  observe(actions: readonly TypedArray[], result: StepResult): void {
    this.#memory.add(actions, result);
    this.#processes.collected(result.n);
  }

  learn(): Metrics | undefined {
    const metrics = this.#processes.run(
      () => this.#regress(),
      () => this.#updateTarget(),
    );
    return metrics && { ...metrics, epsilon: this.#epsilon };
  }

  /** Process 2: φ' ← τφ + (1−τ)φ'. */
  #updateTarget(): void {
    const { tau } = this.#settings;
    if (tau === 1) this.#target.copyFrom(this.#online);
    else this.#target.lerpFrom(this.#online, tau);
  }

  /** Process 3: one step down the gradient of the mean loss of Q_φ(s_t, a_t) against its target y_t. */
  #regress(): Metrics {
    const { double, huber, maxGradientNorm } = this.#settings;
    const { network, numActions, firstAction, inputScale } = this.#critic;
    const batch = this.#batch;
    this.#memory.sample(this.#sampling, batch);

    const s_t = asInput(batch.observations[0]!);
    const a_t = (batch.actions[0] as Int32Array).map((action) => action - firstAction);
    const s_tpn = asInput(batch.nextObservations[0]!);

    const q_tpn_target = network.predict(this.#target, s_tpn, batch.n);
    const v_tpn = double
      ? doubleValues(network.predict(this.#online, s_tpn, batch.n), q_tpn_target, numActions)
      : maxValues(q_tpn_target, numActions);
    const y_t = targets(batch.returns, batch.discounts, v_tpn);

    const { loss, gradientNorm } = minimize(
      this.#online,
      this.#optimizer,
      () => {
        const q_t = network.apply(this.#online.tensor, inputTensor(s_t, this.#inputShape, inputScale));
        return tdLoss(q_t, a_t, y_t, { huber: huber ? 1 : null, tdErrors: this.#tdErrors });
      },
      { maxNorm: maxGradientNorm, learningRate: this.#learningRate, name: 'dqn' },
    );
    return { loss, gradient_norm: gradientNorm, q: mean(y_t) - mean(this.#tdErrors) };
  }

  savePolicy(): Files {
    return { 'policy.safetensors': encodeParameters(this.#critic.network, this.#online) };
  }

  async loadPolicy(from: CheckpointReader): Promise<void> {
    loadParameters(this.#critic.network, this.#online, await from.read('policy.safetensors'));
  }

  save(): Files {
    const state: DqnState = { counts: this.#processes.counts, sampling: this.#sampling.getState() };
    return {
      ...this.savePolicy(),
      'target.safetensors': encodeParameters(this.#critic.network, this.#target),
      'optimizer.safetensors': encodeOptimizer(this.#optimizer),
      'agent.json': jsonFile(state),
      ...this.#memory.save(),
    };
  }

  async load(from: CheckpointReader): Promise<void> {
    await this.loadPolicy(from);
    loadParameters(this.#critic.network, this.#target, await from.read('target.safetensors'));
    loadOptimizer(this.#optimizer, await from.read('optimizer.safetensors'));
    const state = await readJson<DqnState>(from, 'agent.json');
    this.#processes.counts = state.counts;
    this.#sampling.setState(state.sampling);
    await this.#memory.load(from);
  }

  dispose(): void {
    for (const owner of [this.#online, this.#target, this.#optimizer]) owner.dispose();
  }
}

/** DQN as the command line knows it. */
export const dqn: AgentDefinition = {
  name: 'dqn',
  description: 'Deep Q-learning with replay, a target network and double targets, for discrete actions.',
  source: 'Mnih et al. 2015; van Hasselt, Guez and Silver 2016',
  settings: DQN_SETTINGS,
  presets: {
    'CartPole-v1': {
      steps: 50_000,
      numEnvs: 8,
      // Failures are rare once the pole is mostly up, and their errors large: counted linearly, they lose against the
      // many small ones of other steps, and values grow beyond every bound.
      settings: {
        hidden: [64, 64],
        huber: false,
        learningRate: 1e-3,
        batchSize: 128,
        stepsPerUpdate: 1,
        updatesPerTarget: 1,
        tau: 0.01,
        epsilonSteps: 10_000,
        epsilonEnd: 0.04,
      },
    },
    'MinAtar/Breakout-v1': {
      steps: 400_000,
      numEnvs: 32,
      settings: {
        hidden: [64],
        gamma: 0.97,
        nStep: 3,
        learningRate: 1e-3,
        learningRateShare: 0.1,
        learningRateSteps: 400_000,
        stepsPerUpdate: 8,
        updatesPerTarget: 100,
        epsilonSteps: 40_000,
        epsilonEnd: 0.02,
      },
    },
  },
  workload: (task, settings) => Dqn.workload(task, completeSettings(DQN_SETTINGS, settings)),
  create: (task, settings, seed) => new Dqn(task, completeSettings(DQN_SETTINGS, settings), seed),
};
