import type { Call, Code, Local } from './assembler.js';

const ARGUMENTS = [
  ...(['a', 'b', 'c', 'm', 'n', 'k', 'aRow', 'aStep', 'bRow', 'bColumn', 'cRow'] as const),
  ...(['start', 'startRow', 'relu', 'panel'] as const),
];
type Argument = (typeof ARGUMENTS)[number];

/** The parameters of functions that compute a product, or a stretch of one; `writeMatmul` tells what they mean. */
export const PRODUCT = Object.fromEntries(ARGUMENTS.map((name) => [name, 'i32'])) as Record<Argument, 'i32'>;

export type ProductLocals = Record<Argument, Local>;

/** A call of such a function with the arguments that its caller has, but for some. */
export const callProduct = (call: Call, p: ProductLocals, changed: Partial<Record<Argument, Code>>): Code =>
  call(...ARGUMENTS.map((name) => changed[name] ?? p[name].get));
