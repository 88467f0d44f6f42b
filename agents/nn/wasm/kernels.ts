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
import { hasRelaxedSimd } from './relaxed-simd.js';
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
  /** Room for the columns that `matmul` packs: its `panel`, or 0. */
  readonly panel: number;
  gatherPatches: WalkPatches;
  scatterPatches: WalkPatches;
  copyRows(from: number, fromStride: number, to: number, toStride: number, rows: number, n: number): void;
  columnSums(x: number, out: number, rows: number, columns: number): void;
  transpose(x: number, out: number, rows: number, columns: number): void;
  bytesToFloats(bytes: number, out: number, n: number, scale: number): void;
  sumOfSquares(x: number, n: number): number;
}

/** The modules with fused multiply-adds and without them. */
const compiled = new Map<boolean, WebAssembly.Module>();

export function kernelModule(fused: boolean): WebAssembly.Module {
  let module = compiled.get(fused);
  if (module === undefined) {
    module = new WebAssembly.Module(writeModule(fused));
    compiled.set(fused, module);
  }
  return module;
}

export interface KernelOptions {
  /** Whether to use fused multiply-adds: where there are any, unless told. */
  readonly fused?: boolean;
  /** How many compute large products; `threadCount()` unless told. */
  readonly threads?: number;
}

export function instantiateKernels(
  memory: Memory,
  { fused = hasRelaxedSimd(), threads = threadCount() }: KernelOptions = {},
): Kernels {
  const module = kernelModule(fused);
  const { exports } = new WebAssembly.Instance(module, { heap: { memory: memory.memory } });
  const panel = memory.allocate(PANEL_BYTES);
  const kernels = { ...(exports as unknown as Kernels), panel };
  if (threads === 1) return kernels;
  const { multiply } = new Threads(module, memory, kernels.matmul, panel, threads);
  return { ...kernels, matmul: multiply };
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
