import { FarstepError } from '../../protocol/errors.js';
import type { OptionSpec } from '../env.js';

/** The reset options `low` and `high` of Gymnasium's classic environments: between which the start is drawn. */
export interface ResetBounds {
  readonly low?: number;
  readonly high?: number;
}

export type Bounds = readonly [low: number, high: number];

/** How those options are described, given their defaults. */
export const resetBoundsOptions = ([low, high]: Bounds): Readonly<Record<string, OptionSpec>> => ({
  low: { type: 'number', default: low, min: -100, max: 100, description: 'Least value to start from.' },
  high: { type: 'number', default: high, min: -100, max: 100, description: 'Greatest value to start from.' },
});

/** The bounds that `options` ask for. Throws `bad_options` if they are the wrong way round. */
export function resetBounds(env: string, options: ResetBounds | undefined, defaults: Bounds): Bounds {
  if (options === undefined) return defaults;
  const { low = defaults[0], high = defaults[1] } = options;
  if (low > high)
    throw new FarstepError('bad_options', `reset of ${env}: low = ${low} exceeds high = ${high}`);
  return [low, high];
}
