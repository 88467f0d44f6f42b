import type { TypedArray } from '../../protocol/dtypes.js';
import type { StepResult } from '../../protocol/results.js';
import type { ActOptions, Metrics, Task } from '../agent.js';
import type { Sampled } from '../memory/index.js';
import { Module, type Modules } from '../module.js';
import { uniformWithin } from '../nn/init.js';
import { mlp } from '../nn/network.js';
import { adam } from '../nn/optimizer.js';
import { Random } from '../random.js';
import { choice, integer, integers, number, type SettingsOf } from '../settings.js';
import { ActionCritics } from './action-critics.js';
import { ContinuousSpaces, negativeMean, type Transitions } from './continuous.js';
import { type ActionNoise, gaussianNoise, ornsteinUhlenbeckNoise } from './noise.js';
import { memoryFor, OFF_POLICY_SETTINGS, OffPolicyAgent } from './off-policy.js';
import { ParameterNoise } from './parameter-noise.js';

/** Settings of a policy and critics of its actions. */
export const ACTOR_CRITIC_SETTINGS = {
  hidden: integers([256, 256], [1, 65536], 'Units of each layer, of the policy and of each critic.'),
  ...OFF_POLICY_SETTINGS,
  memory: integer(1_000_000, [3, 1e8], 'Observations kept for replay; older ones make room.'),
  learningRate: number(1e-3, [0, 1], "Adam's step size of the critics."),
  actorLearningRate: number(1e-3, [0, 1], "Adam's step size of the policy."),
  tau: number(0.005, [0, 1], 'Share of the online networks that the target networks take on at a time.'),
  maxGradientNorm: number(1e9, [1e-9, Infinity], 'Gradients of a larger norm are scaled down to this one.'),
};

/** Settings of a policy that gives one action for each state, and explores by noise. */
export const DETERMINISTIC_SETTINGS = {
  ...ACTOR_CRITIC_SETTINGS,
  noise: choice(
    ['gaussian', 'ou', 'parameters'],
    'What explores: noise in actions, independent or an Ornstein-Uhlenbeck process, or in the parameters of the policy.',
  ),
  noiseScale: number(
    0.1,
    [0, 10],
    "Deviation that the noise gives actions, in units of half an action's range.",
  ),
};

export type DeterministicSettings = SettingsOf<typeof DETERMINISTIC_SETTINGS>;

/** The last layer of a policy begins this small, so that its first actions are near 0 (Lillicrap et al. 2016). */
const LAST_LAYER = uniformWithin(3e-3);

/** What DDPG and TD3 have in common: a policy μ_θ(s), critics Q_φ(s, a), their targets θ' and φ', exploration by noise. */
export abstract class DeterministicAgent extends OffPolicyAgent {
  protected readonly modules: Modules;
  protected readonly policyModules: Modules;
  protected readonly spaces: ContinuousSpaces;
  protected readonly actor: Module;
  protected readonly actorTarget: Module;
  protected readonly critics: ActionCritics;
  readonly #settings: DeterministicSettings;
  readonly #batch;
  readonly #noise: ActionNoise | undefined;
  readonly #parameterNoise: ParameterNoise | undefined;

