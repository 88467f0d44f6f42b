import type { TypedArray } from '../../protocol/dtypes.js';
import { arrayType, sizeOf } from '../../protocol/dtypes.js';
import type { StepResult } from '../../protocol/results.js';
import { Box } from '../../protocol/spaces/index.js';
import type { ActOptions, Agent, Metrics, Task } from '../agent.js';
import { type CheckpointReader, type Files, jsonFile, readInto, readJson } from '../checkpoint.js';
import { type Features, featuresOf } from '../features.js';
import type { DataSet } from '../memory/data-set.js';
import { Rows } from '../memory/rows.js';
import { loadModules, Module, saveModules } from '../module.js';
import { type Autoencoder, autoencoder } from '../nn/autoencoder.js';
import { inputTensor, toFloats } from '../nn/input.js';
import type { ImageShape } from '../nn/layers/conv.js';
import { sigmoidCrossEntropy } from '../nn/losses.js';
import { adam } from '../nn/optimizer.js';
import { Random } from '../random.js';
import { randomActions } from '../random-policy.js';
import { integer, integers, number, type SettingsOf } from '../settings.js';
import { convFor } from './critic.js';
import { type ProcessCounts, Processes } from './processes.js';

export const LATENT_SETTINGS = {
  code: integer(16, [1, 4096], 'Numbers that the autoencoder squeezes a picture into.'),
  codeHidden: integers([128], [1, 65536], 'Units of its dense layers between convolutions and code.'),
  codeFrames: integer(5_000, [1, 1e7], 'Steps of random play whose pictures it learns from.'),
  codeUpdates: integer(5_000, [1, Infinity], 'Updates of the autoencoder before the agent begins.'),
  codeBatchSize: integer(32, [1, 65536], 'Pictures of each of them.'),
  codeLearningRate: number(1e-3, [0, 1], "Adam's step size for the autoencoder."),
};

export type LatentSettings = SettingsOf<typeof LATENT_SETTINGS>;

/** Updates of the autoencoder for each step that is played meanwhile. */
const UPDATES_A_STEP = 5;

/** @throws Error where the env does not show one picture, or its size does not fit the filters */
export function autoencoderFor(
  { observationSpace }: Task,
  { code, codeHidden: hidden }: LatentSettings,
): Autoencoder {
  const { shape, scale: inputScale } = featuresOf(observationSpace);
  if (shape.length !== 3 || !(observationSpace instanceof Box)) {
    throw new Error(`this agent takes a picture, the env observes ${observationSpace.toString()}`);
  }
  const inputs = shape as ImageShape;
  return autoencoder({ inputs, conv: convFor(shape), hidden, code, inputScale });
}

interface LatentState {
  readonly counts: ProcessCounts;
  readonly sampling: readonly number[];
  readonly frames: number;
  /** How codes are spread over the pictures, once there are codes. */
  readonly spread: Spread | undefined;
}

/** Mean and standard deviation of each number of a code. */
interface Spread {
  readonly means: readonly number[];
  readonly deviations: readonly number[];
}

/**
 * An agent in a latent space (Lange and Riedmiller 2010, "Deep auto-encoder neural networks in reinforcement learning"):
 * plays at random until it has seen enough pictures, trains an autoencoder on them, and from then on shows another agent
 * the codes in place of the pictures, each number of mean 0 and deviation 1 over the pictures that it learned from.
 */
export class LatentAgent implements Agent {
  readonly #task: Task;
  readonly #settings: LatentSettings;
  readonly #features: Features;
  readonly #autoencoder: Autoencoder;
  readonly #whole: Module;
  /** The first part of it, once it has been trained. */
  #encoder: Module | undefined;
  #spread: Spread | undefined;
  readonly #makeInner: (task: Task) => Agent;
  #inner: Agent | undefined;
  readonly #frames: Rows;
  /** Pictures kept so far. */
  #kept = 0;
  readonly #batch: Float32Array | Uint8Array;
  readonly #sampling: Random;
  readonly #processes: Processes;
  #observations: readonly TypedArray[] = [];
  #recalled: DataSet | undefined;

