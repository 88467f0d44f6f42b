import { sizeOf } from './layers.js';

/** Draws a parameter of this shape; the last axis is the layer's outputs. `random` gives uniform numbers in [0, 1). */
export type Initializer = (shape: number[], random: () => number) => Float32Array;

export const zeros: Initializer = (shape) => new Float32Array(sizeOf(shape));

/** Uniform in ±sqrt(1 / fan in): what PyTorch's linear and convolutional layers start from. */
export const fanInUniform: Initializer = (shape, random) => {
  const units = shape.at(-1)!;
  const limit = Math.sqrt(units / sizeOf(shape));
  return Float32Array.from({ length: sizeOf(shape) }, () => (2 * random() - 1) * limit);
};
