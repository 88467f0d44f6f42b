import type { Metrics } from '../agent.js';
import { Means } from '../means.js';

/**
 * The general view of Q-learning (CS 285, "Deep RL with Q-functions"): three processes, each at a rate of its own.
 *
 * 1. Collect: act, put what happened into memory, evict what is old.
 * 2. Update the target parameters φ' from φ.
 * 3. Regress Q_φ onto targets made with φ'.
 *
 * Online Q-learning runs all three at one rate and evicts at once; DQN runs 1 and 3 at about the same rate and 2 slowly;
 * fitted Q-iteration runs 3 inside 2 inside 1.
 */
export interface Rates {
  /** Steps collected before the first regression. */
  readonly learningStarts: number;
  /** Steps collected for each regression thereafter; below 1 for several regressions a step. */
  readonly stepsPerUpdate: number;
  /** Regressions for each update of the target. */
  readonly updatesPerTarget: number;
}

export interface ProcessCounts {
  /** Steps collected. */
  readonly collected: number;
  /** Regressions made. */
  readonly updates: number;
}

/** Counts what process 1 collects, and runs the other two when they are due. */
export class Processes {
  readonly #rates: Rates;
  #collected = 0;
  #updates = 0;

  constructor(rates: Rates) {
    this.#rates = rates;
  }

  get counts(): ProcessCounts {
    return { collected: this.#collected, updates: this.#updates };
  }

  set counts({ collected, updates }: ProcessCounts) {
    this.#collected = collected;
    this.#updates = updates;
  }

  /** Process 1 collected `steps` more. */
  collected(steps: number): void {
    this.#collected += steps;
  }

  /** Runs processes 3 and 2 as often as is due; the means of what process 3 measured, if it ran. */
  run(regress: () => Metrics, updateTarget: () => void): Metrics | undefined {
    const { learningStarts, stepsPerUpdate, updatesPerTarget } = this.#rates;
    const due = Math.floor((this.#collected - learningStarts) / stepsPerUpdate) - this.#updates;
    if (due <= 0) return undefined;
    const means = new Means();
    for (let i = 0; i < due; i++) {
      means.add(regress());
      this.#updates += 1;
      if (this.#updates % updatesPerTarget === 0) updateTarget();
    }
    return means.take();
  }
}
