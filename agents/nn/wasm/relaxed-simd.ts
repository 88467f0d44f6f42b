import { setFlagsFromString } from 'node:v8';
import { f32, f32x4, i32, ModuleWriter, v128 } from './assembler.js';

/**
 * Sees to it that WebAssembly has the fused multiply-add of relaxed SIMD. Node 22 and later have it; Node 20 has it behind
 * a flag of its engine, which this sets: it holds for modules compiled from then on.
 */
export function allowRelaxedSimd(): void {
  const module = new ModuleWriter();
  const one = f32x4.splat(f32.const(1));
  module.func('probe', {}, () => v128.store(i32.const(0), f32x4.relaxedMadd(one, one, one)));
  if (!WebAssembly.validate(module.encode())) setFlagsFromString('--experimental-wasm-relaxed-simd');
}
