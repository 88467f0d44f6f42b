/**
 * The hot pair, written and read in place.
 *
 *     step    = [1, id, env, actions, ids?, ack?]
 *     stepped = [2, id, n, observations, rewards, terminated, truncated, infos, ended]
 *     ended   = nil or [rows, returns, lengths, seeds, finalObservations, finalInfos]
 *
 * README.md has their meaning. samples.ts has the other hot messages. `actions`, `observations` and each of the infos are arrays of bin, one a leaf.
 */

import { arrayType, bytesOf, type DType, itemSize, sizeOf, type TypedArray, viewOrCopy } from './dtypes.js';
import { FarstepError } from './errors.js';
import { HEADER_BYTES, Reader, type Span, Writer } from './msgpack.js';
import type { EndedEpisodes, Infos, StepResult } from './results.js';
import type { Leaf } from './spaces/index.js';

const STEP = 1;
const STEPPED = 2;
/** Leaves of one action space. */
const MAX_LEAVES = 4096;

/** Whether a frame holds an array, that is a hot message and not a control message. */
export const isHotFrame = (frame: Uint8Array): boolean =>
  (frame[0]! >= 0x90 && frame[0]! <= 0x9f) || frame[0] === 0xdc || frame[0] === 0xdd;

export const rowBytes = (leaf: Leaf): number => sizeOf(leaf.shape) * itemSize(leaf.dtype);

/** A leaf as the hot path needs it, worked out once. */
export interface LeafLayout {
  readonly dtype: DType;
  /** Elements of a row. */
  readonly size: number;
  /** Bytes of a row. */
  readonly bytes: number;
}

/** What the frames of one vector env are laid out by. */
export interface FrameLayout {
  readonly observations: readonly LeafLayout[];
  readonly infos: readonly { readonly name: string; readonly leaves: readonly LeafLayout[] }[];
  /** Bytes of a row of all observations and infos. */
  readonly rowBytes: number;
  /** Room for everything in a stepped frame whose size does not depend on the rows. */
  readonly overhead: number;
}

export const layOutLeaf = (leaf: Leaf): LeafLayout => ({
  dtype: leaf.dtype,
  size: sizeOf(leaf.shape),
  bytes: rowBytes(leaf),
});

export function frameLayout(
  observations: readonly Leaf[],
  infos: readonly { readonly name: string; readonly leaves: readonly Leaf[] }[],
): FrameLayout {
  const leaves = [...observations, ...infos.flatMap((info) => info.leaves)];
  return {
    observations: observations.map(layOutLeaf),
    infos: infos.map((info) => ({ name: info.name, leaves: info.leaves.map(layOutLeaf) })),
    rowBytes: leaves.reduce((sum, leaf) => sum + rowBytes(leaf), 0),
    // Once for the step and once for the final observations and infos of episodes that ended.
    overhead: (2 * (leaves.length + infos.length) + 24) * HEADER_BYTES,
  };
}

const COUNT: LeafLayout = { dtype: 'uint32', size: 1, bytes: 4 };
const REAL: LeafLayout = { dtype: 'float64', size: 1, bytes: 8 };
const FLAG: LeafLayout = { dtype: 'bool', size: 1, bytes: 1 };
/** Reward and two flags; and of an episode that ended: row, return, length and seed. */
const OUTCOME_BYTES = REAL.bytes + 2 * FLAG.bytes;
const ENDED_BYTES = 2 * COUNT.bytes + 2 * REAL.bytes;

const slabViews = new WeakMap<TypedArray, Uint8Array>();

/** The first `n` rows, of `bytes` each, of a slab that is written again and again: its view is made once. */
export function slabBytes(slab: TypedArray, bytes: number, n: number): Uint8Array {
  let view = slabViews.get(slab);
  if (view === undefined) {
    view = bytesOf(slab);
    slabViews.set(slab, view);
  }
  return view.length === n * bytes ? view : view.subarray(0, n * bytes);
}

const bad = (reader: Reader, message: string): FarstepError =>
  new FarstepError('bad_frame', `byte ${reader.offset}: ${message}`);

/** A step as it lies in its frame. */
export interface StepFrame {
  readonly id: number;
  readonly env: number;
  readonly actions: readonly Span[];
  /** uint32 env indices, or undefined for all envs. */
  readonly ids: Span | undefined;
  /** The id of the last reply that the client has, if it says. */
  readonly ack: number | undefined;
}

/** Writes steps into memory of its own, which the next one overwrites. */
export class StepEncoder {
  readonly #writer = new Writer(new Uint8Array(0));

