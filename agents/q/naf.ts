import * as tf from '@tensorflow/tfjs-core';
import type { TypedArray } from '../../protocol/dtypes.js';
import type { ActOptions, Metrics, Task } from '../agent.js';
import type { AgentDefinition } from '../definition.js';
import { mean } from '../mean.js';
import { Module, type Modules } from '../module.js';
import { tdLoss } from '../nn/losses.js';
import { mlp } from '../nn/network.js';
import { adam } from '../nn/optimizer.js';
import { Random } from '../random.js';
import { linear } from '../schedules.js';
import { completeSettings, integer, integers, number, type SettingsOf } from '../settings.js';
import { ContinuousSpaces } from './continuous.js';
import { actorCriticWorkload } from './deterministic.js';
import { memoryFor, OFF_POLICY_SETTINGS, OffPolicyAgent } from './off-policy.js';
import { NAF_PRESETS } from './presets.js';
import { targets } from './targets.js';

export const NAF_SETTINGS = {
  hidden: integers([128, 128], [1, 65536], 'Units of each layer.'),
  ...OFF_POLICY_SETTINGS,
  batchSize: integer(128, [1, 65536], 'Transitions in one update.'),
  learningRate: number(1e-3, [0, 1], "Adam's step size."),
  maxGradientNorm: number(10, [1e-9, Infinity], 'Gradients of a larger norm are scaled down to this one.'),
  tau: number(0.005, [0, 1], 'Share of the online network that the target network takes on at each update.'),
  noiseStart: number(
    1,
    [0, 10],
    "Deviation of the noise in actions at first, in units of half an action's range.",
  ),
  noiseEnd: number(0.1, [0, 10], 'The same in the end.'),
  noiseSteps: integer(10_000, [0, Infinity], 'Steps over which it goes from one to the other.'),
};

export type NafSettings = SettingsOf<typeof NAF_SETTINGS>;

/**
 * Normalized advantage functions (Gu et al. 2016, "Continuous deep Q-learning with model-based acceleration"): Q is a
 * parabola in the action, whose maximum needs no search:
 *
 *     Q(s, a) = V(s) − ½ (a − μ(s))ᵀ P(s) (a − μ(s)),   P = LLᵀ, L lower triangular, its diagonal e^{…} (eq. 8, 9)
 *
 * One network gives V, μ (through tanh) and L. `stepsPerUpdate` below 1 makes several updates a step, and several envs
 * collect in parallel, as on real robots (Gu, Holly et al. 2017).
 */
export class Naf extends OffPolicyAgent {
  protected readonly modules: Modules;
  protected readonly policyModules: Modules;
  readonly #settings: NafSettings;
  readonly #spaces: ContinuousSpaces;
  readonly #online: Module;
  readonly #target: Module;
  readonly #batch;
  readonly #lower: LowerTriangle;

