import type { TypedArray } from '../../protocol/dtypes.js';
import type { StepResult } from '../../protocol/results.js';
import type { Leaf } from '../../protocol/spaces/index.js';
import { maskReader } from '../action-mask.js';
import type { ActOptions, Metrics, Task } from '../agent.js';
import type { AgentDefinition } from '../definition.js';
import { mean } from '../mean.js';
import type { DataSet } from '../memory/data-set.js';
import type { Replay, Sampled } from '../memory/index.js';
import { RandomShift } from '../memory/random-shift.js';
import { Module } from '../module.js';
import { inputTensor } from '../nn/input.js';
import { tdLoss } from '../nn/losses.js';
import { adam } from '../nn/optimizer.js';
import { Random } from '../random.js';
import { linear } from '../schedules.js';
import {
  boolean,
  choice,
  completeSettings,
  integer,
  integers,
  number,
  SettingError,
  type SettingsOf,
} from '../settings.js';
import { discreteView } from '../views/index.js';
import { discreteCritic } from './critic.js';
import { epsilonGreedy, HeldActions, LONGEST_HOLD } from './exploration.js';
import { memoryFor, OFF_POLICY_SETTINGS, OffPolicyAgent } from './off-policy.js';
import { DQN_PRESETS } from './presets.js';
import { TRACES, type Trace, targets, tracedTargets, traceOf } from './targets.js';
import { greedyActions, valuesOf } from './values.js';

export const DQN_SETTINGS = {
  hidden: integers([128], [1, 65536], 'Units of each dense layer.'),
  frameStack: integer(
    1,
    [1, 16],
    'Observations that are shown together, the last ones; 1 for one at a time.',
  ),
  dueling: boolean(false, 'Whether the value of the state and the advantages of actions are learned apart.'),
  double: boolean(true, 'Whether the online network chooses the action that the target network judges.'),
  shift: integer(
    0,
    [0, 64],
    'Pixels by which pictures are moved at random, up to so many, when they are learned from (random shift of DrQ).',
  ),
  ...OFF_POLICY_SETTINGS,
  batchSize: integer(32, [1, 65536], 'Transitions in one update.'),
  stepsPerUpdate: number(
    4,
    [1e-3, Infinity],
    'Steps collected for each update; 0.5 makes two updates a step.',
  ),
  updatesPerTarget: integer(500, [1, Infinity], 'Updates for each update of the target network.'),
  tau: number(1, [0, 1], 'Share of the online network that the target network takes on: 1 copies it.'),
  traces: choice(
    ['ignore', ...TRACES],
    'What n-step returns do about actions that are not greedy: ignore it; cut the sum before the first; weigh by importance; Retrace.',
  ),
  lambda: number(1, [0, 1], 'How much each further step of Retrace counts (λ).'),
  huber: boolean(true, 'Whether errors beyond 1 count linearly instead of squared.'),
  learningRate: number(5e-4, [0, 1], "Adam's step size."),
  learningRateShare: number(1, [0, 1], 'Share of the step size that is left in the end.'),
  learningRateSteps: integer(0, [0, Infinity], 'Steps over which it falls to that share.'),
  maxGradientNorm: number(10, [1e-9, Infinity], 'Gradients of a larger norm are scaled down to this one.'),
  epsilonStart: number(1, [0, 1], 'Probability of a random action at first.'),
  epsilonEnd: number(0.05, [0, 1], 'Probability of a random action in the end.'),
  epsilonSteps: integer(50_000, [0, Infinity], 'Steps over which it goes from one to the other.'),
  longestHold: LONGEST_HOLD,
  evaluationEpsilon: number(
    0.001,
    [0, 1],
    'Probability of a random action in evaluations, against endless loops.',
  ),
};

export type DqnSettings = SettingsOf<typeof DQN_SETTINGS>;

/** Beside an action in memory: the probability with which it was taken. */
const BEHAVIOUR = { path: ['behaviour'], dtype: 'float32', shape: [] } as const;

/** What a regression is made from: the states, the actions taken in them, and their targets. */
interface Regression {
  readonly s_t: Float32Array | Uint8Array;
  readonly a_t: Int32Array;
  readonly y_t: Float32Array;
  readonly samples: Sampled;
}

