import type { Agent, Metrics } from '../agent.js';
import type { DataSet } from '../memory/data-set.js';
import { Loop, type LoopOptions, type Source, type TrainOutcome } from './loop.js';

export interface OfflineOptions extends LoopOptions {
  /** All the experience that there is. */
  readonly data: DataSet;
  /** Steps that pass between two looks at what learning is due: what a step of the vector env would count. */
  readonly stepsAtOnce: number;
}

/**
 * Trains an agent on episodes that somebody else collected, with no env but for evaluations: its memory is filled
 * before the first step, and as steps pass in which nothing is collected, it learns as much as if there were.
 *
 * As exact as `train`. Throws where the agent learns only from what its own actions lead to.
 */
export async function trainOffline(options: OfflineOptions): Promise<TrainOutcome> {
  return new Loop(options, new Remembering(options)).run();
}

class Remembering implements Source {
  readonly #agent: Required<Pick<Agent, 'remember' | 'elapse'>> & Agent;
  readonly #data: DataSet;
  readonly #stepsAtOnce: number;

  constructor({ agent, data, stepsAtOnce }: OfflineOptions) {
    if (!canLearnOffline(agent)) throw new Error('this agent cannot learn from a data set');
    this.#agent = agent;
    this.#data = data;
    this.#stepsAtOnce = stepsAtOnce;
  }

  get identity() {
    const { env, lengths, rewards } = this.#data;
    return { contractHash: env.contractHash, dataEpisodes: lengths.length, dataSteps: rewards.length };
  }

  get counters(): Metrics {
    return {};
  }

  async start(): Promise<void> {
    this.#agent.remember(this.#data);
  }

  async restart(): Promise<void> {}

  async advance(measured: (metrics: Metrics) => void): Promise<number> {
    this.#agent.elapse(this.#stepsAtOnce);
    const metrics = this.#agent.learn();
    if (metrics) measured(metrics);
    // A data set is no event to wait for: without this, signals would never be heard.
    await new Promise(setImmediate);
    return this.#stepsAtOnce;
  }

  save() {
    return { state: {}, files: {} };
  }

  /** What was remembered came back with the agent. */
  async resume(): Promise<boolean> {
    return true;
  }
}

const canLearnOffline = (agent: Agent): agent is Required<Pick<Agent, 'remember' | 'elapse'>> & Agent =>
  agent.remember !== undefined && agent.elapse !== undefined;
