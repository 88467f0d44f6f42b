import type { StepResult } from '../../protocol/client/results.js';
import { arrayType, bytesOf, type DType, itemSize, sizeOf, type TypedArray } from '../../protocol/dtypes.js';
import { type Leaf, type Space, spaceFromJSON } from '../../protocol/spaces/index.js';
import {
  decodeSafetensors,
  encodeSafetensors,
  type SafetensorsDtype,
  type StoredTensor,
} from '../nn/safetensors.js';

const FORMAT = '1';

/** What a data set tells of the env it was recorded in. */
export interface DataSetEnv {
  readonly id: string;
  /** The contract's hash: transitions of another contract are of another task. */
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

/** One episode while it is recorded: rows of each leaf, in order. */
interface Episode {
  readonly observations: TypedArray[][];
  readonly actions: TypedArray[][];
  readonly rewards: number[];
}

/** Gathers whole episodes of a vector env under SAME_STEP autoreset; what is unfinished in the end is left out. */
export class DataSetWriter {
  readonly #env: DataSetEnv;
  readonly #under: Episode[] = [];
  readonly #done: { readonly episode: Episode; readonly terminated: boolean }[] = [];

  constructor(env: DataSetEnv) {
    this.#env = env;
  }

  /** Finished episodes. */
  get episodes(): number {
    return this.#done.length;
  }

  /** The first observations: a row an env. */
  begin(observations: readonly TypedArray[], numEnvs: number): void {
    for (let row = 0; row < numEnvs; row++) this.#under[row] = this.#start(observations, row);
  }

  /** What a step of every env gave for these actions. */
  add(actions: readonly TypedArray[], { observations, rewards, terminated, ended }: StepResult): void {
    const { observationSpace, actionSpace } = this.#env;
    for (const [row, episode] of this.#under.entries()) {
      episode.actions.push(rowOf(actions, actionSpace.leaves, row));
      episode.rewards.push(rewards[row]!);
      const k = ended ? ended.rows.indexOf(row) : -1;
      if (k < 0) {
        episode.observations.push(rowOf(observations, observationSpace.leaves, row));
      } else {
        episode.observations.push(rowOf(ended!.finalObservations!, observationSpace.leaves, k));
        this.#done.push({ episode, terminated: terminated[row] === 1 });
        this.#under[row] = this.#start(observations, row);
      }
    }
  }

  /**
   * The first `episodes` as a safetensors file, which NumPy and PyTorch read: tensors `lengths`, `terminated`,
   * `rewards`, and `observations` and `actions`, one a leaf with its path behind a dot, as in `DataSet`.
   */
  encode(episodes = this.#done.length): Uint8Array {
    const done = this.#done.slice(0, episodes);
    const { id, contractHash, observationSpace, actionSpace } = this.#env;
    const tensors: Record<string, StoredTensor> = {
      lengths: stored(
        'int32',
        [done.length],
        Int32Array.from(done, ({ episode }) => episode.rewards.length),
      ),
      terminated: stored(
        'bool',
        [done.length],
        Uint8Array.from(done, ({ terminated }) => (terminated ? 1 : 0)),
      ),
    };
    const rewards = Float64Array.from(done.flatMap(({ episode }) => episode.rewards));
    tensors.rewards = stored('float64', [rewards.length], rewards);
    const add = (name: string, leaves: readonly Leaf[], rows: TypedArray[][]) => {
      for (const [i, leaf] of leaves.entries()) {
        const all = new (arrayType(leaf.dtype))(rows.length * sizeOf(leaf.shape));
        for (const [k, row] of rows.entries()) all.set(row[i] as never, k * sizeOf(leaf.shape));
        tensors[leafName(name, leaf)] = stored(leaf.dtype, [rows.length, ...leaf.shape], all);
      }
    };
    add(
      'observations',
      observationSpace.leaves,
      done.flatMap(({ episode }) => episode.observations),
    );
    add(
      'actions',
      actionSpace.leaves,
      done.flatMap(({ episode }) => episode.actions),
    );
    return encodeSafetensors(tensors, {
      farstep_data_set: FORMAT,
      env: id,
      contract_hash: contractHash,
      observation_space: JSON.stringify(observationSpace),
      action_space: JSON.stringify(actionSpace),
    });
  }

