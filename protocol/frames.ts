/**
 * The hot pair, written and read in place.
 *
 *     step    = [1, id, env, actions, ids?]
 *     stepped = [2, id, n, observations, rewards, terminated, truncated, infos, ended]
 *     ended   = nil or [rows, returns, lengths, seeds, finalObservations, finalInfos]
 *
 * README.md has their meaning. `actions`, `observations` and each of the infos are arrays of bin, one a leaf.
 */
import type { EndedEpisodes, Infos, StepResult } from './client/results.js';
import { type DType, itemSize, sizeOf, type TypedArray, viewOrCopy } from './dtypes.js';
import { FarstepError } from './errors.js';
import { HEADER_BYTES, Reader, type Span, Writer } from './msgpack.js';
import type { Leaf } from './spaces/index.js';

const STEP = 1;
const STEPPED = 2;

/** Whether a frame holds an array, that is one of the hot pair and not a control message. */
export const isHotFrame = (frame: Uint8Array): boolean =>
  (frame[0]! >= 0x90 && frame[0]! <= 0x9f) || frame[0] === 0xdc || frame[0] === 0xdd;

/** The first `n` rows of a slab as bytes. */
export function slabBytes(slab: TypedArray, leaf: Leaf, n: number): Uint8Array {
  return new Uint8Array(slab.buffer, slab.byteOffset, n * rowBytes(leaf));
}

export const rowBytes = (leaf: Leaf): number => sizeOf(leaf.shape) * itemSize(leaf.dtype);

const bytesOf = (array: TypedArray): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

const bad = (reader: Reader, message: string): FarstepError =>
  new FarstepError('bad_frame', `byte ${reader.offset}: ${message}`);

/** A step as it lies in its frame. */
export interface StepFrame {
  readonly id: number;
  readonly env: number;
  readonly actions: readonly Span[];
  /** uint32 env indices, or undefined for all envs. */
  readonly ids: Span | undefined;
}

/** Writes a step of the whole vector, or of the envs `ids`. */
export function encodeStep(
  id: number,
  env: number,
  actions: readonly TypedArray[],
  ids?: Uint32Array,
): Uint8Array {
  let size = 5 * HEADER_BYTES + (ids ? ids.byteLength + HEADER_BYTES : 0);
  for (const action of actions) size += action.byteLength + HEADER_BYTES;
  const writer = new Writer(new Uint8Array(size));
  writer.array(ids ? 5 : 4);
  writer.uint(STEP);
  writer.uint(id);
  writer.uint(env);
  writer.array(actions.length);
  for (const action of actions) writer.bin(bytesOf(action));
  if (ids) writer.bin(bytesOf(ids));
  return writer.bytes.subarray(0, writer.offset);
}

/** Reads a step. Throws `bad_frame`. */
export function decodeStep(frame: Uint8Array): StepFrame {
  const reader = new Reader(frame);
  const length = reader.array();
  if (length !== 4 && length !== 5) throw bad(reader, `a step has 4 or 5 elements, got ${length}`);
  const kind = reader.uint();
  if (kind !== STEP) throw bad(reader, `a frame that is an array begins with ${STEP} (step), got ${kind}`);
  const id = reader.uint();
  const env = reader.uint();
  const leaves = reader.array();
  // Every leaf takes at least two bytes: a count that cannot be true is refused before memory is taken for it.
  if (2 * leaves > frame.length) throw bad(reader, `${leaves} leaves of actions in ${frame.length} bytes`);
  const actions: Span[] = [];
  for (let i = 0; i < leaves; i++) actions.push(reader.bin());
  const ids = length === 5 && !reader.nil() ? reader.bin() : undefined;
  if (!reader.atEnd) throw bad(reader, `${frame.length - reader.offset} bytes behind the step`);
  return { id, env, actions, ids };
}

/** What a stepped frame is written from: slabs that may hold more rows than the `n` that count. */
export interface SteppedSource {
  readonly n: number;
  readonly observations: readonly TypedArray[];
  readonly rewards: Float64Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  readonly infos: Infos;
  readonly ended?: (EndedEpisodes & { readonly n: number }) | undefined;
}

/** The leaves of a vector env that its frames are laid out by. */
export interface FrameLayout {
  readonly observations: readonly Leaf[];
  readonly infos: readonly { readonly name: string; readonly leaves: readonly Leaf[] }[];
}

const COUNT: Leaf = { path: [], dtype: 'uint32', shape: [] };
const REAL: Leaf = { path: [], dtype: 'float64', shape: [] };
const FLAG: Leaf = { path: [], dtype: 'bool', shape: [] };

/** Most bytes that a stepped frame of `n` rows takes. */
export function steppedBytes(layout: FrameLayout, n: number): number {
  const leaves = [...layout.observations, ...layout.infos.flatMap((info) => info.leaves)];
  const row = leaves.reduce((sum, leaf) => sum + rowBytes(leaf), 0);
  // Twice the rows for the final observations and infos; per row 10 bytes of outcome and 28 of episode statistics.
  return 2 * (n * row + (leaves.length + layout.infos.length) * HEADER_BYTES) + n * 38 + 24 * HEADER_BYTES;
}