/**
 * Deep Q-learning (Mnih et al. 2015, "Human-level control through deep reinforcement learning", algorithm 1). φ is
 * `online`, φ' is `target`. With, as settings choose: double targets (van Hasselt, Guez and Silver 2016), dueling streams
 * (Wang et al. 2016), prioritized replay (Schaul et al. 2015), returns of n steps, corrected or not (targets.ts).
 *
 * What the paper calls clipping the error term to ±1 is the gradient of the Huber loss. Adam (Kingma and Ba 2015) takes
 * the place of RMSProp.
 */
export class Dqn extends OffPolicyAgent {
  protected readonly modules;
  protected readonly policyModules;
  readonly #settings: DqnSettings;
  readonly #critic;
  readonly #online: Module;
  readonly #target: Module;
  readonly #maskOf;
  readonly #held: HeldActions;
  readonly #randomShift: RandomShift | undefined;
  readonly #tdErrors: Float32Array;
  readonly #regression: () => Regression;
  /** The probabilities with which explored actions were taken, by the array of the actions. */
  readonly #behaviours = new WeakMap<TypedArray, Float32Array>();

  /** @throws Error where the task's actions are not Discrete, or its observations nothing that a network takes */
  constructor(task: Task, settings: DqnSettings, seed: number, memory = memoryOf(task, settings)) {
    super(memory, settings, seed);
    if (settings.longestHold > 1 && settings.traces !== 'ignore') {
      throw new SettingError(
        'longestHold above 1 leaves the probabilities unknown that traces need: set traces=ignore',
      );
    }
    this.#settings = settings;
    this.#critic = discreteCritic(task, settings.hidden, settings.dueling);
    this.#randomShift = shiftOf(task, this.#critic.features.shape, settings.shift);
    this.#maskOf = maskReader(task.observationSpace);
    this.#held = new HeldActions(task.numEnvs, settings.longestHold);
    const { network } = this.#critic;
    const initial = new Random(seed, 'init');
    this.#online = new Module(
      network,
      network.init(() => initial.random()),
      adam({ learningRate: settings.learningRate }),
    );
    this.#target = this.#online.copy();
    this.modules = { policy: this.#online, target: this.#target };
    this.policyModules = { policy: this.#online };
    this.#tdErrors = new Float32Array(settings.batchSize);
    this.#regression =
      settings.traces === 'ignore' ? this.#summedReturns() : this.#tracedReturns(settings.traces);
  }

  /** The probability of a random action, falling as experience grows. */
  get #epsilon(): number {
    const { epsilonStart, epsilonEnd, epsilonSteps } = this.#settings;
    return linear(epsilonStart, epsilonEnd, epsilonSteps, this.collected);
  }