  /** @throws Error where the env's actions are not a Box with bounds, or it shows pictures */
  constructor(
    task: Task,
    settings: DeterministicSettings,
    seed: number,
    { critics: count, updatesPerTarget }: { readonly critics: number; readonly updatesPerTarget: number },
  ) {
    super(memoryFor(task, settings), { ...settings, updatesPerTarget }, seed);
    const { hidden, learningRate, actorLearningRate, noise, noiseScale } = settings;
    this.#settings = settings;
    this.spaces = new ContinuousSpaces(task);
    const { stateSize: inputs, actionSize: outputs } = this.spaces;
    const random = new Random(seed, 'init');
    const network = mlp({ inputs, hidden, outputs, outputActivation: 'tanh', outputInit: LAST_LAYER });
    this.actor = new Module(
      network,
      network.init(() => random.random()),
      adam({ learningRate: actorLearningRate }),
    );
    this.actorTarget = this.actor.copy();
    this.critics = new ActionCritics(this.spaces, { count, hidden, learningRate }, random);
    if (noise === 'parameters') {
      this.#parameterNoise = new ParameterNoise(this.actor, noiseScale);
      this.#parameterNoise.disturb(this.sampling);
    } else {
      const make = noise === 'ou' ? ornsteinUhlenbeckNoise : gaussianNoise;
      this.#noise = make(task.numEnvs, outputs, noiseScale);
    }
    this.#batch = this.memory.batch(settings.batchSize);
    this.policyModules = { actor: this.actor };
    this.modules = {
      ...this.policyModules,
      'actor.target': this.actorTarget,
      ...this.critics.modules,
      ...(this.#parameterNoise && { 'actor.disturbed': this.#parameterNoise.disturbed }),
    };
  }

  act(observations: readonly TypedArray[], { explore, random }: ActOptions): readonly TypedArray[] {
    const s_t = this.spaces.states(observations);
    const rows = s_t.length / this.spaces.stateSize;
    return [
      this.spaces.actions.fromUnit(
        explore ? this.#explore(s_t, rows, random) : this.actor.predict(s_t, rows),
      ),
    ];
  }

  /** Any action at all until learning starts, from then on the policy's with noise. */
  #explore(s_t: Float32Array, rows: number, random: Random): Float32Array {
    if (this.collected < this.#settings.learningStarts) {
      return Float32Array.from({ length: rows * this.spaces.actionSize }, () => 2 * random.random() - 1);
    }
    if (this.#parameterNoise) return this.#parameterNoise.disturbed.predict(s_t, rows);
    const noise = this.#noise!.sample(random);
    return this.actor.predict(s_t, rows).map((action, i) => action + noise[i]!);
  }

  values(observations: readonly TypedArray[]): Float32Array {
    const s_t = this.spaces.states(observations);
    const a_t = this.actor.predict(s_t, s_t.length / this.spaces.stateSize);
    return this.critics.least(this.critics.online, s_t, a_t);
  }

  override observe(actions: readonly TypedArray[], result: StepResult): void {
    super.observe(actions, result);
    if (result.ended) this.#restart(result.ended.rows);
  }

  override begin(observations: readonly TypedArray[]): void {
    super.begin(observations);
    const { numEnvs } = this.memory;
    this.#restart(Array.from({ length: numEnvs }, (_, i) => i));
  }

  #restart(envs: Iterable<number>): void {
    this.#noise?.restart(envs);
    if (!this.#parameterNoise || this.memory.size === 0) return;
    this.memory.sample(this.sampling, this.#batch);
    this.#parameterNoise.adapt(this.spaces.states(this.#batch.observations), this.#batch.n);
    this.#parameterNoise.disturb(this.sampling);
  }

  /** A batch drawn from memory. */
  protected draw(): Transitions & {
    readonly samples: Sampled;
    readonly returns: Float32Array;
    readonly discounts: Float32Array;
  } {
    this.memory.sample(this.sampling, this.#batch);
    this.weigh(this.#batch);
    const { returns, discounts } = this.#batch;
    return { ...this.spaces.transitions(this.#batch), returns, discounts, samples: this.#batch };
  }

  /** One step up the gradient of Q_φ(s, μ_θ(s)) in θ (Silver et al. 2014). */
  protected improveActor(s_t: Float32Array): Metrics {
    const { loss } = this.actor.minimize(
      () => {
        const s = this.spaces.stateTensor(s_t);
        return negativeMean(this.critics.apply(0, s, this.actor.apply(s)));
      },
      { maxNorm: this.#settings.maxGradientNorm, name: 'actor' },
    );
    return { actor_loss: loss };
  }

  protected updateTarget(): void {
    const { tau } = this.#settings;
    this.actorTarget.follow(this.actor, tau);
    this.critics.follow(tau);
  }

  protected override saveState(): unknown {
    return { noise: this.#noise?.state ?? [], deviation: this.#parameterNoise?.deviation ?? null };
  }

  protected override loadState(state: unknown): void {
    const { noise, deviation } = state as { noise: number[]; deviation: number | null };
    if (this.#noise) this.#noise.state = noise;
    if (this.#parameterNoise) this.#parameterNoise.deviation = deviation!;
  }
}

/** Multiply-adds of a forward pass of a policy and of a critic of these layers, for a batch: what `auto` chooses by. */
export function actorCriticWorkload(
  task: Task,
  { hidden, batchSize }: { readonly hidden: readonly number[]; readonly batchSize: number },
): { readonly multiplyAdds: number } {
  const { stateSize, actionSize } = new ContinuousSpaces(task);
  const critic = mlp({ inputs: stateSize + actionSize, hidden, outputs: 1 });
  return { multiplyAdds: batchSize * critic.multiplyAdds };
}
