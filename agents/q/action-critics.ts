import * as tf from '@tensorflow/tfjs-core';
import type { Sampled } from '../memory/index.js';
import { Module, type Modules } from '../module.js';
import { tdLoss } from '../nn/losses.js';
import { mlp } from '../nn/network.js';
import { adam } from '../nn/optimizer.js';
import type { Random } from '../random.js';
import type { ContinuousSpaces } from './continuous.js';

export interface ActionCriticsOptions {
  /** How many critics, K: the least of two is biased less upwards than one (Fujimoto, van Hoof and Meger 2018). */
  readonly count: number;
  readonly hidden: readonly number[];
  readonly learningRate: number;
}

/** Critics of states and actions side by side, Q_k(s, a), each with a target network of its own. */
export class ActionCritics {
  readonly online: readonly Module[];
  readonly targets: readonly Module[];
  readonly #spaces: ContinuousSpaces;

  constructor(spaces: ContinuousSpaces, options: ActionCriticsOptions, random: Random) {
    const { count, hidden, learningRate } = options;
    this.#spaces = spaces;
    const network = mlp({ inputs: spaces.stateSize + spaces.actionSize, hidden, outputs: 1 });
    this.online = Array.from(
      { length: count },
      () =>
        new Module(
          network,
          network.init(() => random.random()),
          adam({ learningRate }),
        ),
    );
    this.targets = this.online.map((critic) => critic.copy());
  }

  /** Multiply-adds of one critic for one example. */
  get multiplyAdds(): number {
    return this.online[0]!.network.multiplyAdds;
  }

  /** What checkpoints keep. */
  get modules(): Modules {
    return Object.fromEntries([
      ...this.online.map((critic, k) => [`critic${k + 1}`, critic]),
      ...this.targets.map((critic, k) => [`critic${k + 1}.target`, critic]),
    ]);
  }

  /** min_k Q_k(s, a) of the given critics. @param s [B, S] @param a [B, A] @returns float32 [B] */
  least(critics: readonly Module[], s: Float32Array, a: Float32Array): Float32Array {
    const joined = this.#spaces.join(s, a);
    const rows = a.length / this.#spaces.actionSize;
    const [first, ...others] = critics.map((critic) => critic.predict(joined, rows));
    for (const other of others) {
      for (let row = 0; row < rows; row++) first![row] = Math.min(first![row]!, other[row]!);
    }
    return first!;
  }

  /** Q_k(s, a) as a tensor [B, 1] of an online critic, differentiable in both. */
  apply(k: number, s: tf.Tensor2D, a: tf.Tensor2D): tf.Tensor2D {
    return this.online[k]!.apply(tf.concat([s, a], 1));
  }

  /** One step of each critic down the gradient of its mean squared error against y. */
  regress(
    s: Float32Array,
    a: Float32Array,
    y: Float32Array,
    { weights }: Partial<Sampled>,
    maxNorm: number,
  ): { readonly loss: number; readonly gradientNorm: number; readonly tdErrors: Float32Array } {
    const column = new Int32Array(y.length);
    const tdErrors = new Float32Array(y.length);
    const own = new Float32Array(y.length);
    let [loss, gradientNorm] = [0, 0];
    for (const [k, critic] of this.online.entries()) {
      const result = critic.minimize(
        () => tdLoss(critic.apply(this.#spaces.jointTensor(s, a)), column, y, { weights, tdErrors: own }),
        { maxNorm, name: `critic${k + 1}` },
      );
      loss += result.loss / this.online.length;
      gradientNorm += result.gradientNorm / this.online.length;
      for (let row = 0; row < own.length; row++) tdErrors[row]! += own[row]! / this.online.length;
    }
    return { loss, gradientNorm, tdErrors };
  }

  /** φ_k' ← τφ_k + (1−τ)φ_k'. */
  follow(tau: number): void {
    for (const [k, target] of this.targets.entries()) target.follow(this.online[k]!, tau);
  }
}
