/**
 * The samples of streams, written and read in place.
 *
 *     step sample  = [3, stream, sequence, ids, actions, n, observations, rewards, terminated, truncated, infos, ended]
 *     reset sample = [4, stream, sequence, ids, n, observations, infos, seeds]
 *
 * README.md has their meaning.
 */

import { bytesOf, type TypedArray } from './dtypes.js';
import { FarstepError } from './errors.js';
import {
  type FrameLayout,
  type LeafLayout,
  SlabReader,
  SlabWriter,
  type SteppedSource,
  steppedBytes,
} from './frames.js';
import { HEADER_BYTES, Reader } from './msgpack.js';
import type { ResetResult, StepResult } from './results.js';

const STEP_SAMPLE = 3;
const RESET_SAMPLE = 4;
const SEED: LeafLayout = { dtype: 'float64', size: 1, bytes: 8 };

/** What of a vector env its samples are laid out by. */
export interface SampleLayout extends FrameLayout {
  readonly actions: readonly LeafLayout[];
}

/** Which sample of which stream. */
export interface SampleKey {
  readonly stream: number;
  readonly sequence: number;
}

/** What a reset sample is written from: slabs that may hold more rows than the `n` that count. */
export interface ResetSource {
  readonly n: number;
  readonly observations: readonly TypedArray[];
  readonly infos: Readonly<Record<string, readonly TypedArray[]>>;
  readonly seeds: Float64Array;
}

/** The actions of a step: slabs that may hold more rows than the `n` that count. */
export interface ActionRows {
  readonly n: number;
  readonly slabs: readonly TypedArray[];
}

const idsBytes = (ids: Uint32Array | undefined): number => HEADER_BYTES + (ids?.byteLength ?? 0);

/** Most bytes that a step sample takes. */
export const stepSampleBytes = (
  layout: SampleLayout,
  actions: number,
  n: number,
  ids?: Uint32Array,
): number =>
  steppedBytes(layout, n) +
  layout.actions.reduce((sum, { bytes }) => sum + actions * bytes + HEADER_BYTES, 4 * HEADER_BYTES) +
  idsBytes(ids);

/** Most bytes that a reset sample takes. */
export const resetSampleBytes = (layout: SampleLayout, n: number, ids?: Uint32Array): number =>
  n * (layout.rowBytes + SEED.bytes) + layout.overhead + idsBytes(ids);

function begin(writer: SlabWriter, length: number, kind: number, key: SampleKey, ids?: Uint32Array): void {
  writer.array(length);
  writer.uint(kind);
  writer.uint(key.stream);
  writer.uint(key.sequence);
  if (ids) writer.bin(bytesOf(ids));
  else writer.nil();
}

/** Writes a step sample into `target`, which has `stepSampleBytes` of room, and gives its length. */
export function encodeStepSample(
  target: Uint8Array,
  key: SampleKey,
  layout: SampleLayout,
  ids: Uint32Array | undefined,
  actions: ActionRows,
  batch: SteppedSource,
): number {
  const writer = new SlabWriter(target);
  begin(writer, 12, STEP_SAMPLE, key, ids);
  writer.leaves(layout.actions, actions.slabs, actions.n);
  writer.outcome(layout, batch);
  return writer.offset;
}

/** Writes a reset sample into `target`, which has `resetSampleBytes` of room, and gives its length. */
export function encodeResetSample(
  target: Uint8Array,
  key: SampleKey,
  layout: SampleLayout,
  ids: Uint32Array | undefined,
  { n, observations, infos, seeds }: ResetSource,
): number {
  const writer = new SlabWriter(target);
  begin(writer, 8, RESET_SAMPLE, key, ids);
  writer.uint(n);
  writer.leaves(layout.observations, observations, n);
  writer.infos(layout, infos, n);
  writer.column(SEED, seeds, n);
  return writer.offset;
}

/** One sample of a stream. `ids` are the envs, row by row; absent: all, in order. */
export type Sample =
  | {
      readonly type: 'step';
      readonly sequence: number;
      readonly ids: Uint32Array | undefined;
      /** One slab a leaf of the action space, a row for each of `ids`. */
      readonly actions: readonly TypedArray[];
      readonly result: StepResult;
    }
  | {
      readonly type: 'reset';
      readonly sequence: number;
      readonly ids: Uint32Array | undefined;
      readonly result: ResetResult;
    };

/** The stream that a frame is a sample of. Throws `bad_reply` where it is none. */
export function sampledStream(frame: Uint8Array): number {
  const reader = new Reader(frame);
  reader.array();
  const kind = reader.uint();
  if (kind === STEP_SAMPLE || kind === RESET_SAMPLE) return reader.uint();
  const kinds = `2 (stepped), ${STEP_SAMPLE} or ${RESET_SAMPLE} (samples)`;
  throw new FarstepError('bad_reply', `a frame that is an array begins with ${kinds}, got ${kind}`);
}

/** Reads a sample; `numEnvs` is that of the contract. Throws `bad_reply` or `bad_frame`. */
export function decodeSample(frame: Uint8Array, layout: SampleLayout, numEnvs: number): Sample {
  const reader = new SlabReader(frame);
  const length = reader.array();
  const kind = reader.uint();
  if (length !== (kind === STEP_SAMPLE ? 12 : 8)) {
    throw new FarstepError('bad_reply', `a sample of kind ${kind} has no ${length} elements`);
  }
  reader.uint();
  const sequence = reader.uint();
  const ids = reader.nil() ? undefined : reader.uint32('ids');
  if (kind === STEP_SAMPLE) {
    const actions = reader.leaves(layout.actions, ids?.length ?? numEnvs);
    return { type: 'step', sequence, ids, actions, result: reader.outcome(layout) };
  }
  const n = reader.uint();
  const observations = reader.leaves(layout.observations, n);
  const infos = reader.infos(layout, n);
  const seeds = reader.column<Float64Array>(SEED, n);
  reader.end();
  return { type: 'reset', sequence, ids, result: { n, observations, infos, seeds } };
}
