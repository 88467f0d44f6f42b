import { arrayType, type DType, sizeOf, type TypedArray } from '../protocol/dtypes.js';
import type { Leaf, Space, View } from '../protocol/spaces/index.js';

/** Infos of a batch: for each name, one slab a leaf of its space. */
export type InfoSlabs = Readonly<Record<string, TypedArray[]>>;

/** What a reset gives. Rows 0 to n - 1 of every slab are meant, and the next call overwrites them. */
export interface ResetBatch {
  readonly n: number;
  /** One slab a leaf of the observation space. */
  readonly observations: TypedArray[];
  readonly infos: InfoSlabs;
  /** The seed of each env's random stream. */
  readonly seeds: Float64Array;
}

/** What a step gives. Rows 0 to n - 1 of every slab are meant, and the next call overwrites them. */
export interface StepBatch {
  readonly n: number;
  readonly observations: TypedArray[];
  readonly rewards: Float64Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  readonly infos: InfoSlabs;
  /** The episodes that ended in this step, if any did. */
  readonly ended: EndedBatch | undefined;
}

/** Episodes that ended in one step: rows 0 to n - 1 of every array. */
export interface EndedBatch {
  readonly n: number;
  /** Which row of the step each belongs to, ascending. */
  readonly rows: Uint32Array;
  /** Sum of rewards. */
  readonly returns: Float64Array;
  /** Steps. */
  readonly lengths: Uint32Array;
  /** Seed of the random stream the episode was drawn from. */
  readonly seeds: Float64Array;
  /** Under SAME_STEP: the last observation and infos of each episode. */
  readonly finalObservations?: TypedArray[];
  readonly finalInfos?: InfoSlabs;
}

/** What the arrays of a vector env are laid out by. */
export interface BatchShape {
  readonly numEnvs: number;
  readonly actionLeaves: readonly Leaf[];
  readonly observationLeaves: readonly Leaf[];
  readonly infos: readonly { readonly name: string; readonly leaves: readonly Leaf[] }[];
  /** Whether the last observation and infos of an episode that ended ride along, as under SAME_STEP. */
  readonly finals: boolean;
}

/** The shape of `numEnvs` rows of some spaces. */
export function batchShape(
  numEnvs: number,
  actionSpace: Space,
  observationSpace: Space,
  infoSpaces: Readonly<Record<string, Space>>,
  finals: boolean,
): BatchShape {
  return {
    numEnvs,
    actionLeaves: actionSpace.leaves,
    observationLeaves: observationSpace.leaves,
    infos: Object.entries(infoSpaces).map(([name, { leaves }]) => ({ name, leaves })),
    finals,
  };
}

/** Every array that a vector env reads or writes for others to see, `numEnvs` rows each. */
export interface BatchMemory {
  readonly actions: TypedArray[];
  readonly observations: TypedArray[];
  readonly infos: InfoSlabs;
  readonly rewards: Float64Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  readonly seeds: Float64Array;
  /** Where each env is in its life (`Phase`); by env, where all others are by row of the batch. */
  readonly phases: Uint8Array;
  readonly ended: Omit<EndedBatch, 'n'>;
}

/** Makes an array of `rows` rows of `size` elements. */
export type Allocate = (dtype: DType, rows: number, size: number) => TypedArray;

/** Asks `allocate` for each array in turn: in the same order whenever the shape is the same. */
export function allocateBatch(
  shape: BatchShape,
  allocate: Allocate = (dtype, rows, size) => new (arrayType(dtype))(rows * size),
): BatchMemory {
  const n = shape.numEnvs;
  const column = <T extends TypedArray>(dtype: DType): T => allocate(dtype, n, 1) as T;
  const slabs = (leaves: readonly Leaf[]): TypedArray[] =>
    leaves.map((leaf) => allocate(leaf.dtype, n, sizeOf(leaf.shape)));
  const infos = (): InfoSlabs =>
    Object.fromEntries(shape.infos.map(({ name, leaves }) => [name, slabs(leaves)]));
  return {
    actions: slabs(shape.actionLeaves),
    observations: slabs(shape.observationLeaves),
    infos: infos(),
    rewards: column('float64'),
    terminated: column('bool'),
    truncated: column('bool'),
    seeds: column('float64'),
    phases: column('uint8'),
    ended: {
      rows: column('uint32'),
      returns: column('float64'),
      lengths: column('uint32'),
      seeds: column('float64'),
      ...(shape.finals && { finalObservations: slabs(shape.observationLeaves), finalInfos: infos() }),
    },
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What resets and steps give, made once and written again and again. */
export class Batches {
  readonly reset: Mutable<ResetBatch>;
  readonly step: Mutable<StepBatch>;
  readonly ended: Mutable<EndedBatch>;

  constructor({ observations, infos, rewards, terminated, truncated, seeds, ended }: BatchMemory) {
    const n = seeds.length;
    this.reset = { n, observations, infos, seeds };
    this.step = { n, observations, rewards, terminated, truncated, infos, ended: undefined };
    this.ended = { n: 0, ...ended };
  }
}

/** Views into each row of arrays, all made once; and the arrays, where none are given. */
export class Rows {
  readonly slabs: TypedArray[];
  /** For each row, a view in the structure of the space. */
  readonly views: readonly View[];
  /** For each row, a view of every info. */
  readonly infoViews: readonly Readonly<Record<string, View>>[];

  constructor(
    space: Space,
    infoSpaces: Readonly<Record<string, Space>>,
    rows: number,
    slabs = space.leaves.map((leaf) => new (arrayType(leaf.dtype))(rows * sizeOf(leaf.shape))),
    infos: InfoSlabs = {},
  ) {
    this.slabs = slabs;
    const named = Object.entries(infoSpaces);
    this.views = Array.from({ length: rows }, (_, row) => viewOf(space, slabs, row));
    this.infoViews = Array.from({ length: rows }, (_, row) =>
      Object.fromEntries(named.map(([name, info]) => [name, viewOf(info, infos[name]!, row)])),
    );
  }
}

type Container = Record<string | number, unknown>;

/** A typed array for each leaf of one row, held in records (Dict) and arrays (Tuple) as the space holds its leaves. */
function viewOf(space: Space, slabs: readonly TypedArray[], row: number): View {
  // The view hangs on a holder, so that a space which is itself a leaf (empty path) is no special case.
  const holder: Container = {};
  for (const [i, leaf] of space.leaves.entries()) {
    const path = ['view', ...leaf.path];
    let container = holder;
    for (let depth = 0; depth + 1 < path.length; depth++) {
      const key = path[depth]!;
      container[key] ??= typeof path[depth + 1] === 'number' ? [] : {};
      container = container[key] as Container;
    }
    const size = sizeOf(leaf.shape);
    container[path.at(-1)!] = slabs[i]!.subarray(row * size, (row + 1) * size);
  }
  return holder.view as View;
}
