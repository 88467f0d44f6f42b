import type { TypedArray } from '../../protocol/dtypes.js';
import { Box, Discrete } from '../../protocol/spaces/index.js';
import type { Task } from '../agent.js';
import type { Network } from '../nn/network.js';
import { cnn, mlp } from '../nn/network.js';

/** A network that gives the value of every action in a state, and how the env's spaces meet its inputs and outputs. */
export interface DiscreteCritic {
  readonly network: Network;
  readonly numActions: number;
  /** What the env calls action 0. */
  readonly firstAction: number;
  /** Numbers in one observation. */
  readonly inputSize: number;
  /** What bytes of observations are multiplied by. */
  readonly inputScale: number;
}

/** From this height on, pictures are scaled down by strides, as Mnih et al. (2015) do; smaller ones have cells to keep. */
const LARGE_PICTURE = 36;
/** MinAtar's network (Young and Tian 2019). */
const SMALL_CONV = [{ filters: 16, size: 3, stride: 1 }];
/** The network of Mnih et al. (2015). */
const LARGE_CONV = [
  { filters: 32, size: 8, stride: 4 },
  { filters: 64, size: 4, stride: 2 },
  { filters: 64, size: 3, stride: 1 },
];

/**
 * The critic for a task with one Box of observations and one Discrete of actions: a convolutional network where
 * observations are pictures, [height, width, channels], else dense layers. Throws on other spaces.
 */
export function discreteCritic(task: Task, hidden: readonly number[]): DiscreteCritic {
  const { observationSpace, actionSpace } = task;
  if (!(actionSpace instanceof Discrete)) {
    throw new Error(`this agent takes a Discrete action space, the env has ${actionSpace.toString()}`);
  }
  if (!(observationSpace instanceof Box)) {
    throw new Error(`this agent takes a Box of observations, the env has ${observationSpace.toString()}`);
  }
  const { shape, dtype, high } = observationSpace;
  const inputScale = dtype === 'uint8' ? 1 / high.reduce((most, x) => Math.max(most, x), 1) : 1;
  const options = { hidden: [...hidden], outputs: actionSpace.n, inputScale };
  const [height = 0, width = 0, channels = 0] = shape;
  const network =
    shape.length === 3
      ? cnn({
          ...options,
          inputs: [height, width, channels],
          conv: height < LARGE_PICTURE ? SMALL_CONV : LARGE_CONV,
        })
      : mlp({ ...options, inputs: [...shape] });
  return {
    network,
    numActions: actionSpace.n,
    firstAction: actionSpace.start,
    inputSize: observationSpace.size,
    inputScale,
  };
}

/** A slab of observations as a network takes it. */
export function asInput(slab: TypedArray): Float32Array | Uint8Array {
  return slab instanceof Float32Array || slab instanceof Uint8Array
    ? slab
    : Float32Array.from(slab as Float64Array);
}
