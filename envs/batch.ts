import { arrayType, sizeOf, type TypedArray } from '../protocol/dtypes.js';
import type { Space, View } from '../protocol/spaces/index.js';

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

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What resets and steps of `n` rows give, made once and written again and again. */
export class Batches {
  readonly reset: Mutable<ResetBatch>;
  readonly step: Mutable<StepBatch>;
  readonly ended: Mutable<EndedBatch>;

  /** Observations and infos lie in `out`; those of ended episodes in `final`, where there is to be such a thing. */
  constructor(n: number, out: Rows, final?: Rows) {
    const { slabs: observations, infos } = out;
    this.reset = { n, observations, infos, seeds: new Float64Array(n) };
    this.ended = {
      n: 0,
      rows: new Uint32Array(n),
      returns: new Float64Array(n),
      lengths: new Uint32Array(n),
      seeds: new Float64Array(n),
      ...(final && { finalObservations: final.slabs, finalInfos: final.infos }),
    };
    this.step = {
      n,
      observations,
      rewards: new Float64Array(n),
      terminated: new Uint8Array(n),
      truncated: new Uint8Array(n),
      infos,
      ended: undefined,
    };
  }
}

/** Memory for `rows` rows of a space and of named infos, with views into each row, all made once. */
export class Rows {
  readonly slabs: TypedArray[];
  /** For each row, a view in the structure of the space. */
  readonly views: readonly View[];
  readonly infos: InfoSlabs;
  /** For each row, a view of every info. */
  readonly infoViews: readonly Readonly<Record<string, View>>[];

  constructor(space: Space, infoSpaces: Readonly<Record<string, Space>>, rows: number) {
    this.slabs = allocate(space, rows);
    this.views = Array.from({ length: rows }, (_, row) => viewOf(space, this.slabs, row));
    const named = Object.entries(infoSpaces);
    this.infos = Object.fromEntries(named.map(([name, info]) => [name, allocate(info, rows)]));
    this.infoViews = Array.from({ length: rows }, (_, row) =>
      Object.fromEntries(named.map(([name, info]) => [name, viewOf(info, this.infos[name]!, row)])),
    );
  }
}

const allocate = (space: Space, rows: number): TypedArray[] =>
  space.leaves.map((leaf) => new (arrayType(leaf.dtype))(rows * sizeOf(leaf.shape)));

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