  /** A step of the whole vector, or of the envs `ids`; `ack` is the id of the last reply that came, if one has. */
  encode(
    id: number,
    env: number,
    actions: readonly TypedArray[],
    ids?: Uint32Array,
    ack?: number,
  ): Uint8Array {
    const writer = this.#writer;
    let size = 7 * HEADER_BYTES + (ids ? ids.byteLength : 0);
    for (const action of actions) size += action.byteLength + HEADER_BYTES;
    if (writer.bytes.length < size) writer.bytes = new Uint8Array(size);
    writer.offset = 0;
    writer.array(ack !== undefined ? 6 : ids ? 5 : 4);
    writer.uint(STEP);
    writer.uint(id);
    writer.uint(env);
    writer.array(actions.length);
    for (const action of actions) writer.bin(bytesOf(action));
    if (ids) writer.bin(bytesOf(ids));
    else if (ack !== undefined) writer.nil();
    if (ack !== undefined) writer.uint(ack);
    return writer.bytes.subarray(0, writer.offset);
  }
}

/** Reads a step. Throws `bad_frame`. */
export function decodeStep(frame: Uint8Array): StepFrame {
  const reader = new Reader(frame);
  const length = reader.array();
  if (length < 4 || length > 6) throw bad(reader, `a step has 4 to 6 elements, got ${length}`);
  const kind = reader.uint();
  if (kind !== STEP) throw bad(reader, `a frame that is an array begins with ${STEP} (step), got ${kind}`);
  const id = reader.uint();
  const env = reader.uint();
  const leaves = reader.array();
  // In memory a leaf takes many times the two bytes that an empty one does in the frame.
  if (leaves > MAX_LEAVES) throw bad(reader, `${leaves} leaves of actions, more than ${MAX_LEAVES}`);
  const actions: Span[] = [];
  for (let i = 0; i < leaves; i++) actions.push(reader.bin());
  const ids = length >= 5 && !reader.nil() ? reader.bin() : undefined;
  const ack = length === 6 && !reader.nil() ? reader.uint() : undefined;
  if (!reader.atEnd) throw bad(reader, `${frame.length - reader.offset} bytes behind the step`);
  return { id, env, actions, ids, ack };
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

/** Most bytes that a stepped frame of `n` rows takes. */
export const steppedBytes = (layout: FrameLayout, n: number): number =>
  n * (2 * layout.rowBytes + OUTCOME_BYTES + ENDED_BYTES) + layout.overhead;

/** Writes slabs, of which rows 0 to n - 1 are meant, into memory that the caller has made large enough. */
export class SlabWriter extends Writer {
  column(leaf: LeafLayout, array: TypedArray, n: number): void {
    this.bin(slabBytes(array, leaf.bytes, n));
  }

  leaves(leaves: readonly LeafLayout[], arrays: readonly TypedArray[], n: number): void {
    this.array(leaves.length);
    for (let i = 0; i < leaves.length; i++) this.column(leaves[i]!, arrays[i]!, n);
  }

  infos({ infos }: FrameLayout, values: Infos, n: number): void {
    this.array(infos.length);
    for (const { name, leaves } of infos) this.leaves(leaves, values[name]!, n);
  }

  /** The elements of a stepped frame from `n` on. */
  outcome(layout: FrameLayout, source: SteppedSource): void {
    const { n, ended } = source;
    this.uint(n);
    this.leaves(layout.observations, source.observations, n);
    this.column(REAL, source.rewards, n);
    this.column(FLAG, source.terminated, n);
    this.column(FLAG, source.truncated, n);
    this.infos(layout, source.infos, n);
    if (!ended) {
      this.nil();
      return;
    }
    this.array(6);
    this.column(COUNT, ended.rows, ended.n);
    this.column(REAL, ended.returns, ended.n);
    this.column(COUNT, ended.lengths, ended.n);
    this.column(REAL, ended.seeds, ended.n);
    if (ended.finalObservations) this.leaves(layout.observations, ended.finalObservations, ended.n);
    else this.nil();
    if (ended.finalInfos) this.infos(layout, ended.finalInfos, ended.n);
    else this.nil();
  }
}

/** Writes a stepped frame into `target`, which has `steppedBytes` of room, and gives its length. */
export function encodeStepped(
  target: Uint8Array,
  id: number,
  layout: FrameLayout,
  source: SteppedSource,
): number {
  const writer = new SlabWriter(target);
  writer.array(9);
  writer.uint(STEPPED);
  writer.uint(id);
  writer.outcome(layout, source);
  return writer.offset;
}

/** Slabs of so many bytes are cheaper to copy one by one: the engine keeps arrays up to this size on its own heap. */
const SMALL = 64;
/** The copies of a frame's slabs start at multiples of their widths: room for the gaps between the first of them. */
const PADDING = 256;

/** Reads slabs of exactly `n` rows out of one frame; arrays are views into it wherever memory is aligned. */
export class SlabReader extends Reader {
  /** Copies of the slabs that lie misaligned, in one piece of memory: an allocation each would cost more. */
  #copies: Uint8Array | undefined;
  #used = 0;

  column<T extends TypedArray>({ dtype, size, bytes }: LeafLayout, n: number): T {
    const length = this.binLength();
    if (length !== n * bytes) {
      throw new FarstepError('bad_reply', `byte ${this.offset}: expected ${n * bytes} bytes, got ${length}`);
    }
    const offset = this.skip(length);
    const width = itemSize(dtype);
    if (length <= SMALL || (this.bytes.byteOffset + offset) % width === 0) {
      return viewOrCopy(dtype, this.bytes, offset, n * size) as T;
    }
    const at = Math.ceil(this.#used / width) * width;
    this.#used = at + length;
    this.#copies ??= new Uint8Array(this.bytes.length + PADDING);
    if (this.#used > this.#copies.length) return viewOrCopy(dtype, this.bytes, offset, n * size) as T;
    this.#copies.set(this.bytes.subarray(offset, offset + length), at);
    return new (arrayType(dtype))(this.#copies.buffer, at, n * size) as T;
  }

  leaves(leaves: readonly LeafLayout[], n: number): readonly TypedArray[] {
    this.expect(leaves.length, 'leaves');
    const slabs: TypedArray[] = [];
    for (const leaf of leaves) slabs.push(this.column(leaf, n));
    return slabs;
  }

  infos({ infos }: FrameLayout, n: number): Infos {
    this.expect(infos.length, 'infos');
    if (infos.length === 0) return NO_INFOS;
    return Object.fromEntries(infos.map((info) => [info.name, this.leaves(info.leaves, n)]));
  }

  /** The elements of a stepped frame from `n` on. */
  outcome(layout: FrameLayout): StepResult {
    const n = this.uint();
    const observations = this.leaves(layout.observations, n);
    const rewards = this.column<Float64Array>(REAL, n);
    const terminated = this.column<Uint8Array>(FLAG, n);
    const truncated = this.column<Uint8Array>(FLAG, n);
    const infos = this.infos(layout, n);
    const ended = this.#ended(layout);
    this.end();
    const result = { n, observations, rewards, terminated, truncated, infos };
    return ended ? { ...result, ended } : result;
  }

  #ended(layout: FrameLayout): EndedEpisodes | undefined {
    if (this.nil()) return undefined;
    this.expect(6, 'elements of ended');
    const rows = this.uint32('rows of ended');
    const m = rows.length;
    return {
      rows,
      returns: this.column<Float64Array>(REAL, m),
      lengths: this.column<Uint32Array>(COUNT, m),
      seeds: this.column<Float64Array>(REAL, m),
      ...(this.nil() ? {} : { finalObservations: this.leaves(layout.observations, m) }),
      ...(this.nil() ? {} : { finalInfos: this.infos(layout, m) }),
    };
  }

  /** A bin of as many uint32 as there are. */
  uint32(what: string): Uint32Array {
    const { offset, length } = this.bin();
    if (length % 4 !== 0) throw new FarstepError('bad_reply', `${what} take ${length} bytes`);
    return viewOrCopy('uint32', this.bytes, offset, length / 4) as Uint32Array;
  }

  expect(count: number, what: string): void {
    const got = this.array();
    if (got !== count) {
      throw new FarstepError('bad_reply', `byte ${this.offset}: expected ${count} ${what}, got ${got}`);
    }
  }

  end(): void {
    if (this.atEnd) return;
    const rest = this.bytes.length - this.offset;
    throw new FarstepError('bad_reply', `byte ${this.offset}: ${rest} bytes behind the message`);
  }
}

const NO_INFOS: Infos = Object.freeze({});

/** The id of the request that a stepped frame answers; undefined where a hot frame is something else. */
export function steppedId(frame: Uint8Array): number | undefined {
  const reader = new Reader(frame);
  const length = reader.array();
  if (reader.uint() !== STEPPED) return undefined;
  if (length !== 9) throw new FarstepError('bad_reply', `expected the 9 elements of stepped, got ${length}`);
  return reader.uint();
}

/** Reads a stepped frame. Throws `bad_reply` or `bad_frame`. */
export function decodeStepped(frame: Uint8Array, layout: FrameLayout): StepResult {
  const reader = new SlabReader(frame);
  reader.expect(9, 'elements');
  reader.uint();
  reader.uint();
  return reader.outcome(layout);
}
