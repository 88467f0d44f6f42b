import { withDefaults } from '../settings.js';
import { DQN_SETTINGS, dqnDefinition } from './dqn.js';
import { RAINBOW_PRESETS } from './presets.js';

/**
 * What Rainbow (Hessel et al. 2018) puts together, without its two parts that change what a network gives (the
 * distribution of returns, noisy layers): double targets, dueling streams, prioritized replay, returns of three steps.
 */
export const rainbow = dqnDefinition({
  name: 'rainbow',
  description: 'DQN with double targets, dueling streams, prioritized replay and returns of three steps.',
  source: 'Hessel et al. 2018, without distributional values and noisy layers',
  settings: withDefaults(DQN_SETTINGS, { dueling: true, priorityExponent: 0.5, nStep: 3 }),
  presets: RAINBOW_PRESETS,
});
