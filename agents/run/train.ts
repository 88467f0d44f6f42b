import type { StepResult } from '../../protocol/client/results.js';
import type { TypedArray } from '../../protocol/dtypes.js';
import type { Agent, Metrics } from '../agent.js';
import { type CheckpointReader, type Files, jsonFile, readJson } from '../checkpoint.js';
import { mean } from '../mean.js';
import { Means } from '../means.js';
import { Random } from '../random.js';
import { checkAutoreset, type RunEnv } from './env.js';
import { evaluate } from './evaluate.js';
import { Journal } from './journal.js';

/** Where checkpoints go: `latest` holds everything, `best` the policy of the best evaluation so far. */
export interface CheckpointStore {
  save(slot: 'latest' | 'best', step: number, files: Files): Promise<void>;
}

export interface TrainOptions {
  readonly agent: Agent;
  /** Where experience is collected. Made with SAME_STEP autoreset. */
  readonly env: RunEnv;
  /** Steps to collect in all, counting each env's. A resumed run counts on from where it was. */
  readonly steps: number;
  readonly seed: number;
  readonly evaluation?: {
    /** Envs of its own, so that evaluating leaves training as it was. */
    readonly env: RunEnv;
    /** Steps of training between evaluations. */
    readonly every: number;
    readonly episodes: number;
    /** As in `EvaluateOptions`. */
    readonly maxSteps: number;
  };
  readonly checkpoints?: {
    readonly store: CheckpointStore;
    /** Steps between checkpoints. */
    readonly every: number;
  };
  /** The `latest` checkpoint of a run with the same options, to go on from. */
  readonly resume?: CheckpointReader;
  /** Stops the run after the step under way; it is saved where it stopped. */
  readonly signal?: AbortSignal;
  /** Steps between two calls of `onMetrics`. */
  readonly metricsEvery: number;
  /** What was measured since the last call; the returns of evaluations come as they are made. */
  readonly onMetrics?: (step: number, values: Metrics) => void;
  /** Called after every step of the vector env. */
  readonly onStep?: (step: number) => void;
  /** Called for every training episode that ended, with its undiscounted return. */
  readonly onEpisode?: (episodeReturn: number) => void;
  /** A run goes on from a checkpoint. `exact`: just as if it had never stopped; else with new episodes. */
  readonly onResume?: (step: number, exact: boolean) => void;
}

export interface TrainOutcome {
  readonly status: 'finished' | 'interrupted';
  /** Steps collected so far. */
  readonly step: number;
  /** Best mean return of an evaluation; absent where there was none. */
  readonly best?: number;
}

/** What a run is at, apart from the agent: the part of a checkpoint that is the loop's own. */
interface RunState {
  readonly contractHash: string;
  readonly numEnvs: number;
  readonly seed: number;
  readonly step: number;
  readonly episodes: number;
  /** The step at which the envs were last reset with a seed. */
  readonly resetAt: number;
  /** Evaluations and checkpoints made so far. */
  readonly evaluations: number;
  readonly checkpoints: number;
  readonly best: number | null;
  readonly exploration: readonly number[];
}

/**
 * Trains an agent: collect, learn, evaluate, save, until `steps` steps have been collected or the signal stops it.
 *
 * The same options give the same parameters, bit for bit, and so does a run that was stopped and resumed, any number
 * of times, at any step.
 */
export async function train(options: TrainOptions): Promise<TrainOutcome> {
  return new Training(options).run();
}

/**
 * What makes resuming exact. The agent and the loop save all their state. The envs are on a server, which may be gone
 * by then; but they follow from their seeds and the actions since, so a checkpoint holds those, and resuming takes the
 * same actions again. To keep that short, every regular checkpoint begins new episodes with a seed that follows from
 * the run's seed and the step. It does so in every run, stopped there or not, and so makes no difference between them.
 */
class Training {
  readonly #options: TrainOptions;
  readonly #exploration: Random;
  readonly #journal = new Journal();
  readonly #means = new Means();
  #observations: readonly TypedArray[] = [];
  #step = 0;
  #episodes = 0;
  #resetAt = 0;
  #evaluations = 0;
  #checkpoints = 0;
  #best: number | null = null;
  #measuredAt = 0;
  #savedAt = -1;

  constructor(options: TrainOptions) {
    checkAutoreset(options.env);
    this.#options = options;
    this.#exploration = new Random(options.seed, 'explore');
  }

