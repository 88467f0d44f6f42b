export { ExpectedSarsa, expectedSarsa } from './expected-sarsa.js';
export { Knowledge, TABULAR_SETTINGS, type TabularSettings } from './knowledge.js';
export { type KnownTask, knownTask } from './planner.js';
export { POLICY_ITERATION_SETTINGS, PolicyIteration, policyIteration } from './policy-iteration.js';
export { QLearning, qLearning } from './q-learning.js';
export { Sarsa, sarsa } from './sarsa.js';
export { ValueIteration, valueIteration } from './value-iteration.js';
