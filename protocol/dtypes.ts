/** The element types that cross the wire, named as NumPy names them. All are little-endian. */
export type DType =
  | 'bool'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'float32'
  | 'float64';

export type TypedArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

interface TypedArrayConstructor {
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
  new (length: number): TypedArray;
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): TypedArray;
}

const CONSTRUCTORS: Readonly<Record<DType, TypedArrayConstructor>> = {
  bool: Uint8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float32: Float32Array,
  float64: Float64Array,
};

export const isDType = (name: unknown): name is DType =>
  typeof name === 'string' && Object.hasOwn(CONSTRUCTORS, name);

/** The typed array that holds a dtype; `bool` is a Uint8Array of zeros and ones. */
export const arrayType = (dtype: DType): TypedArrayConstructor => CONSTRUCTORS[dtype];

export const itemSize = (dtype: DType): number => CONSTRUCTORS[dtype].BYTES_PER_ELEMENT;

/** Number of elements in an array of this shape; 1 for the empty shape (a scalar). */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** The memory of an array, as bytes. */
export const bytesOf = (array: TypedArray): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/**
 * `length` elements of `dtype` starting at `bytes[offset]`: a view where the memory is aligned, else a copy.
 * The caller has checked that the bytes are there.
 */
export function viewOrCopy(dtype: DType, bytes: Uint8Array, offset: number, length: number): TypedArray {
  const ArrayType = CONSTRUCTORS[dtype];
  const start = bytes.byteOffset + offset;
  if (start % ArrayType.BYTES_PER_ELEMENT === 0) return new ArrayType(bytes.buffer, start, length);
  const copy = new ArrayType(length);
  if (length > FEW || !copyElements(copy, bytes.buffer, start)) {
    new Uint8Array(copy.buffer).set(bytes.subarray(offset, offset + copy.byteLength));
  }
  return copy;
}

/** Up to so many elements, reading them one by one is faster than making a view to copy their bytes through. */
const FEW = 64;

/** The view of the buffer that was read last: the slabs of a frame lie in one. */
let lastView: DataView = new DataView(new ArrayBuffer(0));

/** Fills `copy` from `buffer[start]` on; false for the dtypes whose slabs are rarely misaligned. */
function copyElements(copy: TypedArray, buffer: ArrayBufferLike, start: number): boolean {
  if (lastView.buffer !== buffer) lastView = new DataView(buffer);
  const view = lastView;
  const { length } = copy;
  if (copy instanceof Float32Array) {
    for (let i = 0; i < length; i++) copy[i] = view.getFloat32(start + 4 * i, true);
  } else if (copy instanceof Float64Array) {
    for (let i = 0; i < length; i++) copy[i] = view.getFloat64(start + 8 * i, true);
  } else if (copy instanceof Uint32Array) {
    for (let i = 0; i < length; i++) copy[i] = view.getUint32(start + 4 * i, true);
  } else {
    return false;
  }
  return true;
}
