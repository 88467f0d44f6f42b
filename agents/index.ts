export type { ActOptions, Agent, Metrics, Policy, Task } from './agent.js';
export type { CheckpointReader, Content, Files } from './checkpoint.js';
export type { AgentDefinition, Preset } from './definition.js';
export { mean } from './mean.js';
export { type Batch, Replay, type ReplayOptions } from './memory/index.js';
export { BACKENDS, type BackendName, type ChosenBackend, useBackend } from './nn/backend.js';
export { DQN_SETTINGS, Dqn, type DqnSettings } from './q/index.js';
export { Random } from './random.js';
export { randomPolicy } from './random-policy.js';
export { getAgent, listAgents } from './registry.js';
export * from './run/index.js';
export {
  completeSettings,
  expectation,
  parseAssignment,
  type Setting,
  SettingError,
  type SettingsOf,
  type SettingsTable,
  type SettingValue,
} from './settings.js';
export {
  ExpectedSarsa,
  Knowledge,
  type KnownTask,
  knownTask,
  POLICY_ITERATION_SETTINGS,
  PolicyIteration,
  QLearning,
  Sarsa,
  TABULAR_SETTINGS,
  type TabularSettings,
  ValueIteration,
} from './tabular/index.js';
