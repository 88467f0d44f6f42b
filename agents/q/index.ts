export { DQN_SETTINGS, Dqn, type DqnSettings } from './dqn.js';
export { epsilonGreedy } from './exploration.js';
export { doubleValues, maxValues, targets } from './targets.js';
