import { decodeSafetensors, encodeSafetensors } from '../nn/safetensors.js';

type Numbers = Float64Array | Int32Array | Uint8Array;

const dtypeOf = (data: Numbers) =>
  data instanceof Float64Array ? 'F64' : data instanceof Int32Array ? 'I32' : 'U8';

/** Arrays by name as a safetensors file; each has this shape, or else one dimension. */
export function encodeArrays(
  arrays: Readonly<Record<string, Numbers>>,
  shape?: readonly number[],
): Uint8Array {
  const tensors = Object.entries(arrays).map(([name, data]) => [
    name,
    { dtype: dtypeOf(data), shape: [...(shape ?? [data.length])], data },
  ]);
  return encodeSafetensors(Object.fromEntries(tensors));
}

/** Fills the arrays from such a file. Throws where it has none of that name, or one of another length. */
export function fillArrays(arrays: Readonly<Record<string, Numbers>>, file: Uint8Array): void {
  const { tensors } = decodeSafetensors(file);
  for (const [name, array] of Object.entries(arrays)) {
    const data = tensors[name]?.data;
    if (data?.length !== array.length) {
      throw new Error(
        `the checkpoint holds ${data?.length ?? 'no'} numbers of ${name}, this env needs ${array.length}`,
      );
    }
    array.set(data);
  }
}