  /** Adam's step size, falling likewise: large steps learn fast, small ones settle. */
  get #learningRate(): number {
    const { learningRate, learningRateShare, learningRateSteps } = this.#settings;
    return learningRate * linear(1, learningRateShare, learningRateSteps, this.collected);
  }

  act(observations: readonly TypedArray[], { explore, random }: ActOptions): readonly [Int32Array] {
    const { numActions, firstAction } = this.#critic;
    const q_t = this.#q(this.#online, observations);
    const epsilon = explore ? this.#epsilon : this.#settings.evaluationEpsilon;
    const behaviour = new Float32Array(q_t.length / numActions);
    const mask = this.#maskOf(observations);
    const actions = epsilonGreedy(q_t, numActions, epsilon, random, {
      ...{ mask, behaviour },
      ...(explore && { held: this.#held }),
    });
    if (firstAction !== 0) for (let row = 0; row < actions.length; row++) actions[row]! += firstAction;
    if (explore && this.#keepsBehaviour) this.#behaviours.set(actions, behaviour);
    return [actions];
  }

  values(observations: readonly TypedArray[]): Float32Array {
    const q_t = this.#q(this.#online, observations);
    const { numActions } = this.#critic;
    return valuesOf(greedyActions(q_t, numActions, this.#maskOf(observations)), q_t, numActions);
  }

  // Process 1: collect.

  override begin(observations: readonly TypedArray[]): void {
    super.begin(observations);
    this.#held.stop(Array.from({ length: this.memory.numEnvs }, (_, env) => env));
  }

  protected override saveState(): unknown {
    return this.#held.state;
  }

  protected override loadState(state: unknown): void {
    this.#held.state = state as number[];
  }

  override observe(actions: readonly TypedArray[], result: StepResult): void {
    if (result.ended) this.#held.stop(result.ended.rows);
    super.observe(this.#keepsBehaviour ? [...actions, this.#behaviourOf(actions[0]!)] : actions, result);
  }

  override remember(episodes: DataSet): void {
    const actions = [...episodes.actions, this.#behaviourOf(episodes.actions[0]!)];
    super.remember(this.#keepsBehaviour ? { ...episodes, actions } : episodes);
  }

  get #keepsBehaviour(): boolean {
    return this.#settings.traces !== 'ignore';
  }

  /** The probability with which actions were taken; those of somebody else count as certain. */
  #behaviourOf(actions: TypedArray): Float32Array {
    return this.#behaviours.get(actions) ?? new Float32Array(actions.length).fill(1);
  }

  override learn(): Metrics | undefined {
    const metrics = super.learn();
    return metrics && { ...metrics, epsilon: this.#epsilon };
  }

  /** Process 2: φ' ← τφ + (1−τ)φ'. */
  protected updateTarget(): void {
    this.#target.follow(this.#online, this.#settings.tau);
  }

  /** Process 3: one step down the gradient of the mean loss of Q_φ(s_t, a_t) against its target y_t. */
  protected regress(): Metrics {
    const { huber, maxGradientNorm, batchSize } = this.#settings;
    const { features } = this.#critic;
    const { s_t, a_t, y_t, samples } = this.#regression();
    const tdErrors = this.#tdErrors;
    const { loss, gradientNorm } = this.#online.minimize(
      () => {
        const q_t = this.#online.apply(inputTensor(s_t, [batchSize, ...features.shape], features.scale));
        return tdLoss(q_t, a_t, y_t, { huber: huber ? 1 : null, weights: samples.weights, tdErrors });
      },
      { maxNorm: maxGradientNorm, learningRate: this.#learningRate, name: 'dqn' },
    );
    const q = mean(y_t) - mean(tdErrors);
    return { loss, gradient_norm: gradientNorm, q, ...this.judge(samples, tdErrors) };
  }

  /** Targets of transitions whose rewards are summed up over n steps, whatever the actions in between. */
  #summedReturns(): () => Regression {
    const batch = this.memory.batch(this.#settings.batchSize);
    return () => {
      this.memory.sample(this.sampling, batch);
      this.#shift(batch.observations);
      this.#shift(batch.nextObservations);
      this.weigh(batch);
      return {
        s_t: this.#critic.features.read(batch.observations),
        a_t: this.#columns(batch.actions[0]!),
        y_t: targets(batch.returns, batch.discounts, this.#greedy(batch.nextObservations).v),
        samples: batch,
      };
    };
  }

  /** Targets of segments of n steps in which each action counts by its trace. */
  #tracedReturns(rule: Trace): () => Regression {
    const { batchSize, nStep, lambda } = this.#settings;
    const { numActions, features } = this.#critic;
    const segments = this.memory.segments(batchSize, nStep);
    /** For each step, the row of the state it starts in: segments have a state more than steps. */
    const stateOf = Int32Array.from({ length: batchSize * nStep }, (_, i) => i + Math.floor(i / nStep));
    const first = Int32Array.from({ length: batchSize }, (_, row) => row * nStep);
    return () => {
      this.memory.sampleSegments(this.sampling, segments);
      this.#shift(segments.observations);
      this.weigh(segments);
      const { greedy, v, q_target } = this.#greedy(segments.observations);
      const actions = this.#columns(segments.actions[0]!);
      const behaviour = segments.actions[1] as Float32Array;
      const y_t = tracedTargets({
        ...segments,
        q: Float32Array.from(actions, (action, i) => q_target[stateOf[i]! * numActions + action]!),
        v: Float32Array.from(stateOf, (state) => v[state + 1]!),
        traces: Float32Array.from(actions, (action, i) =>
          traceOf(rule, action === greedy[stateOf[i]!], behaviour[i]!, lambda),
        ),
      });
      return {
        s_t: rowsAt(
          features.read(segments.observations),
          first.map((i) => stateOf[i]!),
          features.size,
        ),
        a_t: first.map((i) => actions[i]!),
        y_t,
        samples: segments,
      };
    };
  }

  /** Moves the pictures of states, in place. */
  #shift(observations: readonly TypedArray[]): void {
    this.#randomShift?.move(this.#critic.features.read(observations) as Uint8Array, this.sampling);
  }

  /** The greedy actions in some states, and what the target network says they are worth. */
  #greedy(observations: readonly TypedArray[]) {
    const { numActions } = this.#critic;
    const q_target = this.#q(this.#target, observations);
    const chooser = this.#settings.double ? this.#q(this.#online, observations) : q_target;
    const greedy = greedyActions(chooser, numActions, this.#maskOf(observations));
    return { greedy, v: valuesOf(greedy, q_target, numActions), q_target };
  }

  /** Q(s, ·) of a network, [B, A]. */
  #q(module: Module, observations: readonly TypedArray[]): Float32Array {
    const x = this.#critic.features.read(observations);
    return module.predict(x, x.length / this.#critic.features.size);
  }

  /** Actions as columns of Q. */
  #columns(actions: TypedArray): Int32Array {
    const { firstAction } = this.#critic;
    return firstAction === 0 ? (actions as Int32Array) : (actions as Int32Array).map((a) => a - firstAction);
  }
}

const isPicture = ({ dtype, shape }: Leaf): boolean => dtype === 'uint8' && shape.length > 1;

/** @throws SettingError where there are no pictures of bytes to move, or they are too small */
function shiftOf(
  { observationSpace }: Task,
  shape: readonly number[],
  shift: number,
): RandomShift | undefined {
  if (shift === 0) return undefined;
  const arePictures = shape.length === 3 && observationSpace.leaves.some(isPicture);
  const most = arePictures ? Math.min(shape[0]!, shape[1]!) - 1 : 0;
  if (shift <= most) return new RandomShift(shape, shift);
  throw new SettingError(
    `shift: expected at most ${most}, since it moves pictures of bytes and the env observes ${observationSpace.toString()}; got ${shift}`,
  );
}

/** Memory for these settings: where traces look at how likely an action was, that is kept beside it. */
const memoryOf = (task: Task, settings: DqnSettings): Replay =>
  memoryFor(task, settings, {
    extra: settings.traces === 'ignore' ? [] : [BEHAVIOUR],
    stack: settings.frameStack,
  });

/** Rows of `size` numbers, picked by their index. */
function rowsAt<T extends Float32Array | Uint8Array>(x: T, rows: Int32Array, size: number): T {
  const picked = new (x.constructor as new (length: number) => T)(rows.length * size);
  for (const [to, row] of rows.entries()) picked.set(x.subarray(row * size, (row + 1) * size), to * size);
  return picked;
}

/** DQN as the command line knows it, under the name of one of its combinations. */
export const dqnDefinition = (
  own: Pick<AgentDefinition, 'name' | 'description' | 'source' | 'presets'> & {
    readonly settings: typeof DQN_SETTINGS;
  },
): AgentDefinition => ({
  ...own,
  workload: (task, given) => {
    const { hidden, dueling, batchSize } = completeSettings(own.settings, given);
    return { multiplyAdds: batchSize * discreteCritic(task, hidden, dueling).network.multiplyAdds };
  },
  view: (env, given) => discreteView(env, completeSettings(own.settings, given).frameStack),
  create: (task, given, seed) => new Dqn(task, completeSettings(own.settings, given), seed),
});

export const dqn = dqnDefinition({
  name: 'dqn',
  description: 'Deep Q-learning with replay, a target network and double targets, for discrete actions.',
  source: 'Mnih et al. 2015; van Hasselt, Guez and Silver 2016',
  settings: DQN_SETTINGS,
  presets: DQN_PRESETS,
});
