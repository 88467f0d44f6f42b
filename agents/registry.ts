import { meant } from '../protocol/nearest.js';
import type { AgentDefinition } from './definition.js';
import {
  ddpg,
  dqn,
  fittedQ,
  fqiTrees,
  latentDdpg,
  latentFittedQ,
  latentFqiTrees,
  naf,
  nfq,
  onlineQ,
  qtOpt,
  rainbow,
  sac,
  td3,
} from './q/index.js';
import { SettingError } from './settings.js';
import { expectedSarsa, policyIteration, qLearning, sarsa, valueIteration } from './tabular/index.js';

const AGENTS: readonly AgentDefinition[] = [
  valueIteration,
  policyIteration,
  qLearning,
  sarsa,
  expectedSarsa,
  dqn,
  rainbow,
  onlineQ,
  fittedQ,
  fqiTrees,
  nfq,
  naf,
  qtOpt,
  ddpg,
  td3,
  sac,
  latentDdpg,
  latentFittedQ,
  latentFqiTrees,
];

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
