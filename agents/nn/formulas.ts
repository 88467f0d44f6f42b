import { ACTIVATION_FORMULAS } from './activations.js';
import type { Pointwise } from './pointwise.js';
import { CELL_FORMULAS } from './recurrent/cells.js';
import { RULES } from './rules.js';

/** Every pointwise formula that has a kernel, by the kernel's name. */
export const FORMULAS = { ...ACTIVATION_FORMULAS, ...CELL_FORMULAS, ...RULES } as const satisfies Record<
  string,
  Pointwise
>;
