import { Box, Discrete, type Space } from '../../protocol/spaces/index.js';
import type { Env, Image } from '../env.js';
import type { Rng } from '../rng/rng.js';
import { invalidSnapshot, stateNumbers } from '../snapshot.js';
import type { TableModel, TransitionTable } from './table.js';

/** The probability of what came, 1 after a reset. */
export const PROB_INFO: Readonly<Record<string, Space>> = { prob: new Box(0, 1, [], 'float64') };

/**
 * An env that is its transition table: a step draws one of the outcomes of the state and the action.
 *
 * As in Gymnasium's toy_text a draw takes one double, also where there is nothing to choose, and picks the first
 * outcome whose cumulative probability exceeds it.
 */
export abstract class TableEnv implements Env<number> {
  readonly observationSpace: Discrete;
  readonly actionSpace: Discrete;
  readonly infoSpaces: Readonly<Record<string, Space>> = PROB_INFO;
  reward = 0;
  terminated = false;

  protected state = 0;
  /** The action of the last step; -1 before the first. */
  protected lastAction = -1;
  protected rng: Rng | undefined;
  #probability = 1;
  readonly #model: TableModel;

  constructor(model: TableModel) {
    this.#model = model;
    this.observationSpace = new Discrete(model.table.numStates);
    this.actionSpace = new Discrete(model.table.numActions);
  }

  abstract render(): Image;

  transitions(): TransitionTable {
    return this.#model.table;
  }

  reset(rng: Rng): void {
    this.rng = rng;
    this.state = this.#model.starts.draw(rng);
    this.lastAction = -1;
    this.#probability = 1;
    this.reward = 0;
    this.terminated = false;
  }

  step(action: number): void {
    const { table, cumulative } = this.#model;
    const index = this.state * table.numActions + action;
    const last = table.first[index + 1]! - 1;
    const draw = this.rng!.random();
    let outcome = table.first[index]!;
    while (outcome < last && cumulative[outcome]! <= draw) outcome++;

    this.state = table.nextStates[outcome]!;
    this.reward = table.rewards[outcome]!;
    this.terminated = table.terminated[outcome] === 1;
    this.#probability = table.probabilities[outcome]!;
    this.lastAction = action;
  }

  observe(out: Int32Array): void {
    out[0] = this.state;
  }

  writeInfo(out: { readonly prob: Float64Array }): void {
    out.prob[0] = this.#probability;
  }

  snapshot(): unknown {
    return [this.state, this.lastAction, this.#probability];
  }

  restore(snapshot: unknown): void {
    const [state, lastAction, probability] = stateNumbers(snapshot, 3);
    if (!this.observationSpace.contains(state)) throw invalidSnapshot('state: not one of the table');
    this.state = state;
    this.lastAction = lastAction!;
    this.#probability = probability!;
  }
}
