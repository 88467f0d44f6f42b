import type { StepResult } from '../../protocol/client/results.js';
import type { TypedArray } from '../../protocol/dtypes.js';
import type { Metrics, Worker } from '../agent.js';
import type { CheckpointReader } from '../checkpoint.js';
import { Random } from '../random.js';
import { checkAutoreset, type RunEnv } from './env.js';
import { tellEpisodes } from './episodes.js';
import { Loop, type LoopOptions, type Source, type TrainOutcome } from './loop.js';

export interface TrainAsyncOptions extends LoopOptions {
  /** Where experience is collected: vector envs alike, made with SAME_STEP autoreset. Each env's steps count. */
  readonly envs: readonly RunEnv[];
  /** Called for every training episode that ended, with its undiscounted return. */
  readonly onEpisode?: (episodeReturn: number) => void;
}

/**
 * As `train`, on several vector envs that do not wait for each other: each has a worker, who learns from the reply and
 * acts again as soon as it comes. What is learned depends on which replies come first, so that a run is not exact, and
 * one that is resumed begins new episodes.
 *
 * Throws where the agent has no workers.
 */
export async function trainAsync(options: TrainAsyncOptions): Promise<TrainOutcome> {
  return new Loop(options, new Collectors(options)).run();
}

/** A vector env, and who acts in it. */
interface Collector {
  readonly env: RunEnv;
  readonly worker: Worker;
  random: Random;
}

/** What came back to a collector. */
interface Reply {
  readonly collector: Collector;
  readonly actions: readonly TypedArray[];
  readonly outcome: { readonly result: StepResult } | { readonly error: unknown };
}

class Collectors implements Source {
  readonly #collectors: readonly Collector[];
  readonly #seed: number;
  readonly #onEpisode: TrainAsyncOptions['onEpisode'];
  /** In the order in which they came. They lie here while the loop evaluates or saves. */
  readonly #replies: Reply[] = [];
  /** Replies that came, and those that will. */
  #outstanding = 0;
  #wake: () => void = () => {};
  #episodes = 0;

  constructor({ agent, envs, seed, onEpisode }: TrainAsyncOptions) {
    this.#seed = seed;
    this.#onEpisode = onEpisode;
    this.#collectors = envs.map((env, i) => {
      checkAutoreset(env);
      const worker = i === 0 ? agent : agent.worker?.();
      if (!worker) throw new Error('this agent collects from one vector env alone: it has no workers');
      return { env, worker, random: new Random(seed) };
    });
  }

  get identity() {
    const { contractHash, numEnvs } = this.#collectors[0]!.env;
    return { contractHash, numEnvs };
  }

  get counters(): Metrics {
    return { episodes: this.#episodes };
  }

  start(): Promise<void> {
    return this.restart(0);
  }

  /** New episodes everywhere. What is outstanding is waited for and left. */
  async restart(step: number): Promise<void> {
    while (this.#outstanding > 0) await this.#nextReply();
    await Promise.all(
      this.#collectors.map(async (collector, i) => {
        const seed = new Random(this.#seed, 'train', step, i).integers(0, 2 ** 31);
        const { observations } = await collector.env.reset({ seed });
        collector.random = new Random(this.#seed, 'explore', step, i);
        collector.worker.begin(observations);
        this.#act(collector, observations);
      }),
    );
  }

  /** One reply: its worker learns and acts again. */
  async advance(measured: (metrics: Metrics) => void): Promise<number> {
    const { collector, actions, outcome } = await this.#nextReply();
    if ('error' in outcome) throw outcome.error;
    const { result } = outcome;
    collector.worker.observe(actions, result);
    const metrics = collector.worker.learn();
    if (metrics) measured(metrics);
    this.#act(collector, result.observations);
    this.#episodes += tellEpisodes(result, measured, this.#onEpisode);
    return result.n;
  }

  #act(collector: Collector, observations: readonly TypedArray[]): void {
    const { worker, env, random } = collector;
    const actions = worker.act(observations, { explore: true, random });
    const arrived = (outcome: Reply['outcome']) => {
      this.#replies.push({ collector, actions, outcome });
      this.#wake();
    };
    this.#outstanding += 1;
    env.step(actions).then(
      (result) => arrived({ result }),
      (error: unknown) => arrived({ error }),
    );
  }

  async #nextReply(): Promise<Reply> {
    if (this.#replies.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#outstanding -= 1;
    return this.#replies.shift()!;
  }

  save() {
    return { state: { episodes: this.#episodes }, files: {} };
  }

  async resume(_from: CheckpointReader, state: object, step: number): Promise<boolean> {
    this.#episodes = (state as { readonly episodes: number }).episodes;
    await this.restart(step);
    return false;
  }
}