/** Writes a stepped frame into `target`, which has `steppedBytes` of room, and gives its length. */
export function encodeStepped(
  target: Uint8Array,
  id: number,
  layout: FrameLayout,
  source: SteppedSource,
): number {
  const writer = new Writer(target);
  const slabs = (leaves: readonly Leaf[], arrays: readonly TypedArray[], n: number): void => {
    writer.array(leaves.length);
    for (let i = 0; i < leaves.length; i++) writer.bin(slabBytes(arrays[i]!, leaves[i]!, n));
  };
  const infos = (values: Infos, n: number): void => {
    writer.array(layout.infos.length);
    for (const { name, leaves } of layout.infos) slabs(leaves, values[name]!, n);
  };
  const { n, ended } = source;
  writer.array(9);
  writer.uint(STEPPED);
  writer.uint(id);
  writer.uint(n);
  slabs(layout.observations, source.observations, n);
  writer.bin(slabBytes(source.rewards, REAL, n));
  writer.bin(slabBytes(source.terminated, FLAG, n));
  writer.bin(slabBytes(source.truncated, FLAG, n));
  infos(source.infos, n);
  if (!ended) {
    writer.nil();
    return writer.offset;
  }
  writer.array(6);
  writer.bin(slabBytes(ended.rows, COUNT, ended.n));
  writer.bin(slabBytes(ended.returns, REAL, ended.n));
  writer.bin(slabBytes(ended.lengths, COUNT, ended.n));
  writer.bin(slabBytes(ended.seeds, REAL, ended.n));
  if (ended.finalObservations) slabs(layout.observations, ended.finalObservations, ended.n);
  else writer.nil();
  if (ended.finalInfos) infos(ended.finalInfos, ended.n);
  else writer.nil();
  return writer.offset;
}

/** Reads slabs of exactly `n` rows out of one frame. */
class SlabReader extends Reader {
  column<T extends TypedArray>(dtype: DType, n: number): T {
    return this.#slab(dtype, n * itemSize(dtype), n) as T;
  }

  leaf(leaf: Leaf, n: number): TypedArray {
    const size = n * sizeOf(leaf.shape);
    return this.#slab(leaf.dtype, size * itemSize(leaf.dtype), size);
  }

  leaves(leaves: readonly Leaf[], n: number): readonly TypedArray[] {
    this.expect(leaves.length, 'leaves');
    return leaves.map((leaf) => this.leaf(leaf, n));
  }

  infos(layout: FrameLayout, n: number): Infos {
    this.expect(layout.infos.length, 'infos');
    if (layout.infos.length === 0) return NO_INFOS;
    return Object.fromEntries(layout.infos.map((info) => [info.name, this.leaves(info.leaves, n)]));
  }

  expect(count: number, what: string): void {
    const got = this.array();
    if (got !== count)
      throw new FarstepError('bad_reply', `byte ${this.offset}: expected ${count} ${what}, got ${got}`);
  }

  #slab(dtype: DType, bytes: number, length: number): TypedArray {
    const span = this.bin();
    if (span.length !== bytes) {
      throw new FarstepError(
        'bad_reply',
        `byte ${span.offset}: expected a slab of ${bytes} bytes, got ${span.length}`,
      );
    }
    return viewOrCopy(dtype, this.bytes, span.offset, length);
  }
}

const NO_INFOS: Infos = Object.freeze({});

/** The id of the request that a stepped frame answers. */
export function steppedId(frame: Uint8Array): number {
  const reader = new Reader(frame);
  const length = reader.array();
  const kind = reader.uint();
  if (length !== 9 || kind !== STEPPED) {
    throw new FarstepError('bad_reply', `expected stepped, an array of 9 beginning with ${STEPPED}`);
  }
  return reader.uint();
}

/** Reads a stepped frame; arrays are views into it wherever memory is aligned. Throws `bad_reply` or `bad_frame`. */
export function decodeStepped(frame: Uint8Array, layout: FrameLayout): StepResult {
  const reader = new SlabReader(frame);
  reader.expect(9, 'elements');
  reader.uint();
  reader.uint();
  const n = reader.uint();
  const observations = reader.leaves(layout.observations, n);
  const rewards = reader.column<Float64Array>('float64', n);
  const terminated = reader.column<Uint8Array>('bool', n);
  const truncated = reader.column<Uint8Array>('bool', n);
  const infos = reader.infos(layout, n);
  if (reader.nil()) return { n, observations, rewards, terminated, truncated, infos };
  reader.expect(6, 'elements of ended');
  const rows = reader.bin();
  if (rows.length % 4 !== 0) throw new FarstepError('bad_reply', `rows of ended take ${rows.length} bytes`);
  const m = rows.length / 4;
  const ended: EndedEpisodes = {
    rows: viewOrCopy('uint32', frame, rows.offset, m) as Uint32Array,
    returns: reader.column<Float64Array>('float64', m),
    lengths: reader.column<Uint32Array>('uint32', m),
    seeds: reader.column<Float64Array>('float64', m),
    ...(reader.nil() ? {} : { finalObservations: reader.leaves(layout.observations, m) }),
    ...(reader.nil() ? {} : { finalInfos: reader.infos(layout, m) }),
  };
  return { n, observations, rewards, terminated, truncated, infos, ended };
}
