import {
  type Allocate,
  allocateBatch,
  type BatchMemory,
  type BatchShape,
  type InfoSlabs,
} from '../../envs/batch.js';
import { arrayType, itemSize, type TypedArray } from '../../protocol/dtypes.js';
import type { Contract } from '../../protocol/messages.js';

/** One array of a batch: rows of `size` elements. */
export interface Column {
  readonly array: TypedArray;
  readonly size: number;
}

/** The layout of `numEnvs` of the envs that a contract tells of. */
export const shapeOf = (contract: Contract, numEnvs: number): BatchShape => ({
  numEnvs,
  actionLeaves: contract.actionLeaves,
  observationLeaves: contract.observationLeaves,
  infos: contract.infos,
  finals: contract.autoreset === 'same_step',
});

/** The memory of a vector env, or of a part of one, with its arrays as columns. */
export class Batch {
  readonly memory: BatchMemory;
  readonly actions: readonly Column[];
  /** What a reset gives, what a step does, and what it does of the episodes that ended. */
  readonly reset: readonly Column[];
  readonly step: readonly Column[];
  readonly ended: readonly Column[];
  readonly #shape: BatchShape;
  readonly #arrays: TypedArray[] = [];

  constructor(shape: BatchShape, allocate?: Allocate) {
    this.#shape = shape;
    const make: Allocate = allocate ?? ((dtype, rows, size) => new (arrayType(dtype))(rows * size));
    this.memory = allocateBatch(shape, (dtype, rows, size) => {
      const array = make(dtype, rows, size);
      this.#arrays.push(array);
      return array;
    });
    const { actions, observations, infos, rewards, terminated, truncated, seeds, ended } = this.memory;
    const columns = (...arrays: TypedArray[]): Column[] =>
      arrays.map((array) => ({ array, size: array.length / shape.numEnvs }));
    const named = (slabs: InfoSlabs = {}): TypedArray[] =>
      shape.infos.flatMap(({ name }) => slabs[name] ?? []);
    const { finalObservations = [], finalInfos } = ended;
    this.actions = columns(...actions);
    this.reset = columns(...observations, ...named(infos), seeds);
    this.step = columns(...observations, ...named(infos), rewards, terminated, truncated);
    this.ended = columns(
      ended.rows,
      ended.returns,
      ended.lengths,
      ended.seeds,
      ...finalObservations,
      ...named(finalInfos),
    );
  }

  get numEnvs(): number {
    return this.#shape.numEnvs;
  }

  /** Rows `first` to `first + count - 1`, as a batch of its own in the same memory. */
  region(first: number, count: number): Batch {
    let next = 0;
    return new Batch({ ...this.#shape, numEnvs: count }, (_dtype, rows, size) =>
      this.#arrays[next++]!.subarray(first * size, (first + rows) * size),
    );
  }
}

const ALIGNMENT = 8;
const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** Bytes that a batch takes in one piece. */
export function batchBytes(shape: BatchShape): number {
  let bytes = 0;
  allocateBatch(shape, (dtype, rows, size) => {
    bytes += aligned(rows * size * itemSize(dtype));
    return new Uint8Array(0);
  });
  return bytes;
}

/** A batch in one piece of memory, which has `batchBytes` of room from `offset` on, a multiple of 8. */
export function batchIn(buffer: ArrayBufferLike, offset: number, shape: BatchShape): Batch {
  let at = offset;
  return new Batch(shape, (dtype, rows, size) => {
    const array = new (arrayType(dtype))(buffer, at, rows * size);
    at += aligned(array.byteLength);
    return array;
  });
}

/** Copies `n` rows of columns to those of another batch of the same layout. */
export function copyRows(
  from: readonly Column[],
  to: readonly Column[],
  n: number,
  fromRow = 0,
  toRow = 0,
): void {
  for (let i = 0; i < from.length; i++) {
    const { array, size } = from[i]!;
    const rows = array.subarray(fromRow * size, (fromRow + n) * size);
    to[i]!.array.set(rows as never, toRow * size);
  }
}
