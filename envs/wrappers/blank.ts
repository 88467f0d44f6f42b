import type { Box } from '../../protocol/spaces/index.js';
import { memoryFor, type Readings } from './sensor.js';

/** What a sensor that sees nothing reads: zeros, or what of the space is nearest to that. */
export function blankReadings(sensor: Box): Readings {
  const blank = memoryFor(sensor, 1);
  const { low, high } = sensor;
  for (let i = 0; i < blank.length; i++) blank[i] = Math.min(Math.max(0, low[i]!), high[i]!);
  return blank;
}
