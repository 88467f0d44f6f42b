import type { Network } from './nn/network.js';
import type { Optimizer } from './nn/optimizer.js';
import type { Params } from './nn/params.js';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from './nn/safetensors.js';

const tensor = (data: Float32Array, shape: readonly number[] = [data.length]): StoredTensor => ({
  dtype: 'F32',
  shape: [...shape],
  data,
});

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, length) => size * length, 1);

/** A network, or a recurrent core, as far as its file goes. */
type Parameterized = Pick<Network, 'architecture' | 'layout' | 'numParams'>;

/** The parameters of a network as a safetensors file, each under its own name and in its own shape. */
export function encodeParameters(network: Parameterized, params: Params): Uint8Array {
  const flat = params.read();
  const tensors = network.layout.map(({ name, shape, offset }) => [
    name,
    tensor(flat.slice(offset, offset + sizeOf(shape)), shape),
  ]);
  return encodeSafetensors(Object.fromEntries(tensors), { architecture: network.architecture });
}

/** Takes parameters back from such a file. Throws where they are those of another network. */
export function loadParameters(network: Parameterized, params: Params, file: Uint8Array): void {
  const { tensors, metadata } = decodeSafetensors(file);
  if (metadata.architecture !== network.architecture) {
    throw new Error(
      `the parameters are of ${metadata.architecture}, the settings make ${network.architecture}`,
    );
  }
  const flat = new Float32Array(network.numParams);
  for (const { name, shape, offset } of network.layout) {
    const found = tensors[name];
    if (found?.shape.join() !== shape.join()) {
      const what = found === undefined ? 'is missing' : `has shape [${found.shape.join(', ')}]`;
      throw new Error(`the parameter ${name} ${what}, expected [${shape.join(', ')}]`);
    }
    flat.set(found.data, offset);
  }
  params.write(flat);
}

/** What an optimizer keeps, as a safetensors file. */
export function encodeOptimizer(optimizer: Optimizer): Uint8Array {
  const state = Object.entries(optimizer.state()).map(([name, data]) => [name, tensor(data)]);
  return encodeSafetensors(Object.fromEntries(state));
}

export function loadOptimizer(optimizer: Optimizer, file: Uint8Array): void {
  const state = Object.entries(decodeSafetensors(file).tensors).map(([name, { data }]) => [name, data]);
  optimizer.load(Object.fromEntries(state));
}
