export { DQN_SETTINGS, Dqn, type DqnSettings, dqn } from './dqn.js';
export { epsilonGreedy } from './exploration.js';
export { onlineQ } from './online-q.js';
export { rainbow } from './rainbow.js';
export { targets, tracedTargets, traceOf } from './targets.js';
