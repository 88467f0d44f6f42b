import type { AgentDefinition } from '../definition.js';
import { adam } from '../nn/optimizer.js';
import { completeSettings, integer, integers, number } from '../settings.js';
import { FITTED_SETTINGS } from './fitted-agent.js';
import { FittedNetwork } from './fitted-network.js';
import { FITTED_Q_PRESETS } from './presets.js';

export const FITTED_Q_SETTINGS = {
  hidden: integers([64, 64], [1, 65536], 'Units of each layer.'),
  ...FITTED_SETTINGS,
  gradientSteps: integer(200, [1, Infinity], 'Steps of gradient descent in an iteration (S).'),
  batchSize: integer(256, [1, 65536], 'Transitions of each of them.'),
  learningRate: number(1e-3, [0, 1], "Adam's step size."),
};

/**
 * Fitted Q-iteration with a network (CS 285, "Deep RL with Q-functions"): in each iteration S steps of gradient descent on
 * ½ (Q_φ(s, a) − y)², while the targets y of all transitions stand still; then new targets.
 */
export const fittedQ: AgentDefinition = {
  name: 'fitted-q',
  description: 'Fitted Q-iteration: targets for all data, many gradient steps on them, again.',
  source: 'Ernst, Geurts and Wehenkel 2005; with networks: CS 285, "Deep RL with Q-functions"',
  settings: FITTED_Q_SETTINGS,
  presets: FITTED_Q_PRESETS,
  create(task, given, seed) {
    const settings = completeSettings(FITTED_Q_SETTINGS, given);
    const { hidden, gradientSteps: steps, batchSize, learningRate } = settings;
    return new FittedNetwork(task, settings, seed, {
      ...{ hidden, steps, batchSize },
      activation: 'relu',
      optimizer: () => adam({ learningRate }),
      restart: false,
    });
  },
};
