/**
 * Gradients of the tfjs operations that losses are made of. The core of tfjs comes without any; the package that has
 * them all brings several hundred megabytes with it. Each is made of recorded operations, so that it can be
 * differentiated again.
 */
import { registerElementwiseGradients } from './elementwise.js';
import { registerStructureGradients } from './structure.js';

registerElementwiseGradients();
registerStructureGradients();