  async run(): Promise<TrainOutcome> {
    const { steps, signal, resume } = this.#options;
    if (resume === undefined) await this.#beginEpisodes();
    else await this.#resume(resume);
    // What is due at a step is done before the run can stop there: it is saved once all of that is behind it.
    for (;;) {
      if (this.#evaluationDue() && !(await this.#evaluate())) break;
      if (this.#checkpointDue()) {
        this.#checkpoints += 1;
        await this.#beginEpisodes();
        await this.#save();
      }
      if (this.#step >= steps || signal?.aborted) break;
      await this.#advance();
    }
    await this.#save();
    return {
      status: this.#step >= steps && !this.#evaluationDue() ? 'finished' : 'interrupted',
      step: this.#step,
      ...(this.#best !== null && { best: this.#best }),
    };
  }

  /** One step of the vector env, and the learning that became due with the step before. */
  async #advance(): Promise<void> {
    const { agent, env, metricsEvery, onStep } = this.#options;
    const actions = agent.act(this.#observations, { explore: true, random: this.#exploration });
    const stepped = env.step(actions);
    // The server computes the step while the agent learns here; what it learns from does not depend on that step.
    let result: StepResult;
    try {
      const metrics = agent.learn();
      if (metrics) this.#means.add(metrics);
    } finally {
      result = await stepped;
    }
    agent.observe(actions, result);
    this.#journal.add(actions);
    this.#observations = result.observations;
    this.#step += env.numEnvs;
    if (result.ended) {
      this.#episodes += result.ended.rows.length;
      for (const [k, length] of result.ended.lengths.entries()) {
        const episodeReturn = result.ended.returns[k]!;
        this.#means.add({ episode_return: episodeReturn, episode_length: length });
        this.#options.onEpisode?.(episodeReturn);
      }
    }
    onStep?.(this.#step);
    if (this.#step - this.#measuredAt >= metricsEvery) this.#tell();
  }

  #tell(): void {
    const values = this.#means.take();
    this.#measuredAt = this.#step;
    if (Object.keys(values).length > 0) {
      this.#options.onMetrics?.(this.#step, { episodes: this.#episodes, ...values });
    }
  }

  #evaluationDue(): boolean {
    const { evaluation } = this.#options;
    return evaluation !== undefined && Math.floor(this.#step / evaluation.every) > this.#evaluations;
  }

  #checkpointDue(): boolean {
    const { checkpoints } = this.#options;
    return checkpoints !== undefined && Math.floor(this.#step / checkpoints.every) > this.#checkpoints;
  }

  /** Whether the evaluation came to its end; one that is interrupted is made again when the run goes on. */
  async #evaluate(): Promise<boolean> {
    const { agent, evaluation, checkpoints, seed, signal, onMetrics } = this.#options;
    const { env, episodes, maxSteps, every } = evaluation!;
    const seedHere = new Random(seed, 'evaluation', this.#step).integers(0, 2 ** 31);
    let evaluated: Awaited<ReturnType<typeof evaluate>>;
    try {
      evaluated = await evaluate(env, agent, { episodes, seed: seedHere, maxSteps, signal });
    } catch (error) {
      if (signal?.aborted) return false;
      throw error;
    }
    this.#evaluations = Math.floor(this.#step / every);
    const meanReturn = mean(evaluated.returns);
    const { values } = evaluated;
    onMetrics?.(this.#step, {
      evaluation_return: meanReturn,
      evaluation_length: mean(evaluated.lengths),
      ...(values && { evaluation_q: values.predicted, evaluation_discounted_return: values.realised }),
    });
    if (this.#best === null || meanReturn > this.#best) {
      this.#best = meanReturn;
      await checkpoints?.store.save('best', this.#step, agent.savePolicy());
    }
    return true;
  }

  /** Resets the envs with the seed that belongs to this step. */
  async #beginEpisodes(): Promise<void> {
    this.#resetAt = this.#step;
    this.#journal.clear();
    this.#observations = await this.#resetEnvs();
    this.#options.agent.begin(this.#observations);
  }

  async #resetEnvs(): Promise<readonly TypedArray[]> {
    const { env, seed } = this.#options;
    const reset = await env.reset({ seed: new Random(seed, 'train', this.#resetAt).integers(0, 2 ** 31) });
    return reset.observations;
  }

  async #save(): Promise<void> {
    const { agent, env, checkpoints, seed } = this.#options;
    this.#tell();
    if (checkpoints === undefined || this.#savedAt === this.#step) return;
    const state: RunState = {
      contractHash: env.contractHash,
      numEnvs: env.numEnvs,
      seed,
      step: this.#step,
      episodes: this.#episodes,
      resetAt: this.#resetAt,
      evaluations: this.#evaluations,
      checkpoints: this.#checkpoints,
      best: this.#best,
      exploration: this.#exploration.getState(),
    };
    await checkpoints.store.save('latest', this.#step, {
      'run.json': jsonFile(state),
      'journal.bin': this.#journal.content,
      'observations.bin': this.#observations.map(bytesOf),
      ...agent.save(),
    });
    this.#savedAt = this.#step;
  }

  async #resume(from: CheckpointReader): Promise<void> {
    const { agent, env, seed, onResume } = this.#options;
    const state = await readJson<RunState>(from, 'run.json');
    const here = { contractHash: env.contractHash, numEnvs: env.numEnvs, seed };
    for (const [name, value] of Object.entries(here)) {
      const saved = state[name as keyof typeof here];
      if (saved !== value)
        throw new Error(`the checkpoint is of a run with ${name} ${saved}, this one has ${value}`);
    }
    const [journal, observations] = [await from.read('journal.bin'), await from.read('observations.bin')];
    await agent.load(from);
    this.#step = this.#measuredAt = state.step;
    this.#episodes = state.episodes;
    this.#resetAt = state.resetAt;
    this.#evaluations = state.evaluations;
    this.#checkpoints = state.checkpoints;
    this.#best = state.best;
    this.#exploration.setState(state.exploration);

    this.#observations = await this.#journal.replay(env, journal, await this.#resetEnvs());
    const exact = Buffer.concat(this.#observations.map(bytesOf)).equals(observations);
    if (exact) this.#savedAt = this.#step;
    else await this.#beginEpisodes();
    onResume?.(this.#step, exact);
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: TypedArray): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