  /**
   * @param makeInner makes the agent that is shown the codes
   * @throws Error where the env does not show one picture, or its size does not fit the filters
   */
  constructor(task: Task, settings: LatentSettings, seed: number, makeInner: (task: Task) => Agent) {
    this.#task = task;
    this.#settings = settings;
    this.#makeInner = makeInner;
    this.#features = featuresOf(task.observationSpace);
    this.#autoencoder = autoencoderFor(task, settings);
    const { codeLearningRate: learningRate, codeFrames, codeBatchSize } = settings;
    const { dtype, shape } = task.observationSpace as Box;
    const random = new Random(seed, 'autoencoder');
    const { network } = this.#autoencoder;
    this.#whole = new Module(
      network,
      network.init(() => random.random()),
      adam({ learningRate }),
    );
    this.#frames = new Rows(codeFrames, dtype, shape);
    this.#batch = new (arrayType(dtype))(codeBatchSize * sizeOf(shape)) as Uint8Array;
    this.#sampling = random;
    const rates = { learningStarts: codeFrames, stepsPerUpdate: 1 / UPDATES_A_STEP, updatesPerTarget: 1 };
    this.#processes = new Processes(rates);
  }

  get gamma(): number | undefined {
    return this.#inner?.gamma;
  }

  /** Codes of pictures, [B, code]. */
  #encode(observations: readonly TypedArray[]): [Float32Array] {
    const codes = this.#codes(this.#features.read(observations));
    const { means, deviations } = this.#spread!;
    const size = means.length;
    for (let i = 0; i < codes.length; i++) codes[i] = (codes[i]! - means[i % size]!) / deviations[i % size]!;
    return [codes];
  }

  #codes(pictures: Float32Array | Uint8Array): Float32Array {
    return this.#encoder!.predict(pictures, pictures.length / this.#features.size);
  }

  act(observations: readonly TypedArray[], options: ActOptions): readonly TypedArray[] {
    if (this.#inner) return this.#inner.act(this.#encode(observations), options);
    const rows = observations[0]!.length / this.#features.size;
    return randomActions(this.#task.actionSpace, rows, options.random);
  }

  /** 0 as long as there is no agent that expects anything. */
  values(observations: readonly TypedArray[]): Float32Array {
    const rows = observations[0]!.length / this.#features.size;
    return this.#inner?.values?.(this.#encode(observations)) ?? new Float32Array(rows);
  }

  begin(observations: readonly TypedArray[]): void {
    this.#observations = observations;
    this.#inner?.begin(this.#encode(observations));
  }

  observe(actions: readonly TypedArray[], result: StepResult): void {
    this.#observations = result.observations;
    if (!this.#inner) {
      this.#keep(result.observations[0]!, result.n);
      this.#processes.collected(result.n);
      return;
    }
    const { observations, ended } = result;
    this.#inner.observe(actions, {
      ...result,
      observations: this.#encode(observations),
      ...(ended && { ended: { ...ended, finalObservations: this.#encode(ended.finalObservations!) } }),
    });
  }

  remember(episodes: DataSet): void {
    const [pictures] = episodes.observations;
    this.#keep(pictures!, pictures!.length / this.#features.size);
    this.#recalled = episodes;
    this.#recall();
  }

  elapse(steps: number): void {
    if (this.#inner) this.#inner.elapse?.(steps);
    else this.#processes.collected(steps);
  }

  /** Keeps pictures until there are enough. */
  #keep(pictures: TypedArray, rows: number): void {
    for (let row = 0; row < rows && this.#kept < this.#frames.length; row++) {
      this.#frames.write(this.#kept++, pictures, row);
    }
  }

  learn(): Metrics | undefined {
    if (this.#inner) return this.#inner.learn();
    const metrics = this.#processes.run(
      () => this.#reconstruct(),
      () => {},
    );
    if (this.#processes.counts.updates >= this.#settings.codeUpdates) this.#becomeLatent();
    return metrics;
  }

  /** One step of the autoencoder towards pictures that are as they were. */
  #reconstruct(): Metrics {
    const { codeBatchSize } = this.#settings;
    const { shape, scale } = this.#features;
    for (let row = 0; row < codeBatchSize; row++) {
      this.#frames.read(this.#sampling.integers(0, this.#kept), this.#batch, row);
    }
    const targets = toFloats(this.#batch, scale);
    const { loss } = this.#whole.minimize(
      () =>
        sigmoidCrossEntropy(
          this.#whole.apply(inputTensor(this.#batch, [codeBatchSize, ...shape], scale)),
          targets,
        ),
      { name: 'autoencoder' },
    );
    return { reconstruction_loss: loss };
  }

  /** The autoencoder is done: an agent begins that sees its codes. */
  #becomeLatent(): void {
    this.#makeLatent();
    this.#spread = this.#spreadOfCodes();
    this.#recall();
    if (this.#observations.length > 0) this.#inner!.begin(this.#encode(this.#observations));
  }

  #makeLatent(): void {
    this.#encoder?.dispose();
    this.#inner?.dispose();
    const { encoder } = this.#autoencoder;
    this.#encoder = new Module(encoder, this.#whole.params.read().slice(0, encoder.numParams));
    const { code } = this.#settings;
    this.#inner = this.#makeInner({ ...this.#task, observationSpace: new Box(-Infinity, Infinity, [code]) });
  }

  #spreadOfCodes(): Spread {
    const { code, codeBatchSize } = this.#settings;
    const [sums, squares] = [new Float64Array(code), new Float64Array(code)];
    for (let from = 0; from < this.#kept; from += codeBatchSize) {
      const rows = Math.min(codeBatchSize, this.#kept - from);
      for (let row = 0; row < rows; row++) this.#frames.read(from + row, this.#batch, row);
      for (const [i, x] of this.#codes(this.#batch.subarray(0, rows * this.#features.size)).entries()) {
        sums[i % code]! += x;
        squares[i % code]! += x * x;
      }
    }
    const count = this.#kept;
    const means = Array.from(sums, (sum) => sum / count);
    const deviations = Array.from(
      squares,
      (sum, i) => Math.sqrt(Math.max(sum / count - means[i]! ** 2, 0)) || 1,
    );
    return { means, deviations };
  }

  /** Hands what somebody else collected over to the agent, as soon as there is one. */
  #recall(): void {
    if (!this.#inner || !this.#recalled) return;
    const { observations } = this.#recalled;
    this.#inner.remember?.({ ...this.#recalled, observations: this.#encode(observations) });
    this.#recalled = undefined;
  }

  get #state(): LatentState {
    return {
      counts: this.#processes.counts,
      sampling: this.#sampling.getState(),
      frames: this.#kept,
      spread: this.#spread,
    };
  }

  savePolicy(): Files {
    return {
      'latent.json': jsonFile(this.#state),
      ...saveModules({ autoencoder: this.#whole }, true),
      ...this.#inner?.savePolicy(),
    };
  }

  async loadPolicy(from: CheckpointReader): Promise<void> {
    await loadModules({ autoencoder: this.#whole }, from, true);
    const { spread } = await readJson<LatentState>(from, 'latent.json');
    if (!spread) return;
    this.#makeLatent();
    this.#spread = spread;
    await this.#inner!.loadPolicy(from);
  }

  save(): Files {
    return {
      'latent.json': jsonFile(this.#state),
      ...saveModules({ autoencoder: this.#whole }),
      'frames.bin': this.#frames.prefix(this.#kept),
      ...this.#inner?.save(),
    };
  }

  async load(from: CheckpointReader): Promise<void> {
    await loadModules({ autoencoder: this.#whole }, from);
    const { counts, sampling, frames, spread } = await readJson<LatentState>(from, 'latent.json');
    this.#processes.counts = counts;
    this.#sampling.setState(sampling);
    this.#kept = frames;
    await readInto(from, 'frames.bin', this.#frames.prefix(frames));
    if (!spread) return;
    this.#makeLatent();
    this.#spread = spread;
    await this.#inner!.load(from);
  }

  dispose(): void {
    this.#whole.dispose();
    this.#encoder?.dispose();
    this.#inner?.dispose();
  }
}
