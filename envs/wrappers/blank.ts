import type { Box } from '../../protocol/spaces/index.js';
import type { Readings } from './sensor.js';

/** Writes what a sensor that sees nothing reads: zeros, or what of the space is nearest to that. */
export function blank({ low, high }: Box, out: Readings): void {
  for (let i = 0; i < out.length; i++) out[i] = Math.min(Math.max(0, low[i]!), high[i]!);
}
