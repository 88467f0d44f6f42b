import { arrayType, type DType, itemSize, type TypedArray } from '../../protocol/dtypes.js';
import { type Leaf, type Space, spaceFromJSON } from '../../protocol/spaces/index.js';
import type { Options } from '../../protocol/spec.js';
import type { SafetensorsDtype, StoredTensor, TensorEntry } from '../nn/safetensors.js';

const FORMAT = '1';

/** What a data set tells of the env it was recorded in. */
export interface DataSetEnv {
  readonly id: string;
  readonly options: Options;
  readonly numEnvs: number;
  /** The contract's hash, of as many envs: transitions of another contract are of another task. */
  readonly contractHash: string;
  readonly observationSpace: Space;
  readonly actionSpace: Space;
}

/** Whole episodes, one behind the other. */
export interface DataSet {
  readonly env: DataSetEnv;
  /** int32 [episodes]: steps of each. */
  readonly lengths: Int32Array;
  /** 0 or 1 [episodes]: the episode ended in a terminal state; else it was cut off. */
  readonly terminated: Uint8Array;
  /** float64 [steps] */
  readonly rewards: Float64Array;
  /** One slab a leaf, [steps + episodes] rows: each episode has one more than steps, its final observation. */
  readonly observations: readonly TypedArray[];
  /** One slab a leaf, [steps] rows. */
  readonly actions: readonly TypedArray[];
}

/** One of the arrays that a data set is made of, as its file holds it. */
export interface Column {
  readonly name: string;
  readonly dtype: DType;
  /** Of one row. */
  readonly shape: readonly number[];
  /** What it has a row for. */
  readonly rows: 'episode' | 'step' | 'observation';
}

/** How much there is in a data set. */
export interface Extent {
  readonly episodes: number;
  readonly steps: number;
}

/** The arrays of the data sets of an env: `observations` and `actions` are one a leaf, its path behind dots. */
export function columnsOf({ observationSpace, actionSpace }: DataSetEnv): Column[] {
  const leaves = (name: string, space: Space, rows: Column['rows']) =>
    space.leaves.map(({ path, dtype, shape }: Leaf) => ({
      name: [name, ...path].join('.'),
      dtype,
      shape,
      rows,
    }));
  return [
    { name: 'lengths', dtype: 'int32', shape: [], rows: 'episode' },
    { name: 'terminated', dtype: 'bool', shape: [], rows: 'episode' },
    { name: 'rewards', dtype: 'float64', shape: [], rows: 'step' },
    ...leaves('observations', observationSpace, 'observation'),
    ...leaves('actions', actionSpace, 'step'),
  ];
}

export const rowsOf = ({ rows }: Column, { episodes, steps }: Extent): number =>
  ({ episode: episodes, step: steps, observation: steps + episodes })[rows];

const STORED: Partial<Record<DType, SafetensorsDtype>> = { float32: 'F32', float64: 'F64', int32: 'I32' };

/**
 * A column as a tensor of the file. Types that our safetensors files lack are kept as bytes: those of an element in a
 * last dimension of their own.
 */
export function tensorOf(column: Column, extent: Extent): TensorEntry {
  const { name, dtype } = column;
  const shape = [rowsOf(column, extent), ...column.shape];
  const stored = STORED[dtype];
  if (stored === undefined && itemSize(dtype) > 1) shape.push(itemSize(dtype));
  return { name, dtype: stored ?? 'U8', shape };
}

export const metadataOf = (env: DataSetEnv): Record<string, string> => ({
  farstep_data_set: FORMAT,
  env: env.id,
  options: JSON.stringify(env.options),
  num_envs: String(env.numEnvs),
  contract_hash: env.contractHash,
  observation_space: JSON.stringify(env.observationSpace),
  action_space: JSON.stringify(env.actionSpace),
});

/** The env that a file's metadata tells of. Throws a sentence where the file is no data set. */
export function envOf(metadata: Readonly<Record<string, string>>): DataSetEnv {
  if (metadata.farstep_data_set !== FORMAT) {
    const got = metadata.farstep_data_set ?? 'a file without one';
    throw new Error(`data set: expected format ${FORMAT}, got ${got}`);
  }
  const space = (name: string) => spaceFromJSON(JSON.parse(metadata[name] ?? 'null'), name);
  return {
    id: metadata.env ?? '',
    options: JSON.parse(metadata.options ?? '{}') as Options,
    numEnvs: Number(metadata.num_envs),
    contractHash: metadata.contract_hash ?? '',
    observationSpace: space('observation_space'),
    actionSpace: space('action_space'),
  };
}

/** Throws where the tensors of a file are not those of its env's data sets; how much there is, else. */
export function checkTensors(env: DataSetEnv, tensors: readonly TensorEntry[], lengths: Int32Array): Extent {
  const extent = { episodes: lengths.length, steps: lengths.reduce((sum, length) => sum + length, 0) };
  for (const column of columnsOf(env)) {
    const { name, dtype, shape } = tensorOf(column, extent);
    const found = tensors.find((tensor) => tensor.name === name);
    if (found?.dtype === dtype && found.shape.join() === shape.join()) continue;
    const got = found ? `${found.dtype} [${found.shape.join(', ')}]` : 'nothing';
    throw new Error(`data set: ${name}: expected ${dtype} [${shape.join(', ')}], got ${got}`);
  }
  return extent;
}

/** A data set of the arrays of its columns, by name. */
export function assemble(env: DataSetEnv, arrays: ReadonlyMap<string, StoredTensor['data']>): DataSet {
  const columns = columnsOf(env).map(({ name, dtype }): [string, TypedArray] => {
    const { buffer, byteOffset, byteLength } = arrays.get(name)!;
    return [name, new (arrayType(dtype))(buffer, byteOffset, byteLength / itemSize(dtype))];
  });
  const named = Object.fromEntries(columns);
  const starting = (name: string) =>
    columns.filter(([other]) => other === name || other.startsWith(`${name}.`)).map(([, array]) => array);
  return {
    env,
    lengths: named.lengths as Int32Array,
    terminated: named.terminated as Uint8Array,
    rewards: named.rewards as Float64Array,
    observations: starting('observations'),
    actions: starting('actions'),
  };
}
