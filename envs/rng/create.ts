import { Mt19937 } from './mt19937.js';
import { Pcg64 } from './pcg64.js';
import type { Rng } from './rng.js';

export type RngKind = 'pcg64' | 'mt19937';

/** The greatest seed that each generator takes: what a double holds exactly, and what RandomState allows. */
export const MAX_SEED: Readonly<Record<RngKind, number>> = {
  pcg64: Number.MAX_SAFE_INTEGER,
  mt19937: 2 ** 32 - 1,
};

/** A new generator. The seed is an integer from 0 to `MAX_SEED[kind]`. */
export const createRng = (kind: RngKind, seed: number): Rng =>
  kind === 'pcg64' ? new Pcg64(seed) : new Mt19937(seed);
