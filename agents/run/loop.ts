import type { Agent, Metrics } from '../agent.js';
import { type CheckpointReader, type Files, jsonFile, readJson } from '../checkpoint.js';
import { mean } from '../mean.js';
import { Means } from '../means.js';
import { Random } from '../random.js';
import type { RunEnv } from './env.js';
import { evaluate } from './evaluate.js';

/** Where checkpoints go: `latest` holds everything, `best` the policy of the best evaluation so far. */
export interface CheckpointStore {
  save(slot: 'latest' | 'best', step: number, files: Files): Promise<void>;
}

/** What every run is made of, wherever its experience comes from. */
export interface LoopOptions {
  readonly agent: Agent;
  /** Steps in all. A resumed run counts on from where it was. */
  readonly steps: number;
  readonly seed: number;
  readonly evaluation?:
    | {
        /** Envs of its own, so that evaluating leaves training as it was. */
        readonly env: RunEnv;
        /** Steps of training between evaluations. */
        readonly every: number;
        readonly episodes: number;
        /** As in `EvaluateOptions`. */
        readonly maxSteps: number;
      }
    | undefined;
  readonly checkpoints?: {
    readonly store: CheckpointStore;
    /** Steps between checkpoints. */
    readonly every: number;
  };
  /** The `latest` checkpoint of a run with the same options, to go on from. */
  readonly resume?: CheckpointReader | undefined;
  /** Stops the run after the step under way; it is saved where it stopped. */
  readonly signal?: AbortSignal;
  /** Steps between two calls of `onMetrics`. */
  readonly metricsEvery: number;
  /** What was measured since the last call; the returns of evaluations come as they are made. */
  readonly onMetrics?: (step: number, values: Metrics) => void;
  /** Called after every step. */
  readonly onStep?: (step: number) => void;
  /** A run goes on from a checkpoint. `exact`: just as if it had never stopped; else with new episodes. */
  readonly onResume?: (step: number, exact: boolean) => void;
}

export interface TrainOutcome {
  readonly status: 'finished' | 'interrupted';
  /** Steps so far. */
  readonly step: number;
  /** Best mean return of an evaluation; absent where there was none. */
  readonly best?: number;
}

/** Where a run's experience comes from: envs, or a data set. */
export interface Source {
  /** What must be the same where a run goes on, by name. */
  readonly identity: Readonly<Record<string, string | number>>;
  /** Told with all metrics. */
  readonly counters: Metrics;
  /** The run begins. */
  start(): Promise<void>;
  /** A regular checkpoint is about to be saved. */
  restart(step: number): Promise<void>;
  /** Goes on, and lets the agent learn. @returns for how many steps that counts */
  advance(measured: (metrics: Metrics) => void): Promise<number>;
  /** Its part of a checkpoint: plain values, and files. */
  save(): { readonly state: Readonly<Record<string, unknown>>; readonly files: Files };
  /** Takes that back, the agent's part having been loaded. @returns whether everything is as it was */
  resume(from: CheckpointReader, state: Readonly<Record<string, unknown>>, step: number): Promise<boolean>;
}

/** What a run is at, apart from the agent and the source. */
interface LoopState {
  readonly seed: number;
  readonly step: number;
  /** Evaluations and checkpoints made so far. */
  readonly evaluations: number;
  readonly checkpoints: number;
  readonly best: number | null;
}

/** Learns, evaluates and saves until `steps` steps are done or the signal stops it. */
export class Loop {
  readonly #options: LoopOptions;
  readonly #source: Source;
  readonly #means = new Means();
  #step = 0;
  #evaluations = 0;
  #checkpoints = 0;
  #best: number | null = null;
  #measuredAt = 0;
  #savedAt = -1;

  constructor(options: LoopOptions, source: Source) {
    this.#options = options;
    this.#source = source;
  }

  async run(): Promise<TrainOutcome> {
    const { steps, signal, resume, metricsEvery, onStep } = this.#options;
    if (resume === undefined) await this.#source.start();
    else await this.#resume(resume);
    // What is due at a step is done before the run can stop there: it is saved once all of that is behind it.
    for (;;) {
      if (this.#evaluationDue() && !(await this.#evaluate())) break;
      if (this.#checkpointDue()) {
        this.#checkpoints += 1;
        await this.#source.restart(this.#step);
        await this.#save();
      }
      if (this.#step >= steps || signal?.aborted) break;
      this.#step += await this.#source.advance((metrics) => this.#means.add(metrics));
      onStep?.(this.#step);
      if (this.#step - this.#measuredAt >= metricsEvery) this.#tell();
    }
    await this.#save();
    return {
      status: this.#step >= steps && !this.#evaluationDue() ? 'finished' : 'interrupted',
      step: this.#step,
      ...(this.#best !== null && { best: this.#best }),
    };
  }

  #tell(): void {
    const values = this.#means.take();
    this.#measuredAt = this.#step;
    if (Object.keys(values).length > 0) {
      this.#options.onMetrics?.(this.#step, { ...this.#source.counters, ...values });
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

  async #save(): Promise<void> {
    const { agent, checkpoints, seed } = this.#options;
    this.#tell();
    if (checkpoints === undefined || this.#savedAt === this.#step) return;
    const loop: LoopState = {
      seed,
      step: this.#step,
      evaluations: this.#evaluations,
      checkpoints: this.#checkpoints,
      best: this.#best,
    };
    const { state, files } = this.#source.save();
    await checkpoints.store.save('latest', this.#step, {
      'run.json': jsonFile({ ...this.#source.identity, ...loop, ...state }),
      ...files,
      ...agent.save(),
    });
    this.#savedAt = this.#step;
  }

  async #resume(from: CheckpointReader): Promise<void> {
    const { agent, seed, onResume } = this.#options;
    const state = await readJson<LoopState & Readonly<Record<string, unknown>>>(from, 'run.json');
    for (const [name, value] of Object.entries({ ...this.#source.identity, seed })) {
      if (state[name] !== value)
        throw new Error(
          `the checkpoint is of a run with ${name} ${String(state[name])}, this one has ${value}`,
        );
    }
    await agent.load(from);
    this.#step = this.#measuredAt = state.step;
    this.#evaluations = state.evaluations;
    this.#checkpoints = state.checkpoints;
    this.#best = state.best;
    const exact = await this.#source.resume(from, state, state.step);
    if (exact) this.#savedAt = this.#step;
    onResume?.(this.#step, exact);
  }
}