  #start(observations: readonly TypedArray[], row: number): Episode {
    const first = rowOf(observations, this.#env.observationSpace.leaves, row);
    return { observations: [first], actions: [], rewards: [] };
  }
}

/** A data set from its file. Throws a sentence where it is none, or does not hold together. */
export function readDataSet(file: Uint8Array): DataSet {
  const { tensors, metadata } = decodeSafetensors(file);
  if (metadata.farstep_data_set !== FORMAT) {
    const got = metadata.farstep_data_set ?? 'a file without one';
    throw new Error(`data set: expected format ${FORMAT}, got ${got}`);
  }
  const space = (name: string) => spaceFromJSON(JSON.parse(metadata[name] ?? 'null'), name);
  const env: DataSetEnv = {
    id: metadata.env ?? '',
    contractHash: metadata.contract_hash ?? '',
    observationSpace: space('observation_space'),
    actionSpace: space('action_space'),
  };
  const tensor = (
    name: string,
    dtype: DType,
    rows: number | undefined,
    shape: readonly number[],
  ): TypedArray => {
    const found = tensors[name];
    const expected = storedShape(dtype, [rows ?? found?.shape[0] ?? 0, ...shape]);
    if (found?.dtype !== storedAs(dtype) || found.shape.join() !== expected.join()) {
      const got = found ? `${found.dtype} [${found.shape.join(', ')}]` : 'nothing';
      throw new Error(`data set: ${name}: expected ${storedAs(dtype)} [${expected.join(', ')}], got ${got}`);
    }
    const { buffer, byteOffset, byteLength } = found.data;
    return new (arrayType(dtype))(buffer, byteOffset, byteLength / itemSize(dtype));
  };
  const lengths = tensor('lengths', 'int32', undefined, []) as Int32Array;
  const steps = lengths.reduce((sum, length) => sum + length, 0);
  const slabs = (name: string, { leaves }: Space, rows: number) =>
    leaves.map((leaf) => tensor(leafName(name, leaf), leaf.dtype, rows, leaf.shape));
  return {
    env,
    lengths,
    terminated: tensor('terminated', 'bool', lengths.length, []) as Uint8Array,
    rewards: tensor('rewards', 'float64', steps, []) as Float64Array,
    observations: slabs('observations', env.observationSpace, steps + lengths.length),
    actions: slabs('actions', env.actionSpace, steps),
  };
}

const leafName = (name: string, { path }: Leaf): string => [name, ...path].join('.');

function rowOf(slabs: readonly TypedArray[], leaves: readonly Leaf[], row: number): TypedArray[] {
  return leaves.map(({ shape }, i) => slabs[i]!.slice(row * sizeOf(shape), (row + 1) * sizeOf(shape)));
}

const STORED: Partial<Record<DType, SafetensorsDtype>> = { float32: 'F32', float64: 'F64', int32: 'I32' };
const storedAs = (dtype: DType): SafetensorsDtype => STORED[dtype] ?? 'U8';
/** Types that our safetensors files lack are kept as bytes: those of an element in a last dimension of their own. */
const storedShape = (dtype: DType, shape: readonly number[]): number[] =>
  STORED[dtype] || itemSize(dtype) === 1 ? [...shape] : [...shape, itemSize(dtype)];

function stored(dtype: DType, shape: readonly number[], data: TypedArray): StoredTensor {
  return {
    dtype: storedAs(dtype),
    shape: storedShape(dtype, shape),
    data: STORED[dtype] ? (data as StoredTensor['data']) : bytesOf(data),
  };
}
