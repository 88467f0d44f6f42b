import type * as tf from '@tensorflow/tfjs-core';
import { parameterHeap } from './heap.js';
import { Params } from './params.js';
import { RULES } from './rules.js';

/** Changes a flat parameter vector along a gradient, in one pass over it. */
export interface Optimizer {
  /** Steps taken so far. */
  readonly steps: number;
  /**
   * One step down the gradient [numParams].
   * @param learningRate instead of the optimizer's own, for schedules
   * @param gradientScale multiplies the gradient first; clipping by global norm passes maxNorm / norm
   */
  step(params: Params, gradient: tf.Tensor1D, learningRate?: number, gradientScale?: number): void;
  /** All that the next step depends on, for a checkpoint: the step counter and what it keeps for each parameter. */
  state(): Record<string, Float32Array>;
  /** Forgets all of it. */
  reset(): void;
  /** @throws Error where the state is another optimizer's or of another network */
  load(state: Record<string, Float32Array>): void;
  dispose(): void;
}

/** A rule of one element, and the scalars it is given at step t = 1, 2, …. */
interface Method {
  readonly name: 'adam' | 'rmsprop' | 'sgd' | 'rprop';
  /** What is kept for each parameter between steps, and what each begins with. */
  readonly slots: Readonly<Record<string, number>>;
  scalars(step: number, learningRate: number): Record<string, number>;
}

class FlatOptimizer implements Optimizer {
  steps = 0;
  readonly #names: readonly string[];
  /** One vector a slot, once the number of parameters is known. */
  #slots: Params[] | undefined;

  constructor(
    readonly method: Method,
    readonly learningRate: number,
  ) {
    this.#names = Object.keys(method.slots);
  }

  step(params: Params, gradient: tf.Tensor1D, learningRate = this.learningRate, gradientScale = 1): void {
    if (gradient.size !== params.size) {
      throw new Error(`${this.method.name}: a gradient of ${gradient.size} for ${params.size} parameters`);
    }
    this.#slots ??= Object.values(this.method.slots).map(
      (initial) => new Params(new Float32Array(params.size).fill(initial)),
    );
    this.steps += 1;
    const { name } = this.method;
    const { heap } = params;
    const scalars: Record<string, number> = {
      gradientScale,
      ...this.method.scalars(this.steps, learningRate),
    };
    const { [name]: rule } = RULES;
    heap.kernels[name](
      ...[params.address, heap.addressOf(gradient), ...this.#slots.map((slot) => slot.address)],
      ...rule.scalars.map((scalar) => scalars[scalar]!),
      params.size,
    );
    params.version += 1;
  }

  state(): Record<string, Float32Array> {
    const slots = this.#slots ?? [];
    return {
      steps: Float32Array.of(this.steps),
      ...Object.fromEntries(slots.map((slot, i) => [this.#names[i]!, slot.read()])),
    };
  }

  load(state: Record<string, Float32Array>): void {
    const { steps, ...slots } = state;
    const names = Object.keys(slots);
    const expected = steps?.[0] === 0 ? [] : this.#names;
    if (steps?.length !== 1 || names.length !== expected.length || !expected.every((slot) => slot in slots)) {
      throw new Error(
        `${this.method.name}: state of [${Object.keys(state).join(', ')}], expected [steps, ${this.#names.join(', ')}]`,
      );
    }
    this.dispose();
    this.steps = steps[0]!;
    if (expected.length > 0) this.#slots = expected.map((slot) => new Params(slots[slot]!));
  }

  reset(): void {
    this.dispose();
    this.steps = 0;
  }

  dispose(): void {
    for (const slot of this.#slots ?? []) slot.dispose();
    this.#slots = undefined;
  }
}

export interface AdamOptions {
  readonly learningRate: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

/** Adam (Kingma and Ba 2015), numerically as PyTorch's. */
export function adam({ learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions): Optimizer {
  const scalars = (step: number, rate: number): Record<string, number> => ({
    rate: rate / (1 - beta1 ** step),
    beta1,
    beta2,
    correction: 1 / Math.sqrt(1 - beta2 ** step),
    epsilon,
  });
  return new FlatOptimizer({ name: 'adam', slots: { mean: 0, variance: 0 }, scalars }, learningRate);
}

export interface RmspropOptions {
  readonly learningRate: number;
  readonly decay?: number;
  readonly epsilon?: number;
}

/** RMSprop (Tieleman and Hinton 2012), numerically as PyTorch's. */
export function rmsprop({ learningRate, decay = 0.99, epsilon = 1e-8 }: RmspropOptions): Optimizer {
  const scalars = (_: number, rate: number): Record<string, number> => ({ rate, decay, epsilon });
  return new FlatOptimizer({ name: 'rmsprop', slots: { variance: 0 }, scalars }, learningRate);
}

export interface SgdOptions {
  readonly learningRate: number;
  readonly momentum?: number;
}

/** Stochastic gradient descent, with momentum where it is given. */
export function sgd({ learningRate, momentum = 0 }: SgdOptions): Optimizer {
  const scalars = (_: number, rate: number): Record<string, number> => ({ rate, momentum });
  return new FlatOptimizer({ name: 'sgd', slots: { velocity: 0 }, scalars }, learningRate);
}

export interface RpropOptions {
  /** The size of each parameter's first step; a learning rate given to `step` changes nothing. */
  readonly learningRate: number;
  readonly shrink?: number;
  readonly grow?: number;
  readonly smallest?: number;
  readonly largest?: number;
}

/** Rprop (Riedmiller and Braun 1993) for full batches, numerically as PyTorch's. */
export function rprop({
  learningRate,
  shrink = 0.5,
  grow = 1.2,
  smallest = 1e-6,
  largest = 50,
}: RpropOptions): Optimizer {
  const scalars = (): Record<string, number> => ({ grow, shrink, smallest, largest });
  return new FlatOptimizer(
    { name: 'rprop', slots: { previous: 0, size: learningRate }, scalars },
    learningRate,
  );
}

/** The Euclidean norm of a gradient; not a finite number where any of its elements is not. */
export function globalNorm(gradient: tf.Tensor): number {
  const heap = parameterHeap();
  return Math.sqrt(heap.kernels.sumOfSquares(heap.addressOf(gradient), gradient.size));
}

/** The factor that brings a gradient of norm `norm` down to `maxNorm`, 1 where it is within (as PyTorch's clip). */
export function clipScale(norm: number, maxNorm: number): number {
  return norm > maxNorm ? maxNorm / norm : 1;
}
