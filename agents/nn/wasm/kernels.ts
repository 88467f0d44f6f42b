/** The project's own WebAssembly module: written when it is first needed, run in the memory it is given. */
import { FORMULAS } from '../formulas.js';
import { ModuleWriter } from './assembler.js';
import {
  writeBytesToFloats,
  writeColumnSums,
  writeCopyRows,
  writePointwise,
  writeSumOfSquares,
  writeTranspose,
} from './elementwise.js';
import { writeMatmul } from './matmul.js';
import { writePatches } from './patches.js';
import { hasRelaxedSimd } from './relaxed-simd.js';

/** One pointwise formula over arrays: `(...arrays, ...scalars, n)`. */
type PointwiseKernels = Readonly<Record<keyof typeof FORMULAS, (...args: number[]) => void>>;

type WalkPatches = (
  ...args: [
    image: number,
    patches: number,
    examples: number,
    height: number,
    width: number,
    channels: number,
    size: number,
    stride: number,
  ]
) => void;

/** The module's functions. Pointers and strides are in bytes; lengths count floats. */
export interface Kernels extends PointwiseKernels {
  matmul(
    ...args: [
      ...[a: number, b: number, c: number, m: number, n: number, k: number],
      ...[aRow: number, aStep: number, bRow: number, cRow: number],
      ...[start: number, startRow: number, relu: number],
    ]
  ): void;
  gatherPatches: WalkPatches;
  scatterPatches: WalkPatches;
  copyRows(from: number, fromStride: number, to: number, toStride: number, rows: number, n: number): void;
  columnSums(x: number, out: number, rows: number, columns: number): void;
  transpose(x: number, out: number, rows: number, columns: number): void;
  bytesToFloats(bytes: number, out: number, n: number, scale: number): void;
  sumOfSquares(x: number, n: number): number;
}

/** The module with fused multiply-adds and without them. */
const compiled = new Map<boolean, WebAssembly.Module>();

/** @param fused whether to use fused multiply-adds: where there are any, unless told */
export function instantiateKernels(memory: WebAssembly.Memory, fused = hasRelaxedSimd()): Kernels {
  let module = compiled.get(fused);
  if (module === undefined) {
    module = new WebAssembly.Module(writeModule(fused));
    compiled.set(fused, module);
  }
  return new WebAssembly.Instance(module, { heap: { memory } }).exports as unknown as Kernels;
}

function writeModule(fused: boolean): Uint8Array<ArrayBuffer> {
  const module = new ModuleWriter();
  writeMatmul(module, fused);
  writePatches(module);
  writeCopyRows(module);
  writeColumnSums(module);
  writeTranspose(module);
  writeBytesToFloats(module);
  writeSumOfSquares(module);
  for (const [name, formula] of Object.entries(FORMULAS)) writePointwise(module, name, formula, fused);
  return module.encode();
}
