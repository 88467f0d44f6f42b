import type * as tf from '@tensorflow/tfjs-core';
import type { CheckpointReader, Files } from './checkpoint.js';
import type { Network } from './nn/network.js';
import type { Optimizer } from './nn/optimizer.js';
import { Params } from './nn/params.js';
import { type MinimizeOptions, type MinimizeResult, minimize } from './nn/train.js';
import { encodeOptimizer, encodeParameters, loadOptimizer, loadParameters } from './parameters.js';

/** A network with its parameters and, where it is trained, its optimizer. */
export class Module<Output extends tf.Tensor = tf.Tensor2D> {
  readonly params: Params;

  /** @param values the parameters that it begins with */
  constructor(
    readonly network: Network<Output>,
    values: Float32Array,
    readonly optimizer?: Optimizer,
  ) {
    this.params = new Params(values, network.layout);
  }

  /** Outputs [B, outputs] of inputs, differentiable in both. */
  apply(x: tf.Tensor): Output {
    return this.network.apply(this.params.tensor, x);
  }

  /** The same numbers without tensors, [B · outputs]. */
  predict(x: Float32Array | Uint8Array, batch: number): Float32Array {
    return this.network.predict(this.params, x, batch);
  }

  /** One step of the optimizer down the gradient of a loss made with `apply`. */
  minimize(loss: () => tf.Scalar, options: MinimizeOptions): MinimizeResult {
    return minimize(this.params, this.optimizer!, loss, options);
  }

  /** Another one with the same parameters, to lag behind this one as its target. */
  copy(): Module<Output> {
    return new Module(this.network, this.params.read());
  }

  /** φ' ← τφ + (1−τ)φ', where φ are those of `leader`. */
  follow(leader: Module<Output>, tau: number): void {
    if (tau === 1) this.params.copyFrom(leader.params);
    else this.params.lerpFrom(leader.params, tau);
  }

  /** Begins anew with these parameters: what the optimizer kept is forgotten as well. */
  restart(values: Float32Array): void {
    this.params.write(values);
    this.optimizer?.reset();
  }

  dispose(): void {
    this.params.dispose();
    this.optimizer?.dispose();
  }
}

/** Modules by the name of their files. */
export type Modules = Readonly<Record<string, Module<tf.Tensor>>>;

/** Parameters as `<name>.safetensors` and, unless only they are wanted, optimizers as `<name>.optimizer.safetensors`. */
export function saveModules(modules: Modules, parametersOnly = false): Files {
  const files: Record<string, Uint8Array> = {};
  for (const [name, { network, params, optimizer }] of Object.entries(modules)) {
    files[`${name}.safetensors`] = encodeParameters(network, params);
    if (optimizer && !parametersOnly) files[`${name}.optimizer.safetensors`] = encodeOptimizer(optimizer);
  }
  return files;
}

export async function loadModules(
  modules: Modules,
  from: CheckpointReader,
  parametersOnly = false,
): Promise<void> {
  for (const [name, { network, params, optimizer }] of Object.entries(modules)) {
    loadParameters(network, params, await from.read(`${name}.safetensors`));
    if (optimizer && !parametersOnly)
      loadOptimizer(optimizer, await from.read(`${name}.optimizer.safetensors`));
  }
}
