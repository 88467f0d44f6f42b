import type { Metrics, Task } from '../agent.js';
import { Module, type Modules } from '../module.js';
import type { ActivationName } from '../nn/activations.js';
import { inputTensor } from '../nn/input.js';
import type { ImageShape } from '../nn/layers/conv.js';
import { tdLoss } from '../nn/losses.js';
import { cnn, mlp, type Network } from '../nn/network.js';
import type { Optimizer } from '../nn/optimizer.js';
import { Random } from '../random.js';
import { convFor } from './critic.js';
import { type Examples, FittedAgent, type FittedSettings } from './fitted-agent.js';

/** How a network is fitted in an iteration. */
export interface NetworkFit {
  readonly hidden: readonly number[];
  readonly activation: ActivationName;
  readonly optimizer: () => Optimizer;
  /** Steps of gradient descent, S. */
  readonly steps: number;
  /** Examples of each step, drawn at random; absent: all of them. */
  readonly batchSize?: number;
  /** Whether each iteration begins with a network that knows nothing. */
  readonly restart: boolean;
}

/** Fitted Q-iteration with a network that has an output for each action. */
export class FittedNetwork extends FittedAgent {
  readonly #fit: NetworkFit;
  readonly #network: Network;
  readonly #module: Module;

  /** @throws Error on spaces it cannot act in */
  constructor(task: Task, settings: FittedSettings, seed: number, fit: NetworkFit) {
    super(task, settings, seed);
    const { shape, scale: inputScale } = this.features;
    const { hidden, activation } = fit;
    const options = { hidden, activation, outputs: this.numActions, inputScale };
    this.#fit = fit;
    this.#network =
      shape.length === 3
        ? cnn({ ...options, inputs: shape as ImageShape, conv: convFor(shape) })
        : mlp({ ...options, inputs: shape });
    this.#module = new Module(this.#network, this.#draw(new Random(seed, 'init')), fit.optimizer());
  }

  #draw(random: Random): Float32Array {
    return this.#network.init(() => random.random());
  }

  protected override get modules(): Modules {
    return { policy: this.#module };
  }

  protected override get policyModules(): Modules {
    return this.modules;
  }

  protected predict(states: Float32Array | Uint8Array): Float32Array {
    return this.#module.predict(states, states.length / this.features.size);
  }

  protected fit(examples: Examples): Metrics {
    const { steps, batchSize, restart } = this.#fit;
    if (restart) this.#module.restart(this.#draw(this.sampling));
    let last = { loss: 0, gradientNorm: 0 };
    for (let step = 0; step < steps; step++)
      last = this.#descend(batchSize ? this.#some(examples, batchSize) : examples);
    return { loss: last.loss, gradient_norm: last.gradientNorm };
  }

  #descend({ states, actions, targets }: Examples) {
    const { shape, scale } = this.features;
    return this.#module.minimize(
      () =>
        tdLoss(this.#module.apply(inputTensor(states, [targets.length, ...shape], scale)), actions, targets),
      { name: 'fitted Q' },
    );
  }

  /** So many examples, drawn uniformly. */
  #some({ states, actions, targets }: Examples, n: number): Examples {
    const { size } = this.features;
    const some = {
      states: states instanceof Float32Array ? new Float32Array(n * size) : new Uint8Array(n * size),
      actions: new Int32Array(n),
      targets: new Float32Array(n),
    };
    for (let row = 0; row < n; row++) {
      const drawn = this.sampling.integers(0, targets.length);
      some.states.set(states.subarray(drawn * size, (drawn + 1) * size), row * size);
      some.actions[row] = actions[drawn]!;
      some.targets[row] = targets[drawn]!;
    }
    return some;
  }
}
