import { sizeOf } from './layers/layer.js';

/**
 * Draws a parameter of this shape, whose last axis is the layer's outputs and whose other axes are what one output
 * sees. `random` gives uniform numbers in [0, 1).
 */
export type Initializer = (shape: readonly number[], random: () => number) => Float32Array;

/** Inputs of one output, and outputs fed by one input (times the positions of a filter). */
function fans(shape: readonly number[]): { fanIn: number; fanOut: number } {
  const outputs = shape.at(-1)!;
  return { fanIn: sizeOf(shape.slice(0, -1)), fanOut: sizeOf(shape.slice(0, -2)) * outputs };
}

function uniform(shape: readonly number[], limit: number, random: () => number): Float32Array {
  return Float32Array.from({ length: sizeOf(shape) }, () => (2 * random() - 1) * limit);
}

/** Standard normal numbers (Box and Muller 1958). */
export function normal(length: number, random: () => number): Float32Array {
  const numbers = new Float32Array(length + 1);
  for (let i = 0; i < length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    numbers[i] = radius * Math.cos(angle);
    numbers[i + 1] = radius * Math.sin(angle);
  }
  return numbers.slice(0, length);
}

export const zeros: Initializer = (shape) => new Float32Array(sizeOf(shape));

/** One number everywhere, such as the initial log standard deviation of a policy. */
export function constant(value: number): Initializer {
  return (shape) => new Float32Array(sizeOf(shape)).fill(value);
}

/** Uniform in ±sqrt(1 / fan in): the weights that PyTorch's linear and convolutional layers start from. */
export const fanInUniform: Initializer = (shape, random) =>
  uniform(shape, Math.sqrt(1 / fans(shape).fanIn), random);

/** Uniform in ±sqrt(6 / (fan in + fan out)) (Glorot and Bengio 2010, equation 16). */
export const glorotUniform: Initializer = (shape, random) => {
  const { fanIn, fanOut } = fans(shape);
  return uniform(shape, Math.sqrt(6 / (fanIn + fanOut)), random);
};

/** Normal of variance 2 / fan in, for layers before a relu (He et al. 2015, equation 10). */
export const heNormal: Initializer = (shape, random) => {
  const deviation = Math.sqrt(2 / fans(shape).fanIn);
  return normal(sizeOf(shape), random).map((x) => deviation * x);
};

/** Uniform in ±limit, such as the last layers of DDPG (Lillicrap et al. 2016, section 7). */
export function uniformWithin(limit: number): Initializer {
  return (shape, random) => uniform(shape, limit, random);
}

/**
 * A random matrix with orthonormal columns, or rows where there are more columns, times `gain` (Saxe, McClelland and
 * Ganguli 2014). The matrix is [what one output sees, outputs].
 */
export function orthogonal(gain = 1): Initializer {
  return (shape, random) => {
    const columns = shape.at(-1)!;
    const rows = sizeOf(shape) / columns;
    const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
    const vectors = Array.from({ length: count }, () => Float64Array.from(normal(length, random)));
    orthonormalize(vectors);
    const at =
      rows >= columns ? (i: number, j: number) => vectors[j]![i]! : (i: number, j: number) => vectors[i]![j]!;
    return Float32Array.from(
      { length: rows * columns },
      (_, n) => gain * at(Math.floor(n / columns), n % columns),
    );
  };
}

/** Gram and Schmidt's process, modified so that rounding errors do not pile up. */
function orthonormalize(vectors: Float64Array[]): void {
  for (const [i, vector] of vectors.entries()) {
    for (const earlier of vectors.slice(0, i)) {
      const along = vector.reduce((sum, x, j) => sum + x * earlier[j]!, 0);
      for (let j = 0; j < vector.length; j++) vector[j]! -= along * earlier[j]!;
    }
    const norm = Math.hypot(...vector);
    for (let j = 0; j < vector.length; j++) vector[j]! /= norm;
  }
}
