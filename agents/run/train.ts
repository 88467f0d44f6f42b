import { bytesOf, type TypedArray } from '../../protocol/dtypes.js';
import type { StepResult } from '../../protocol/results.js';
import type { Agent, Metrics } from '../agent.js';
import type { CheckpointReader } from '../checkpoint.js';
import { Random } from '../random.js';
import { checkAutoreset, type RunEnv } from './env.js';
import { Journal } from './journal.js';
import { Loop, type LoopOptions, type Source, type TrainOutcome } from './loop.js';

export interface TrainOptions extends LoopOptions {
  /** Where experience is collected. Made with SAME_STEP autoreset. Each env's steps count. */
  readonly env: RunEnv;
  /** Called for every training episode that ended, with its undiscounted return. */
  readonly onEpisode?: (episodeReturn: number) => void;
}

/**
 * Trains an agent: collect, learn, evaluate, save, until `steps` steps have been collected or the signal stops it.
 *
 * The same options give the same parameters, bit for bit, and so does a run that was stopped and resumed, any number
 * of times, at any step.
 */
export async function train(options: TrainOptions): Promise<TrainOutcome> {
  return new Loop(options, new Collecting(options)).run();
}

/** Its part of a checkpoint. */
interface CollectingState {
  readonly episodes: number;
  /** The step at which the envs were last reset with a seed. */
  readonly resetAt: number;
  readonly exploration: readonly number[];
}

/**
 * Collects from envs. What makes resuming exact: the agent and the loop save all their state. The envs are on a server,
 * which may be gone by then; but they follow from their seeds and the actions since, so a checkpoint holds those, and
 * resuming takes the same actions again. To keep that short, every regular checkpoint begins new episodes with a seed
 * that follows from the run's seed and the step. It does so in every run, stopped there or not, and so makes no
 * difference between them.
 */
export class Collecting implements Source {
  readonly #agent: Agent;
  readonly #env: RunEnv;
  readonly #seed: number;
  readonly #onEpisode: TrainOptions['onEpisode'];
  readonly #exploration: Random;
  readonly #journal = new Journal();
  #observations: readonly TypedArray[] = [];
  #episodes = 0;
  #resetAt = 0;

  constructor({ agent, env, seed, onEpisode }: TrainOptions) {
    checkAutoreset(env);
    this.#agent = agent;
    this.#env = env;
    this.#seed = seed;
    this.#onEpisode = onEpisode;
    this.#exploration = new Random(seed, 'explore');
  }

  get identity() {
    const { contractHash, numEnvs } = this.#env;
    return { contractHash, numEnvs };
  }

  get counters(): Metrics {
    return { episodes: this.#episodes };
  }

  start(): Promise<void> {
    return this.restart(0);
  }

  /** Resets the envs with the seed that belongs to this step. */
  async restart(step: number): Promise<void> {
    this.#resetAt = step;
    this.#journal.clear();
    this.#observations = await this.#resetEnvs();
    this.#agent.begin(this.#observations);
  }

  /** One step of the vector env, and the learning that became due with the step before. */
  async advance(measured: (metrics: Metrics) => void): Promise<number> {
    const agent = this.#agent;
    const actions = agent.act(this.#observations, { explore: true, random: this.#exploration });
    const stepped = this.#env.step(actions);
    // The server computes the step while the agent learns here; what it learns from does not depend on that step.
    let result: StepResult;
    try {
      const metrics = agent.learn();
      if (metrics) measured(metrics);
    } finally {
      result = await stepped;
    }
    agent.observe(actions, result);
    this.#journal.add(actions);
    this.#observations = result.observations;
    if (result.ended) {
      this.#episodes += result.ended.rows.length;
      for (const [k, length] of result.ended.lengths.entries()) {
        const episodeReturn = result.ended.returns[k]!;
        measured({ episode_return: episodeReturn, episode_length: length });
        this.#onEpisode?.(episodeReturn);
      }
    }
    return this.#env.numEnvs;
  }

  save() {
    const state: CollectingState = {
      episodes: this.#episodes,
      resetAt: this.#resetAt,
      exploration: this.#exploration.getState(),
    };
    const files = {
      'journal.bin': this.#journal.content,
      'observations.bin': this.#observations.map(bytesOf),
    };
    return { state: { ...state }, files };
  }

  async resume(from: CheckpointReader, state: object, step: number): Promise<boolean> {
    const { episodes, resetAt, exploration } = state as CollectingState;
    const [journal, observations] = [await from.read('journal.bin'), await from.read('observations.bin')];
    this.#episodes = episodes;
    this.#resetAt = resetAt;
    this.#exploration.setState(exploration);
    this.#observations = await this.#journal.replay(this.#env, journal, await this.#resetEnvs());
    const exact = Buffer.concat(this.#observations.map(bytesOf)).equals(observations);
    if (!exact) await this.restart(step);
    return exact;
  }

  async #resetEnvs(): Promise<readonly TypedArray[]> {
    const seed = new Random(this.#seed, 'train', this.#resetAt).integers(0, 2 ** 31);
    return (await this.#env.reset({ seed })).observations;
  }
}
