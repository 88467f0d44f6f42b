/**
 * The safetensors file format (https://github.com/huggingface/safetensors): eight bytes of header length, a JSON
 * header of names, types, shapes and offsets, then the numbers, little-endian and without gaps. PyTorch, NumPy and JAX
 * read it.
 */

export type SafetensorsDtype = 'F32' | 'F64' | 'I32' | 'U8';

export interface StoredTensor {
  readonly dtype: SafetensorsDtype;
  readonly shape: number[];
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array;
}

export interface SafetensorsFile {
  readonly tensors: Record<string, StoredTensor>;
  readonly metadata: Record<string, string>;
}

/** Thrown for bytes that are not a safetensors file; the message names the place. */
export class SafetensorsError extends Error {
  override readonly name = 'SafetensorsError';
}

const ARRAYS = { F32: Float32Array, F64: Float64Array, I32: Int32Array, U8: Uint8Array } as const;
const PREFIX_BYTES = 8;
/** What the reference implementation accepts. */
const MAX_HEADER_BYTES = 100_000_000;

function fail(place: string, problem: string): never {
  throw new SafetensorsError(`safetensors: ${place}: ${problem}`);
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, length) => size * length, 1);

/** What a file says of one tensor. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
}

/** A tensor's place: bytes `start` to `end` behind the header. */
export interface PlacedTensor extends TensorEntry {
  readonly start: number;
  readonly end: number;
}

/**
 * The first bytes of a file, and where behind them each tensor goes, in their order in the file: widest types first, so
 * that every tensor lies aligned to its own element size.
 */
export function layOut(
  entries: readonly TensorEntry[],
  metadata: Readonly<Record<string, string>> = {},
): { readonly head: Uint8Array; readonly tensors: readonly PlacedTensor[] } {
  const size = (dtype: SafetensorsDtype) => ARRAYS[dtype].BYTES_PER_ELEMENT;
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  let end = 0;
  const tensors = [...entries]
    .sort((a, b) => size(b.dtype) - size(a.dtype))
    .map(({ name, dtype, shape }): PlacedTensor => {
      const start = end;
      end += sizeOf(shape) * size(dtype);
      header[name] = { dtype, shape, data_offsets: [start, end] };
      return { name, dtype, shape, start, end };
    });
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const head = new Uint8Array(PREFIX_BYTES + headerBytes).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(headerBytes), true);
  head.set(json, PREFIX_BYTES);
  return { head, tensors };
}

/** @throws SafetensorsError where a tensor's data does not fill its shape or is of another type */
export function encodeSafetensors(
  tensors: Record<string, StoredTensor>,
  metadata: Record<string, string> = {},
): Uint8Array {
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    if (!(data instanceof ARRAYS[dtype]))
      fail(`tensor '${name}'`, `${data.constructor.name} is not ${dtype}`);
    if (data.length !== sizeOf(shape)) {
      fail(`tensor '${name}'`, `${data.length} numbers do not fill a shape of [${shape.join(', ')}]`);
    }
  }
  const entries = Object.entries(tensors).map(([name, tensor]) => ({ ...tensor, name }));
  const { head, tensors: placed } = layOut(entries, metadata);
  const file = new Uint8Array(head.length + (placed.at(-1)?.end ?? 0));
  file.set(head);
  for (const { name, start } of placed) {
    const { buffer, byteOffset, byteLength } = tensors[name]!.data;
    file.set(new Uint8Array(buffer, byteOffset, byteLength), head.length + start);
  }
  return file;
}

/**
 * The length of a file's first part, the header included, from its first eight bytes.
 * @param fileBytes - length of the file.
 */
export function headLength(prefix: Uint8Array, fileBytes: number): number {
  if (prefix.length < PREFIX_BYTES) {
    fail('byte 0', `${prefix.length} bytes, expected at least ${PREFIX_BYTES}`);
  }
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  if (headerBytes > MAX_HEADER_BYTES || PREFIX_BYTES + headerBytes > fileBytes) {
    fail('byte 0', `a header of ${headerBytes} bytes in a file of ${fileBytes}`);
  }
  return PREFIX_BYTES + headerBytes;
}

/** What the first part of a file says. @throws SafetensorsError where it does not hold together */
export function parseHead(head: Uint8Array, fileBytes: number) {
  const header = parseHeader(head.subarray(PREFIX_BYTES));
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    fail('header.__metadata__', 'expected a map of strings');
  }
  const tensors = Object.entries(entries).map(([name, entry]) => parseEntry(name, entry));
  tensors.sort((a, b) => a.start - b.start || a.end - b.end);
  let expected = 0;
  for (const { name, start, end } of tensors) {
    if (start !== expected) fail(`tensor '${name}'`, `begins at data byte ${start}, expected ${expected}`);
    expected = end;
  }
  if (head.length + expected !== fileBytes) {
    const bytes = fileBytes - head.length;
    fail(`byte ${head.length}`, `${bytes} bytes of data, the header speaks of ${expected}`);
  }
  return { tensors, metadata: metadata as Record<string, string> };
}

/** @throws SafetensorsError for anything that is not a whole file of the types above */
export function decodeSafetensors(bytes: Uint8Array): SafetensorsFile {
  const dataStart = headLength(bytes, bytes.length);
  const { tensors: placed, metadata } = parseHead(bytes.subarray(0, dataStart), bytes.length);
  const tensors = placed.map(({ name, dtype, shape, start, end }): [string, StoredTensor] => {
    // A copy, because the file's bytes may lie at any alignment. (A Buffer's own slice would be none.)
    const { buffer } = new Uint8Array(bytes.subarray(dataStart + start, dataStart + end));
    return [name, { dtype, shape, data: arrayOn(dtype, buffer) }];
  });
  return { tensors: Object.fromEntries(tensors), metadata };
}

/** The numbers of a tensor in memory of their own. */
export const arrayOn = (dtype: SafetensorsDtype, buffer: ArrayBuffer): StoredTensor['data'] =>
  new ARRAYS[dtype](buffer);

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    fail('header', error instanceof Error ? error.message : 'not JSON');
  }
  if (!isRecord(header)) fail('header', 'expected a JSON map');
  return header;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function parseEntry(name: string, entry: unknown) {
  const place = `tensor '${name}'`;
  if (!isRecord(entry)) fail(place, 'expected a map of dtype, shape and data_offsets');
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !Object.hasOwn(ARRAYS, dtype)) {
    fail(place, `dtype ${JSON.stringify(dtype)}, expected one of ${Object.keys(ARRAYS).join(', ')}`);
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) fail(place, `shape ${JSON.stringify(shape)}`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    fail(place, `data_offsets ${JSON.stringify(offsets)}, expected [begin, end]`);
  }
  const type = dtype as SafetensorsDtype;
  const [start, end] = offsets as [number, number];
  const bytes = sizeOf(shape) * ARRAYS[type].BYTES_PER_ELEMENT;
  if (end - start !== bytes) {
    fail(place, `${end - start} bytes for ${type} [${shape.join(', ')}], which takes ${bytes}`);
  }
  return { name, dtype: type, shape: shape as number[], start, end };
}
