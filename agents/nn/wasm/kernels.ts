/** The project's own WebAssembly module: written when the backend starts, run in the memory of tfjs. */
import { RELU, TANH } from '../activations.js';
import { RULES } from '../rules.js';
import { ModuleWriter } from './assembler.js';
import {
  writeBytesToFloats,
  writeColumnSums,
  writePointwise,
  writeSumOfSquares,
  writeTranspose,
} from './elementwise.js';
import { writeMatmul } from './matmul.js';
import { writePatches } from './patches.js';

/** The module's functions. Pointers are byte addresses in the heap; lengths count floats. */
export type Kernels = Readonly<Record<string, (...args: number[]) => number>>;

export function instantiateKernels(memory: WebAssembly.Memory): Kernels {
  const module = new ModuleWriter();
  writeMatmul(module);
  writePatches(module);
  writeColumnSums(module);
  writeTranspose(module);
  writeBytesToFloats(module);
  writeSumOfSquares(module);
  for (const [name, activation] of Object.entries({ relu: RELU, tanh: TANH })) {
    writePointwise(module, name, activation.forward);
    writePointwise(module, `${name}Gradient`, activation.gradient);
  }
  for (const [name, rule] of Object.entries(RULES)) writePointwise(module, name, rule);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { heap: { memory } });
  return instance.exports as unknown as Kernels;
}
