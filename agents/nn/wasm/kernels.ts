/** The project's own WebAssembly module: written when it is first needed, run in the memory it is given. */
import { FORMULAS } from '../formulas.js';
import type { Memory } from '../heap.js';
import { ModuleWriter } from './assembler.js';
import {
  writeBytesToFloats,
  writeColumnSums,
  writeCopyRows,
  writePointwise,
  writeSumOfSquares,
  writeTranspose,
} from './elementwise.js';
import { PANEL_BYTES, writeMatmul } from './matmul.js';
import { writePatches } from './patches.js';
import { allowRelaxedSimd } from './relaxed-simd.js';
import type { Matmul } from './shared-product.js';
import { Threads, threadCount } from './threads.js';

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
  readonly matmul: Matmul;
  /** The room that `matmul` needs, its `panel`. */
  readonly panel: number;
  gatherPatches: WalkPatches;
  scatterPatches: WalkPatches;
  copyRows(from: number, fromStride: number, to: number, toStride: number, rows: number, n: number): void;
  columnSums(x: number, out: number, rows: number, columns: number): void;
  transpose(x: number, out: number, rows: number, columns: number): void;
  bytesToFloats(bytes: number, out: number, n: number, scale: number): void;
  sumOfSquares(x: number, n: number): number;
}

let compiled: WebAssembly.Module | undefined;

export function kernelModule(): WebAssembly.Module {
  compiled ??= compile();
  return compiled;
}

/** @param threads how many compute large products */
export function instantiateKernels(memory: Memory, threads = threadCount()): Kernels {
  const module = kernelModule();
  const { exports } = new WebAssembly.Instance(module, { heap: { memory: memory.memory } });
  const panel = memory.allocate(PANEL_BYTES);
  const kernels = { ...(exports as unknown as Kernels), panel };
  if (threads === 1) return kernels;
  const { multiply } = new Threads(module, memory, kernels.matmul, panel, threads);
  return { ...kernels, matmul: multiply };
}

function compile(): WebAssembly.Module {
  allowRelaxedSimd();
  const module = new ModuleWriter();
  writeMatmul(module);
  writePatches(module);
  writeCopyRows(module);
  writeColumnSums(module);
  writeTranspose(module);
  writeBytesToFloats(module);
  writeSumOfSquares(module);
  for (const [name, formula] of Object.entries(FORMULAS)) writePointwise(module, name, formula);
  return new WebAssembly.Module(module.encode());
}
