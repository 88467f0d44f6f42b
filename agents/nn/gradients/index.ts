/**
 * Gradients of the tfjs operations that losses are made of. The core of tfjs comes without any; the package that has
 * them all brings several hundred megabytes with it. Each is made of recorded operations, so that it can be
 * differentiated again.
 */
import { registerElementwiseGradients } from './elementwise.js';
import { registerStructureGradients } from './structure.js';

/** Registers them all, in place of any that are there: those of tfjs itself are wrong to the second order. */
export function registerGradients(): void {
  registerElementwiseGradients();
  registerStructureGradients();
}
