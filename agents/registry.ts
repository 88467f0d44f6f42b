import { meant } from '../protocol/nearest.js';
import type { Agent, Task } from './agent.js';
import { DQN_SETTINGS, Dqn } from './q/dqn.js';
import { completeSettings, SettingError, type SettingsTable, type SettingValue } from './settings.js';

/** What is known to work on an env: how long to train, on how many envs, with which settings. */
export interface Preset {
  /** Steps to collect in all, counting each env's. */
  readonly steps: number;
  readonly numEnvs: number;
  /** Those that differ from the defaults. */
  readonly settings: Readonly<Record<string, SettingValue>>;
}

export interface AgentDefinition {
  readonly name: string;
  /** One sentence. */
  readonly description: string;
  /** The papers. */
  readonly source: string;
  readonly settings: SettingsTable;
  /** By env id. */
  readonly presets: Readonly<Record<string, Preset>>;
  /** @throws SettingError on settings it does not take, Error on spaces it cannot act in */
  create(task: Task, settings: Readonly<Record<string, unknown>>, seed: number): Agent;
}

const dqn: AgentDefinition = {
  name: 'dqn',
  description: 'Deep Q-learning with replay, a target network and double targets, for discrete actions.',
  source: 'Mnih et al. 2015; van Hasselt, Guez and Silver 2016',
  settings: DQN_SETTINGS,
  presets: {
    'CartPole-v1': {
      steps: 50_000,
      numEnvs: 8,
      // Failures are rare once the pole is mostly up, and their errors large: counted linearly, they lose against the
      // many small ones of other steps, and values grow beyond every bound.
      settings: {
        hidden: [64, 64],
        huber: false,
        learningRate: 1e-3,
        batchSize: 128,
        stepsPerUpdate: 1,
        updatesPerTarget: 1,
        tau: 0.01,
        epsilonSteps: 10_000,
        epsilonEnd: 0.04,
      },
    },
    'MinAtar/Breakout-v1': {
      steps: 400_000,
      numEnvs: 32,
      settings: {
        hidden: [64],
        gamma: 0.97,
        nStep: 3,
        learningRate: 1e-3,
        learningRateShare: 0.1,
        learningRateSteps: 400_000,
        stepsPerUpdate: 8,
        updatesPerTarget: 100,
        epsilonSteps: 40_000,
        epsilonEnd: 0.02,
      },
    },
  },
  create: (task, settings, seed) => new Dqn(task, completeSettings(DQN_SETTINGS, settings), seed),
};

const AGENTS: readonly AgentDefinition[] = [dqn];

export const listAgents = (): readonly AgentDefinition[] => AGENTS;

/** The agent of that name. Throws `SettingError`, naming the nearest. */
export function getAgent(name: string): AgentDefinition {
  const found = AGENTS.find((agent) => agent.name === name);
  if (found) return found;
  const names = AGENTS.map((agent) => agent.name);
  const nearest = meant(name, names);
  throw new SettingError(
    `no agent "${name}"; ${nearest ? `did you mean "${nearest}"?` : `there are ${names.join(', ')}`}`,
  );
}
