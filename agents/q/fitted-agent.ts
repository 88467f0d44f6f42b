import type { TypedArray } from '../../protocol/dtypes.js';
import type { StepResult } from '../../protocol/results.js';
import type { ActOptions, Metrics, Task } from '../agent.js';
import { discreteActions } from '../discrete-actions.js';
import { type Features, featuresOf } from '../features.js';
import { mean } from '../mean.js';
import { Replay } from '../memory/index.js';
import { integer, number, type SettingsOf } from '../settings.js';
import { epsilonGreedy, HeldActions, LONGEST_HOLD } from './exploration.js';
import { OFF_POLICY_SETTINGS, OffPolicyAgent } from './off-policy.js';
import { targets } from './targets.js';
import { greedyActions, valuesOf } from './values.js';

const { gamma, nStep } = OFF_POLICY_SETTINGS;

/** Settings of all kinds of fitted Q-iteration. */
export const FITTED_SETTINGS = {
  ...{ gamma, nStep },
  memory: integer(100_000, [3, 1e8], 'Observations kept; older ones make room.'),
  learningStarts: integer(5_000, [1, Infinity], 'Steps collected before the first iteration.'),
  stepsPerIteration: number(
    1_000,
    [1e-3, Infinity],
    'Steps collected for each iteration after that; less makes them follow each other on nearly the same data.',
  ),
  epsilonStart: number(1, [0, 1], 'Probability of a random action until the first iteration.'),
  epsilonEnd: number(0.1, [0, 1], 'Probability of a random action from then on.'),
  longestHold: LONGEST_HOLD,
};

export type FittedSettings = SettingsOf<typeof FITTED_SETTINGS>;

/** What Q is fitted to: states [N, S] as a network takes them, the actions taken in them as columns of Q, and targets [N]. */
export interface Examples {
  readonly states: Float32Array | Uint8Array;
  readonly actions: Int32Array;
  readonly targets: Float32Array;
}

/**
 * Fitted Q-iteration (Ernst, Geurts and Wehenkel 2005, figure 1): with all of the data so far, Q_{k+1} is regressed onto
 * y = r + γ max_a' Q_k(s', a'), again and again. In the general view process 3 runs inside 2 inside 1; an iteration here
 * is one run of 2 and all of 3. What regresses is left to the algorithms.
 */
export abstract class FittedAgent extends OffPolicyAgent {
  protected readonly features: Features;
  protected readonly numActions: number;
  readonly #firstAction: number;
  readonly #settings: FittedSettings;
  readonly #held: HeldActions;

  /** @throws Error on actions that are not Discrete, and on observations that are no numbers */
  constructor(task: Task, settings: FittedSettings, seed: number) {
    const { numEnvs, observationSpace, actionSpace } = task;
    const memory = new Replay({
      ...settings,
      capacity: settings.memory,
      numEnvs,
      observations: observationSpace.leaves,
      actions: actionSpace.leaves,
    });
    super(memory, { ...settings, stepsPerUpdate: settings.stepsPerIteration, updatesPerTarget: 1 }, seed);
    this.#settings = settings;
    this.#held = new HeldActions(numEnvs, settings.longestHold);
    this.features = featuresOf(observationSpace);
    const { n, start } = discreteActions(actionSpace);
    this.numActions = n;
    this.#firstAction = start;
  }

  /** Q(s, ·) [B, A]. */
  protected abstract predict(states: Float32Array | Uint8Array): Float32Array;

  /** Fits Q(s, a) to the targets. */
  protected abstract fit(examples: Examples): Metrics;

  act(observations: readonly TypedArray[], { explore, random }: ActOptions): readonly [Int32Array] {
    const { epsilonStart, epsilonEnd } = this.#settings;
    const epsilon = explore ? (this.updates === 0 ? epsilonStart : epsilonEnd) : 0;
    const q_t = this.predict(this.features.read(observations));
    const held = explore ? this.#held : undefined;
    const actions = epsilonGreedy(q_t, this.numActions, epsilon, random, { held });
    return [actions.map((action) => action + this.#firstAction)];
  }

  override begin(observations: readonly TypedArray[]): void {
    super.begin(observations);
    this.#held.stop(Array.from({ length: this.memory.numEnvs }, (_, env) => env));
  }

  override observe(actions: readonly TypedArray[], result: StepResult): void {
    super.observe(actions, result);
    if (result.ended) this.#held.stop(result.ended.rows);
  }

  protected override saveState(): unknown {
    return this.#held.state;
  }

  protected override loadState(state: unknown): void {
    this.#held.state = state as number[];
  }

  values(observations: readonly TypedArray[]): Float32Array {
    return this.#greedyValues(observations);
  }

  #greedyValues(observations: readonly TypedArray[]): Float32Array {
    const q = this.predict(this.features.read(observations));
    return valuesOf(greedyActions(q, this.numActions), q, this.numActions);
  }

  protected regress(): Metrics {
    const data = this.memory.all();
    // Process 2, at the beginning of each iteration: the targets are made with Q as it is now.
    const y = targets(data.returns, data.discounts, this.#greedyValues(data.nextObservations));
    const actions = (data.actions[0] as Int32Array).map((action) => action - this.#firstAction);
    const metrics = this.fit({ states: this.features.read(data.observations), actions, targets: y });
    return { ...metrics, q: mean(y), examples: data.n };
  }

  protected updateTarget(): void {}
}
