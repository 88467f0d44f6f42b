/** What the rows of `farstep bench nn` are written with, twice: this project's layer, and TensorFlow.js as it comes. */
import * as tf from '@tensorflow/tfjs-core';
import { composeTdLoss, meanSquaredError, type TdLossOptions, tdLoss } from '../../agents/nn/losses.js';
import { adam } from '../../agents/nn/optimizer.js';
import { Params } from '../../agents/nn/params.js';
import type { RecurrentCore } from '../../agents/nn/recurrent/core.js';
import type { Sequential } from '../../agents/nn/sequential.js';
import { minimize } from '../../agents/nn/train.js';

export type AnyNetwork = Sequential<tf.Tensor>;

/** Trainable numbers, an optimizer, and what is done with them. */
export interface Kit<P> {
  params(values: Float32Array): P;
  tensor(params: P): tf.Tensor1D;
  apply(network: AnyNetwork, params: tf.Tensor1D, x: tf.Tensor): tf.Tensor;
  predict(network: AnyNetwork, params: P, x: Float32Array, batch: number): Float32Array;
  applyCore(core: RecurrentCore, params: tf.Tensor1D, x: tf.Tensor3D, state: Float32Array): tf.Tensor;
  tdLoss(q: tf.Tensor2D, actions: Int32Array, targets: Float32Array, options: TdLossOptions): tf.Scalar;
  meanSquaredError(prediction: tf.Tensor, targets: Float32Array): tf.Scalar;
  /** Steps of Adam, one optimizer each. */
  minimizer(): (params: P, loss: () => tf.Scalar, maxNorm?: number) => void;
  lerp(target: P, source: P, tau: number): void;
}

export const FARSTEP: Kit<Params> = {
  params: (values) => new Params(values),
  tensor: (params) => params.tensor,
  apply: (network, params, x) => network.apply(params, x),
  predict: (network, params, x, batch) => network.predict(params, x, batch),
  applyCore: (core, params, x, state) => core.apply(params, x, state),
  tdLoss,
  meanSquaredError,
  minimizer() {
    const optimizer = adam({ learningRate: 1e-4 });
    return (params, loss, maxNorm) => void minimize(params, optimizer, loss, { maxNorm });
  },
  lerp: (target, source, tau) => target.lerpFrom(source, tau),
};

/** The same maths of the operations that TensorFlow.js has, with its own Adam. */
export const PLAIN: Kit<tf.Variable<tf.Rank.R1>> = {
  params: (values) => tf.variable(tf.tensor1d(values)),
  tensor: (params) => params,
  apply: (network, params, x) => network.compose(params, x),
  predict: (network, params, x, batch) =>
    tf.tidy(() => {
      const outer = network.members === undefined ? [] : [network.members];
      return network
        .compose(params, tf.tensor(x, [...outer, batch, ...network.inputs]))
        .dataSync<'float32'>();
    }),
  applyCore: (core, params, x, state) => core.compose(params, x, state),
  tdLoss: composeTdLoss,
  meanSquaredError: (prediction, targets) =>
    tf.mean(tf.squaredDifference(prediction, tf.tensor(targets, prediction.shape))),
  minimizer() {
    const optimizer = tf.train.adam(1e-4);
    return (params, loss, maxNorm) =>
      tf.tidy(() => {
        const { grads, value } = tf.variableGrads(loss, [params]);
        const gradient = grads[params.name]!;
        const scale = maxNorm === undefined ? 1 : tf.minimum(1, tf.div(maxNorm, tf.norm(gradient)));
        optimizer.applyGradients({ [params.name]: tf.mul(gradient, scale) });
        value.dataSync();
      });
  },
  lerp: (target, source, tau) =>
    tf.tidy(() => target.assign(tf.add(target, tf.mul(tau, tf.sub(source, target))))),
};