  /** @throws Error where the env's actions are not a Box with bounds, or it shows pictures */
  constructor(task: Task, settings: NafSettings, seed: number) {
    super(memoryFor(task, settings), { ...settings, updatesPerTarget: 1 }, seed);
    this.#settings = settings;
    this.#spaces = new ContinuousSpaces(task);
    const { stateSize: inputs, actionSize } = this.#spaces;
    this.#lower = lowerTriangle(actionSize);
    const random = new Random(seed, 'init');
    const outputs = 1 + actionSize + (actionSize * (actionSize + 1)) / 2;
    const network = mlp({ inputs, hidden: settings.hidden, outputs });
    this.#online = new Module(
      network,
      network.init(() => random.random()),
      adam({ learningRate: settings.learningRate }),
    );
    this.#target = this.#online.copy();
    this.#batch = this.memory.batch(settings.batchSize);
    this.policyModules = { policy: this.#online };
    this.modules = { ...this.policyModules, target: this.#target };
  }

  act(observations: readonly TypedArray[], { explore, random }: ActOptions): readonly TypedArray[] {
    const { actionSize } = this.#spaces;
    const { outputs, rows } = this.#outputs(this.#online, observations);
    const { noiseStart, noiseEnd, noiseSteps } = this.#settings;
    const noise = explore ? linear(noiseStart, noiseEnd, noiseSteps, this.collected) : 0;
    const unit = new Float32Array(rows * actionSize);
    for (let i = 0; i < unit.length; i++) {
      const row = Math.floor(i / actionSize);
      unit[i] = Math.tanh(outputs[row * this.#width + 1 + (i % actionSize)]!);
      if (noise > 0) unit[i]! += noise * random.normal();
    }
    return [this.#spaces.actions.fromUnit(unit)];
  }

  values(observations: readonly TypedArray[]): Float32Array {
    return this.#valueColumn(this.#outputs(this.#online, observations).outputs);
  }

  /** Outputs of the network for a state. */
  get #width(): number {
    return this.#online.network.outputs;
  }

  #outputs(module: Module, observations: readonly TypedArray[]) {
    const s = this.#spaces.states(observations);
    const rows = s.length / this.#spaces.stateSize;
    return { outputs: module.predict(s, rows), rows };
  }

  /** V(s) [B] */
  #valueColumn(outputs: Float32Array): Float32Array {
    return Float32Array.from(
      { length: outputs.length / this.#width },
      (_, row) => outputs[row * this.#width]!,
    );
  }

  /** y_t = R_t + d_t V_φ'(s_tpn). */
  protected regress(): Metrics {
    const { actionSize } = this.#spaces;
    const batch = this.#batch;
    this.memory.sample(this.sampling, batch);
    this.weigh(batch);
    const { s_t, a_t, s_tpn } = this.#spaces.transitions(batch);
    const y_t = targets(
      batch.returns,
      batch.discounts,
      this.#valueColumn(this.#target.predict(s_tpn, batch.n)),
    );
    const tdErrors = new Float32Array(batch.n);
    const { loss, gradientNorm } = this.#online.minimize(
      () => {
        const outputs = this.#online.apply(this.#spaces.stateTensor(s_t));
        const q_t = normalizedAdvantage(outputs, tf.tensor2d(a_t, [batch.n, actionSize]), this.#lower);
        return tdLoss(q_t, new Int32Array(batch.n), y_t, { weights: batch.weights, tdErrors });
      },
      { maxNorm: this.#settings.maxGradientNorm, name: 'naf' },
    );
    const q = mean(y_t) - mean(tdErrors);
    return { loss, gradient_norm: gradientNorm, q, ...this.judge(batch, tdErrors) };
  }

  protected updateTarget(): void {
    this.#target.follow(this.#online, this.#settings.tau);
  }
}

/** Where the numbers of a lower triangle go in its matrix: two constant matrices [entries, A · A]. */
export interface LowerTriangle {
  readonly size: number;
  /** 1 where an entry is an element of the diagonal. */
  readonly diagonal: Float32Array;
  /** 1 where it is one below. */
  readonly below: Float32Array;
}

export function lowerTriangle(size: number): LowerTriangle {
  const entries = (size * (size + 1)) / 2;
  const diagonal = new Float32Array(entries * size * size);
  const below = new Float32Array(entries * size * size);
  let entry = 0;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) (i === j ? diagonal : below)[entry++ * size * size + i * size + j] = 1;
  }
  return { size, diagonal, below };
}

/**
 * Q(s, a) [B, 1] from a network's outputs [B, 1 + A + A(A+1)/2], which are V, the means before tanh, and the entries of
 * L row by row, those of the diagonal as logarithms.
 * @param a [B, A], each number between −1 and 1
 */
export function normalizedAdvantage(
  outputs: tf.Tensor2D,
  a: tf.Tensor2D,
  { size, diagonal, below }: LowerTriangle,
): tf.Tensor2D {
  const entries = (size * (size + 1)) / 2;
  const [v, mu, l] = tf.split(outputs, [1, size, entries], 1) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
  const place = (values: tf.Tensor2D, where: Float32Array): tf.Tensor2D =>
    tf.matMul(values, tf.tensor2d(where, [entries, size * size]));
  const factor = tf.add(place(tf.exp(l), diagonal), place(l, below));
  // (a − μ)ᵀ L, a row for each state; its square length is the quadratic form.
  const off = tf.reshape(tf.sub(a, tf.tanh(mu)), [-1, size, 1]);
  const lifted = tf.sum(tf.mul(off, tf.reshape(factor, [-1, size, size])), 1);
  const quadratic = tf.sum(tf.square(lifted), 1, true);
  return tf.sub(v, tf.mul(0.5, quadratic)) as tf.Tensor2D;
}

export const naf: AgentDefinition = {
  name: 'naf',
  description: 'Q-learning with a Q that is a parabola in the action, for continuous actions.',
  source: 'Gu, Lillicrap, Sutskever and Levine 2016',
  settings: NAF_SETTINGS,
  presets: NAF_PRESETS,
  workload: (task, given) => actorCriticWorkload(task, completeSettings(NAF_SETTINGS, given)),
  create: (task, given, seed) => new Naf(task, completeSettings(NAF_SETTINGS, given), seed),
};
