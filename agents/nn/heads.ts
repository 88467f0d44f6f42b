import { fanInUniform } from './init.js';
import { append } from './layers/append.js';
import { dense } from './layers/dense.js';
import { dueling } from './layers/dueling.js';
import { type CnnOptions, convLayers, denseLayers, type MlpOptions } from './network.js';
import { Sequential } from './sequential.js';

/**
 * A dueling network (Wang et al. 2016): the last of the hidden layers is there twice, once for the value and once for
 * the advantages, and Q = V + A − mean(A). With `conv`, convolutions come first. At least one hidden layer.
 */
export function duelingNetwork(options: MlpOptions | CnnOptions): Sequential {
  const {
    hidden,
    outputs,
    activation = 'relu',
    init = fanInUniform,
    outputInit = init,
    inputScale,
  } = options;
  const stream = hidden.at(-1);
  if (stream === undefined)
    throw new Error('dueling: hidden: expected at least one layer, which both streams have');
  const inputs = [options.inputs].flat() as number[];
  const front = 'conv' in options ? convLayers(options) : [];
  const shared = hidden
    .slice(0, -1)
    .map((units, i) =>
      dense(i === 0 ? (front.at(-1)?.outputs ?? inputs) : [hidden[i - 1]!], units, activation, init),
    );
  const below = shared.at(-1)?.outputs ?? front.at(-1)?.outputs ?? inputs;
  // The two streams see the same input, so that they are one layer of twice the width.
  const streams = dense(below, 2 * stream, activation, init);
  return new Sequential(
    inputs,
    [...front, ...shared, streams, dueling(stream, outputs, outputInit)],
    inputScale,
  );
}

export interface GaussianOptions extends MlpOptions {
  /** Actions; the network has twice as many outputs. */
  readonly outputs: number;
  /** Where given, the log standard deviations are parameters that begin with this and do not depend on the input. */
  readonly logStd?: number;
}

/**
 * A network whose outputs [B, 2 · actions] are the means and then the log standard deviations of a gaussian, for
 * distributions/gaussian.ts to read.
 */
export function gaussianNetwork({ logStd, ...options }: GaussianOptions): Sequential {
  const { outputs: actions } = options;
  const inputs = [options.inputs].flat() as number[];
  const layers =
    logStd === undefined
      ? denseLayers(inputs, { ...options, outputs: 2 * actions })
      : [...denseLayers(inputs, options), append(actions, actions, logStd)];
  return new Sequential(inputs, layers, options.inputScale);
}
