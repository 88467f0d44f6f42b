/** The memory of a shard that an env thread steps, shared by the two threads. */
import type { Contract } from '../../protocol/messages.js';
import { type Batch, batchBytes, batchIn, shapeOf } from './batch.js';

/** Words at its head. */
export const ROWS = 0;
export const ENDED = 1;
const HEAD_BYTES = 8;

/** In place of a number of rows: all envs, in order. */
export const ALL = -1;

export interface ThreadMemory {
  readonly buffer: SharedArrayBuffer;
  /** Of a step: how many envs, or `ALL`; how many of their episodes ended. */
  readonly head: Int32Array;
  /** Which envs. */
  readonly ids: Uint32Array;
  readonly batch: Batch;
}

/** Lays out memory for `count` envs; new memory where none is given. */
export function threadMemory(contract: Contract, count: number, buffer?: SharedArrayBuffer): ThreadMemory {
  const shape = shapeOf(contract, count);
  const batchAt = HEAD_BYTES + 8 * Math.ceil(count / 2);
  const memory = buffer ?? new SharedArrayBuffer(batchAt + batchBytes(shape));
  return {
    buffer: memory,
    head: new Int32Array(memory, 0, HEAD_BYTES / 4),
    ids: new Uint32Array(memory, HEAD_BYTES, count),
    batch: batchIn(memory, batchAt, shape),
  };
}
