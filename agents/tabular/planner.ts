import type { TypedArray } from '../../protocol/dtypes.js';
import type { TransitionTable } from '../../protocol/spec.js';
import type { Agent, Metrics, Task } from '../agent.js';
import { type CheckpointReader, type Files, jsonFile, readJson } from '../checkpoint.js';
import { number, type SettingsOf } from '../settings.js';
import { encodeArrays, fillArrays } from './arrays.js';
import { type DiscreteTask, discreteTask } from './discrete-task.js';
import { actionValue } from './dynamic-programming.js';

export const PLANNER_SETTINGS = {
  gamma: number(0.99, [0, 1], 'Discount of the reward one step later.'),
  tolerance: number(
    1e-12,
    [0, 1],
    'Bellman residual at which values count as found, as a share of the largest of them, or of 1.',
  ),
};

export type PlannerSettings = SettingsOf<typeof PLANNER_SETTINGS>;

/** Values closer than this, as a share of them, or of 1, count as equal. */
const ROUNDING = 1e-9;

/** A task, and all that may happen in it. */
export interface KnownTask extends DiscreteTask {
  readonly table: TransitionTable;
}

/** Asks for the task's table. Throws where it has none, or one that is not of its spaces. */
export async function knownTask(task: Task): Promise<KnownTask> {
  const discrete = discreteTask(task);
  if (!task.transitions) throw new Error('planning takes an env that can be asked for its transitions');
  const table = await task.transitions();
  const { numStates, numActions, first, nextStates } = table;
  if (numStates !== discrete.states.size || numActions !== discrete.numActions) {
    throw new Error(
      `the env's table has ${numStates} states and ${numActions} actions, ` +
        `its spaces ${discrete.states.size} and ${discrete.numActions}`,
    );
  }
  const outcomes = nextStates.length;
  const isSound =
    first.length === numStates * numActions + 1 &&
    first.every((k, i) => k >= (i === 0 ? 0 : first[i - 1]!) && k <= outcomes) &&
    [table.probabilities, table.rewards, table.terminated].every(({ length }) => length === outcomes) &&
    nextStates.every((state) => state >= 0 && state < numStates);
  if (!isSound) throw new Error("the env's table speaks of states or outcomes that it does not have");
  return { ...discrete, table };
}

/**
 * Plans with the task's table alone: what happens in the envs tells it nothing. `learn` makes the values V better, by
 * one step of the algorithm, until they are found; `act` looks one step ahead from them.
 */
export abstract class Planner implements Agent {
  readonly gamma: number;
  /** float64 [numStates] */
  protected readonly V: Float64Array;
  protected readonly table: TransitionTable;
  readonly #task: KnownTask;
  readonly #tolerance: number;
  /** q(s, a) of the state at hand. float64 [numActions] */
  readonly #q: Float64Array;
  #found = false;

  constructor(task: KnownTask, { gamma, tolerance }: PlannerSettings) {
    this.#task = task;
    this.table = task.table;
    this.gamma = gamma;
    this.#tolerance = tolerance;
    this.V = new Float64Array(task.table.numStates);
    this.#q = new Float64Array(task.numActions);
  }

  /** Makes V better; how it went, the largest Bellman residual that is left included. */
  protected abstract step(tolerance: number): Metrics & { readonly bellman_residual: number };

  /** argmax_a q(s, a); the first of those that are equal but for rounding. */
  act(observations: readonly TypedArray[]): readonly [Int32Array] {
    const { states, firstAction } = this.#task;
    const q = this.#q;
    const actions = states.read(observations);
    for (let row = 0; row < actions.length; row++) {
      let best = -Infinity;
      for (let a = 0; a < q.length; a++) {
        q[a] = actionValue(this.table, this.V, actions[row]!, a, this.gamma);
        best = Math.max(best, q[a]!);
      }
      const enough = best - ROUNDING * Math.max(1, Math.abs(best));
      actions[row] = firstAction + q.findIndex((value) => value >= enough);
    }
    return [actions];
  }

  /** V(s) of each row. float32 [B] */
  values(observations: readonly TypedArray[]): Float32Array {
    return Float32Array.from(this.#task.states.read(observations), (state) => this.V[state]!);
  }

  begin(): void {}

  observe(): void {}

  learn(): Metrics | undefined {
    if (this.#found) return undefined;
    const largest = this.V.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    const metrics = this.step(this.#tolerance * largest);
    this.#found = metrics.bellman_residual <= this.#tolerance * largest;
    return metrics;
  }

  savePolicy(): Files {
    return { 'policy.safetensors': encodeArrays({ v: this.V }) };
  }

  async loadPolicy(from: CheckpointReader): Promise<void> {
    fillArrays({ v: this.V }, await from.read('policy.safetensors'));
  }

  save(): Files {
    return { ...this.savePolicy(), 'agent.json': jsonFile({ found: this.#found }) };
  }

  async load(from: CheckpointReader): Promise<void> {
    await this.loadPolicy(from);
    this.#found = (await readJson<{ found: boolean }>(from, 'agent.json')).found;
  }

  dispose(): void {}
}
