import type { AgentDefinition } from '../definition.js';
import { rprop } from '../nn/optimizer.js';
import { boolean, completeSettings, integer, integers, withDefaults } from '../settings.js';
import { FITTED_SETTINGS } from './fitted-agent.js';
import { FittedNetwork } from './fitted-network.js';
import { NFQ_PRESETS } from './presets.js';

export const NFQ_SETTINGS = {
  hidden: integers([20, 20], [1, 65536], 'Units of each layer.'),
  ...withDefaults(FITTED_SETTINGS, { learningStarts: 500, stepsPerIteration: 100 }),
  epochs: integer(200, [1, Infinity], 'Passes over all data in an iteration.'),
  restart: boolean(true, 'Whether each iteration begins with a network that knows nothing.'),
};

/** The size of Rprop's first steps. */
const FIRST_STEP = 0.01;

/**
 * Neural fitted Q-iteration (Riedmiller 2005, figure 1): a small network is fitted to the targets of all data at once by
 * Rprop, which needs no step size. It asks for few episodes, and much computing for each.
 */
export const nfq: AgentDefinition = {
  name: 'nfq',
  description: 'Neural fitted Q-iteration: a small network, full batches, Rprop; for few data.',
  source: 'Riedmiller 2005',
  settings: NFQ_SETTINGS,
  presets: NFQ_PRESETS,
  create(task, given, seed) {
    const settings = completeSettings(NFQ_SETTINGS, given);
    const { hidden, epochs, restart } = settings;
    return new FittedNetwork(task, settings, seed, {
      ...{ hidden, restart },
      activation: 'tanh',
      optimizer: () => rprop({ learningRate: FIRST_STEP }),
      steps: epochs,
    });
  },
};
