import type { TypedArray } from '../../protocol/dtypes.js';
import type { StepResult } from '../../protocol/results.js';
import type { ActOptions, Agent, Metrics } from '../agent.js';
import { type CheckpointReader, type Files, jsonFile, readJson } from '../checkpoint.js';
import { encodeArrays, fillArrays } from './arrays.js';
import type { Knowledge } from './knowledge.js';

/**
 * Learns a table of action values while it acts. Of the three processes, 1 collects a step, 3 regresses Q(s_t, a_t) onto
 * its target at once, and 2 has nothing to do: the target is made with Q itself. An update takes less time than sending
 * a message, so that `observe` makes it, and the next action is chosen by the values after it, as in the textbook.
 *
 * Several envs make it synchronized parallel learning: all act by the same Q, the targets of all their transitions are
 * made with that same Q, and then each transition moves its value in turn. Workers, each with envs of its own, learn
 * into the same table without waiting for each other: asynchronous parallel learning.
 */
export abstract class TabularAgent implements Agent {
  readonly gamma: number;
  protected readonly numEnvs: number;
  /** s_t of each env. int32 [numEnvs] */
  protected states: Int32Array;
  /** s_{t+1} of each env: where the step led, also if an episode ended there. int32 [numEnvs] */
  protected readonly reached: Int32Array;
  /** y_t of each env. float64 [numEnvs] */
  protected readonly targets: Float64Array;
  /** The states that the next step starts from: as `reached`, or the first of a new episode. */
  #next: Int32Array;

  constructor(
    protected readonly knowledge: Knowledge,
    numEnvs: number,
  ) {
    this.gamma = knowledge.settings.gamma;
    this.numEnvs = numEnvs;
    this.states = new Int32Array(numEnvs);
    this.reached = new Int32Array(numEnvs);
    this.targets = new Float64Array(numEnvs);
    this.#next = new Int32Array(numEnvs);
  }

  /** Another agent that learns into the same table, from envs of its own. */
  abstract worker(): TabularAgent;

  /** What acting from a state on is worth: the algorithm's target rule. */
  protected abstract bootstrap(state: number): number;

  act(observations: readonly TypedArray[], { explore, random }: ActOptions): readonly [Int32Array] {
    const { table, task, behaviour, level } = this.knowledge;
    const { numActions, firstAction, states } = task;
    const actions = states.read(observations);
    for (let row = 0; row < actions.length; row++) {
      const state = actions[row]!;
      const action = explore
        ? behaviour.choose(table.values, state * numActions, numActions, level, random)
        : table.greedyAction(state);
      actions[row] = firstAction + action;
    }
    return [actions];
  }

  /** max_a Q(s, a) of each row. float32 [B] */
  values(observations: readonly TypedArray[]): Float32Array {
    const { table, task } = this.knowledge;
    return Float32Array.from(task.states.read(observations), (state) => table.maxValue(state));
  }

  begin(observations: readonly TypedArray[]): void {
    this.knowledge.task.states.write(observations, this.states);
  }

  observe(actions: readonly TypedArray[], result: StepResult): void {
    const { states } = this.knowledge.task;
    states.write(result.observations, this.#next);
    this.reached.set(this.#next);
    if (result.ended) {
      const finals = states.read(result.ended.finalObservations!);
      for (let k = 0; k < finals.length; k++) this.reached[result.ended.rows[k]!] = finals[k]!;
    }
    this.update(actions[0] as Int32Array, result);
    this.knowledge.collected += result.n;
    [this.states, this.#next] = [this.#next, this.states];
  }

  /** Learns from the step from `states` to `reached`: y_t = r_t + γ v(s_{t+1}), and nothing follows a terminal state. */
  protected update(actions: Int32Array, { rewards, terminated }: StepResult): void {
    const { knowledge, gamma, states, reached, targets, numEnvs } = this;
    const { firstAction } = knowledge.task;
    for (let i = 0; i < numEnvs; i++) {
      targets[i] = rewards[i]! + (terminated[i] ? 0 : gamma * this.bootstrap(reached[i]!));
    }
    for (let i = 0; i < numEnvs; i++) knowledge.regress(states[i]!, actions[i]! - firstAction, targets[i]!);
  }

  learn(): Metrics | undefined {
    return this.knowledge.takeMetrics();
  }

  savePolicy(): Files {
    const { values, numStates, numActions } = this.knowledge.table;
    return { 'policy.safetensors': encodeArrays({ q: values }, [numStates, numActions]) };
  }

  async loadPolicy(from: CheckpointReader): Promise<void> {
    fillArrays({ q: this.knowledge.table.values }, await from.read('policy.safetensors'));
  }

  /** What there is to remember of the episodes under way. */
  protected underway(): Record<string, Int32Array | Float64Array | Uint8Array> {
    return { states: this.states };
  }

  save(): Files {
    const { visits, numStates, numActions } = this.knowledge.table;
    return {
      ...this.savePolicy(),
      'visits.safetensors': encodeArrays({ visits }, [numStates, numActions]),
      'underway.safetensors': encodeArrays(this.underway()),
      'agent.json': jsonFile({ collected: this.knowledge.collected }),
    };
  }

  async load(from: CheckpointReader): Promise<void> {
    await this.loadPolicy(from);
    fillArrays({ visits: this.knowledge.table.visits }, await from.read('visits.safetensors'));
    fillArrays(this.underway(), await from.read('underway.safetensors'));
    const { collected } = await readJson<{ collected: number }>(from, 'agent.json');
    this.knowledge.collected = collected;
  }

  dispose(): void {}
}
