import type { Metrics, Task } from '../agent.js';
import { number, type SettingsOf } from '../settings.js';
import { BEHAVIOUR_SETTINGS, behaviour } from './behaviour.js';
import { type DiscreteTask, discreteTask } from './discrete-task.js';
import { QTable } from './q-table.js';

export const TABULAR_SETTINGS = {
  gamma: number(0.99, [0, 1], 'Discount of the reward one step later.'),
  learningRate: number(0.1, [0, 1], 'Share of the way to its target that a value moves.'),
  visitExponent: number(
    0,
    [0, 1],
    'At the n-th visit of a state and action, n to this power divides the learning rate; 0 keeps it constant.',
  ),
  initialValue: number(
    0,
    [-Infinity, Infinity],
    'Action values at first; higher ones than any return make it try everything.',
  ),
  ...BEHAVIOUR_SETTINGS,
};

export type TabularSettings = SettingsOf<typeof TABULAR_SETTINGS>;

/** What the workers of one agent share: the table, and how far learning is. */
export class Knowledge {
  readonly table: QTable;
  readonly task: DiscreteTask;
  readonly behaviour;
  /** Steps collected, by all workers. */
  collected = 0;
  #updates = 0;
  #errors = 0;
  #values = 0;

  /** Throws where the task's spaces are not finite. */
  constructor(
    task: Task,
    readonly settings: TabularSettings,
  ) {
    this.task = discreteTask(task);
    this.table = new QTable(this.task.states.size, this.task.numActions, settings.initialValue);
    this.behaviour = behaviour(settings);
  }

  /** How random the behaviour is by now. */
  get level(): number {
    return this.behaviour.level(this.collected);
  }

  /** Σ_a π(a|s) Q(s, a), where π is the behaviour as it is now. */
  expectedValue(state: number): number {
    const { values, numActions } = this.table;
    return this.behaviour.expectation(values, state * numActions, numActions, this.level);
  }

  /** Moves Q(s, a) towards y. */
  regress(state: number, action: number, y: number): void {
    const { learningRate, visitExponent } = this.settings;
    const error = this.table.regress(state, action, y, learningRate, visitExponent);
    this.#updates += 1;
    this.#errors += Math.abs(error);
    this.#values += y - error;
  }

  /** Means over the updates since this was last asked for. */
  takeMetrics(): Metrics | undefined {
    if (this.#updates === 0) return undefined;
    const metrics = {
      td_error: this.#errors / this.#updates,
      q: this.#values / this.#updates,
      [this.behaviour.measure]: this.level,
    };
    this.#updates = this.#errors = this.#values = 0;
    return metrics;
  }
}
