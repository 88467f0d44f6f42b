import type { TypedArray } from '../../protocol/dtypes.js';
import type { StepResult } from '../../protocol/results.js';
import type { Leaf } from '../../protocol/spaces/index.js';
import { ACTION_MASK } from '../action-mask.js';
import type { ActOptions, Agent, Metrics, Task } from '../agent.js';
import { type CheckpointReader, type Files, jsonFile, readJson } from '../checkpoint.js';
import type { DataSet } from '../memory/data-set.js';
import { PrioritizedReplay, Replay, type Sampled } from '../memory/index.js';
import { loadModules, type Modules, saveModules } from '../module.js';
import { Random } from '../random.js';
import { integer, number, type SettingsOf } from '../settings.js';
import { type ProcessCounts, Processes, type Rates } from './processes.js';

/** Settings of what all algorithms of this family have in common. */
export const OFF_POLICY_SETTINGS = {
  gamma: number(0.99, [0, 1], 'Discount of the reward one step later.'),
  nStep: integer(1, [1, 1000], 'Rewards that a target sums up before it asks the target network.'),
  batchSize: integer(256, [1, 65536], 'Transitions in one update.'),
  memory: integer(100_000, [3, 1e8], 'Observations kept for replay; older ones make room.'),
  learningStarts: integer(1_000, [1, Infinity], 'Steps collected before the first update.'),
  stepsPerUpdate: number(
    1,
    [1e-3, Infinity],
    'Steps collected for each update; 0.5 makes two updates a step.',
  ),
  priorityExponent: number(
    0,
    [0, 1],
    'How much large errors are replayed more often (α of prioritized replay); 0 for uniform replay.',
  ),
  priorityCorrection: number(
    0.4,
    [0, 1],
    'How much of the bias of prioritized replay is corrected at first (β); all of it in the end.',
  ),
  priorityCorrectionSteps: integer(100_000, [0, Infinity], 'Steps over which that correction grows to 1.'),
};

export type OffPolicySettings = SettingsOf<typeof OFF_POLICY_SETTINGS>;

/**
 * Memory for a task's transitions, prioritized or not.
 * @param extra leaves kept beside the action's
 * @param stack frames that an observation is a stack of
 */
export function memoryFor(
  { numEnvs, observationSpace, actionSpace }: Task,
  settings: OffPolicySettings,
  { extra = [], stack = 1 }: { readonly extra?: readonly Leaf[]; readonly stack?: number } = {},
): Replay {
  const options = {
    capacity: settings.memory,
    numEnvs,
    observations: observationSpace.leaves,
    actions: [...actionSpace.leaves, ...extra],
    nStep: settings.nStep,
    gamma: settings.gamma,
    stacks: observationSpace.leaves.map(({ path }) => (path[0] === ACTION_MASK ? 1 : stack)),
  };
  const {
    priorityExponent: exponent,
    priorityCorrection: correction,
    priorityCorrectionSteps: correctionSteps,
  } = settings;
  return exponent === 0
    ? new Replay(options)
    : new PrioritizedReplay(options, { exponent, correction, correctionSteps });
}

/** What a checkpoint holds beside parameters and memory. */
interface OffPolicyState {
  readonly counts: ProcessCounts;
  readonly sampling: readonly number[];
  readonly own: unknown;
}

/**
 * An agent of the family: process 1 (collect), the clock of processes 2 and 3, and checkpoints. What is left to each
 * algorithm is how it acts, `regress` (process 3) and `updateTarget` (process 2).
 */
export abstract class OffPolicyAgent implements Agent {
  readonly gamma: number;
  /** Everything that checkpoints keep, by the names of their files. */
  protected abstract readonly modules: Modules;
  /** Those of them that acting without exploration depends on. */
  protected abstract readonly policyModules: Modules;
  protected readonly sampling: Random;
  readonly #processes: Processes;
  readonly #batchSize: number | undefined;

  constructor(
    protected readonly memory: Replay,
    settings: Rates & Pick<OffPolicySettings, 'gamma'> & { readonly batchSize?: number },
    seed: number,
  ) {
    this.#batchSize = settings.batchSize;
    this.gamma = settings.gamma;
    this.sampling = new Random(seed, 'replay');
    this.#processes = new Processes(settings);
  }

  abstract act(observations: readonly TypedArray[], options: ActOptions): readonly TypedArray[];

  /** Process 2: the target parameters follow. */
  protected abstract updateTarget(): void;

  /** Process 3: one regression onto targets. */
  protected abstract regress(): Metrics;

  /** Steps collected so far. */
  protected get collected(): number {
    return this.#processes.counts.collected;
  }

  /** Regressions made so far. */
  protected get updates(): number {
    return this.#processes.counts.updates;
  }

  // Process 1: collect.

  begin(observations: readonly TypedArray[]): void {
    this.memory.begin(observations);
  }

  observe(actions: readonly TypedArray[], result: StepResult): void {
    this.memory.add(actions, result);
    this.#processes.collected(result.n);
  }

  remember(episodes: DataSet): void {
    this.memory.remember(episodes);
  }

  elapse(steps: number): void {
    this.#processes.collected(steps);
  }

  learn(): Metrics | undefined {
    const metrics = this.#processes.run(
      () => this.regress(),
      () => this.updateTarget(),
    );
    if (!metrics || this.#batchSize === undefined) return metrics;
    return { ...metrics, samples_per_insert: (this.updates * this.#batchSize) / this.collected };
  }

  /** Called when samples were drawn and before they are used. */
  protected weigh(samples: Sampled): void {
    if (!(this.memory instanceof PrioritizedReplay)) return;
    this.memory.weigh(samples as Required<Sampled>, this.collected);
  }

  /** Called with the TD errors that samples turned out to have; what of them is worth telling. */
  protected judge(samples: Sampled, tdErrors: Float32Array): Metrics {
    if (this.memory instanceof PrioritizedReplay) this.memory.update(samples, tdErrors);
    const sizes = tdErrors.map(Math.abs).sort();
    const quantile = (share: number): number => sizes[Math.floor(share * (sizes.length - 1))]!;
    return { td_error_p50: quantile(0.5), td_error_p90: quantile(0.9), td_error_max: quantile(1) };
  }

  savePolicy(): Files {
    return saveModules(this.policyModules, true);
  }

  loadPolicy(from: CheckpointReader): Promise<void> {
    return loadModules(this.policyModules, from, true);
  }

  save(): Files {
    const state: OffPolicyState = {
      counts: this.#processes.counts,
      sampling: this.sampling.getState(),
      own: this.saveState(),
    };
    return { ...saveModules(this.modules), 'agent.json': jsonFile(state), ...this.memory.save() };
  }

  async load(from: CheckpointReader): Promise<void> {
    await loadModules(this.modules, from);
    const state = await readJson<OffPolicyState>(from, 'agent.json');
    this.#processes.counts = state.counts;
    this.sampling.setState(state.sampling);
    this.loadState(state.own);
    await this.memory.load(from);
  }

  /** What else the algorithm keeps, as plain values. */
  protected saveState(): unknown {
    return null;
  }

  protected loadState(_state: unknown): void {}

  dispose(): void {
    for (const module of Object.values(this.modules)) module.dispose();
  }
}
