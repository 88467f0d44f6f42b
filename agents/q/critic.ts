import type { Task } from '../agent.js';
import { discreteActions } from '../discrete-actions.js';
import { type Features, featuresOf } from '../features.js';
import { duelingNetwork } from '../nn/heads.js';
import { fanInUniform, heNormal } from '../nn/init.js';
import type { ImageShape } from '../nn/layers/conv.js';
import { cnn, mlp, type Network } from '../nn/network.js';

/** From these heights on, pictures are scaled down by strides; smaller ones have cells to keep. */
const [MEDIUM_PICTURE, LARGE_PICTURE] = [36, 64];
/** MinAtar's network (Young and Tian 2019). */
const SMALL_CONV = [{ filters: 16, size: 3, stride: 1 }];
/** Leaves 6 × 6 places of a picture of 42 × 42, of which the next network would leave one or four. */
const MEDIUM_CONV = [
  { filters: 16, size: 6, stride: 3 },
  { filters: 32, size: 3, stride: 2 },
];
/** The network of Mnih et al. (2015). */
const LARGE_CONV = [
  { filters: 32, size: 8, stride: 4 },
  { filters: 64, size: 4, stride: 2 },
  { filters: 64, size: 3, stride: 1 },
];

/** The convolutions that suit pictures of this shape. */
export const convFor = ([height]: readonly number[]) =>
  height! < MEDIUM_PICTURE ? SMALL_CONV : height! < LARGE_PICTURE ? MEDIUM_CONV : LARGE_CONV;

/**
 * What a network over pictures begins from. What moves on a large screen is small and pale against everything that stays:
 * through four layers of weights as small as `fanInUniform`'s it would drown.
 */
const initFor = ([height]: readonly number[]) =>
  height! < MEDIUM_PICTURE ? {} : { init: heNormal, outputInit: fanInUniform };

/** A network that gives the value of every action in a state, and how the env's spaces meet its inputs and outputs. */
export interface DiscreteCritic {
  readonly network: Network;
  readonly features: Features;
  readonly numActions: number;
  /** What the env calls action 0. */
  readonly firstAction: number;
}

/**
 * The critic for a task with Discrete actions: a convolutional network where observations are pictures, else dense
 * layers.
 * @param dueling whether value and advantages have streams of their own (Wang et al. 2016)
 * @throws Error on other spaces
 */
export function discreteCritic(task: Task, hidden: readonly number[], dueling = false): DiscreteCritic {
  const { n, start } = discreteActions(task.actionSpace);
  const features = featuresOf(task.observationSpace);
  const { shape, scale: inputScale } = features;
  const options = { hidden, outputs: n, inputScale };
  const picture = { ...options, inputs: shape as ImageShape, conv: convFor(shape), ...initFor(shape) };
  const flat = { ...options, inputs: shape };
  const isPicture = shape.length === 3;
  const network = dueling ? duelingNetwork(isPicture ? picture : flat) : isPicture ? cnn(picture) : mlp(flat);
  return { network, features, numActions: n, firstAction: start };
}
