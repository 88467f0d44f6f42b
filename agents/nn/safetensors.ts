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

const sizeOf = (shape: number[]): number => shape.reduce((size, length) => size * length, 1);

/** @throws SafetensorsError where a tensor's data does not fill its shape or is of another type */
export function encodeSafetensors(
  tensors: Record<string, StoredTensor>,
  metadata: Record<string, string> = {},
): Uint8Array {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  // Widest types first, so that every tensor lies aligned to its own element size.
  const ordered = Object.entries(tensors).sort(
    ([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT,
  );
  let end = 0;
  for (const [name, { dtype, shape, data }] of ordered) {
    if (!(data instanceof ARRAYS[dtype]))
      fail(`tensor '${name}'`, `${data.constructor.name} is not ${dtype}`);
    if (data.length !== sizeOf(shape)) {
      fail(`tensor '${name}'`, `${data.length} numbers do not fill a shape of [${shape.join(', ')}]`);
    }
    header[name] = { dtype, shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(PREFIX_BYTES + headerBytes + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.fill(0x20, PREFIX_BYTES + json.length, PREFIX_BYTES + headerBytes);
  file.set(json, PREFIX_BYTES);
  let at = PREFIX_BYTES + headerBytes;
  for (const [, { data }] of ordered) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

/** @throws SafetensorsError for anything that is not a whole file of the types above */
export function decodeSafetensors(bytes: Uint8Array): SafetensorsFile {
  if (bytes.length < PREFIX_BYTES) fail('byte 0', `${bytes.length} bytes, expected at least ${PREFIX_BYTES}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  const dataStart = PREFIX_BYTES + headerBytes;
  if (headerBytes > MAX_HEADER_BYTES || dataStart > bytes.length) {
    fail('byte 0', `a header of ${headerBytes} bytes in a file of ${bytes.length}`);
  }
  const header = parseHeader(bytes.subarray(PREFIX_BYTES, dataStart));
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    fail('header.__metadata__', 'expected a map of strings');
  }
  const parsed = Object.entries(entries).map(([name, entry]) => parseEntry(name, entry));
  parsed.sort((a, b) => a.start - b.start || a.end - b.end);
  let expected = 0;
  for (const { name, start, end } of parsed) {
    if (start !== expected) fail(`tensor '${name}'`, `begins at data byte ${start}, expected ${expected}`);
    expected = end;
  }
  if (dataStart + expected !== bytes.length) {
    fail(`byte ${dataStart}`, `${bytes.length - dataStart} bytes of data, the header speaks of ${expected}`);
  }
  const tensors = parsed.map(({ name, dtype, shape, start, end }): [string, StoredTensor] => {
    // A copy, because the file's bytes may lie at any alignment.
    const { buffer } = bytes.slice(dataStart + start, dataStart + end);
    return [name, { dtype, shape, data: new ARRAYS[dtype](buffer) }];
  });
  return { tensors: Object.fromEntries(tensors), metadata: metadata as Record<string, string> };
}

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
