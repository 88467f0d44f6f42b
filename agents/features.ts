import type { TypedArray } from '../protocol/dtypes.js';
import { sizeOf } from '../protocol/dtypes.js';
import { Box, Dict, Discrete, type Space, Text, Tuple } from '../protocol/spaces/index.js';
import { ACTION_MASK } from './action-mask.js';

/** The numbers that a network is given for the observations of a space. */
export interface Features {
  /** Shape of those of one observation: [height, width, channels] of a picture, else [numbers]. */
  readonly shape: readonly number[];
  readonly size: number;
  /** What bytes are multiplied by: 1 for zeros and ones, 1/255 for pixels. */
  readonly scale: number;
  /** Those of a batch of observations [B, size]. Where nothing has to be converted, the slab itself. */
  read(slabs: readonly TypedArray[]): Float32Array | Uint8Array;
}

/** One leaf of an observation as numbers. */
interface Part {
  /** Which slab. */
  readonly leaf: number;
  /** Elements of the leaf. */
  readonly size: number;
  /** Of a Discrete: as many numbers, of which the one at its value is 1. */
  readonly oneHot?: Discrete;
}

const widthOf = ({ size, oneHot }: Part): number => oneHot?.n ?? size;

/**
 * The numbers of a space: a Box as it is; a Discrete as one 1 among zeros; the parts of a Dict or Tuple side by side,
 * but for an action mask.
 * @throws Error where the space has text, or pictures beside something else
 */
export function featuresOf(space: Space): Features {
  if (space instanceof Box) return boxFeatures(space, 0);
  const masked = space instanceof Dict && ACTION_MASK in space.spaces;
  if (masked && space.spaces.observation instanceof Box && space.leaves.length === 2) {
    return boxFeatures(space.spaces.observation, 1);
  }
  const parts = [...partsOf(space, 0)];
  const size = parts.reduce((sum, part) => sum + widthOf(part), 0);
  return {
    shape: [size],
    size,
    scale: 1,
    read(slabs) {
      const n = slabs[parts[0]!.leaf]!.length / parts[0]!.size;
      const features = new Float32Array(n * size);
      let at = 0;
      for (const part of parts) {
        const slab = slabs[part.leaf]!;
        for (let row = 0; row < n; row++) {
          const to = row * size + at;
          if (part.oneHot) features[to + Number(slab[row]) - part.oneHot.start] = 1;
          else for (let i = 0; i < part.size; i++) features[to + i] = Number(slab[row * part.size + i]);
        }
        at += widthOf(part);
      }
      return features;
    },
  };
}

function boxFeatures({ shape, size, dtype, high }: Box, leaf: number): Features {
  const scale = dtype === 'uint8' ? 1 / high.reduce((most, x) => Math.max(most, x), 1) : 1;
  const read = (slabs: readonly TypedArray[]): Float32Array | Uint8Array => {
    const slab = slabs[leaf]!;
    return slab instanceof Float32Array || slab instanceof Uint8Array
      ? slab
      : Float32Array.from(slab as Float64Array);
  };
  // A gray picture has one channel.
  const isGray = shape.length === 2 && dtype === 'uint8';
  return { shape: isGray ? [...shape, 1] : shape.length === 3 ? shape : [size], size, scale, read };
}

function* partsOf(space: Space, first: number): Generator<Part> {
  if (space instanceof Dict || space instanceof Tuple) {
    let leaf = first;
    for (const [name, child] of Object.entries(space.spaces) as [string, Space][]) {
      if (name !== ACTION_MASK) yield* partsOf(child, leaf);
      leaf += child.leaves.length;
    }
    return;
  }
  const [{ shape, dtype } = { shape: [], dtype: 'float32' }] = space.leaves;
  if (space instanceof Text || (shape.length === 3 && dtype === 'uint8')) {
    throw new Error(
      `this agent takes numbers, or one picture; the env observes ${space.toString()} among others`,
    );
  }
  yield { leaf: first, size: sizeOf(shape), ...(space instanceof Discrete && { oneHot: space }) };
}
