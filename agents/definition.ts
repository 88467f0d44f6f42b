import type { Options } from '../protocol/spec.js';
import type { Agent, Task } from './agent.js';
import type { Workload } from './nn/backend.js';
import type { VisibleEnv } from './run/env.js';
import type { SettingsTable, SettingValue } from './settings.js';

/** What is known to work on an env: how long to train, on how many envs, with which settings and options. */
export interface Preset {
  /** Steps to collect in all, counting each env's. */
  readonly steps: number;
  readonly numEnvs: number;
  /** Those that differ from the defaults. */
  readonly settings: Readonly<Record<string, SettingValue>>;
  /** Of the env, those that differ from its defaults. */
  readonly options?: Options;
}

/** An algorithm as the command line knows it. Each stands in the algorithm's own file; registry.ts lists them. */
export interface AgentDefinition {
  readonly name: string;
  /** One sentence. */
  readonly description: string;
  /** The papers. */
  readonly source: string;
  readonly settings: SettingsTable;
  /** By env id. */
  readonly presets: Readonly<Record<string, Preset>>;
  /** What `--backend auto` chooses by; without it, the agent works without networks. Throws as `create`. */
  workload?(task: Task, settings: Readonly<Record<string, unknown>>): Workload;
  /** The env as the agent sees it, where that is not as it comes. To be put around the envs it trains and is evaluated on. */
  view?(env: VisibleEnv, settings: Readonly<Record<string, unknown>>): VisibleEnv;
  /** @throws SettingError on settings it does not take, Error on spaces it cannot act in */
  create(task: Task, settings: Readonly<Record<string, unknown>>, seed: number): Agent | Promise<Agent>;
}
