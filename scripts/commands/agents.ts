import { Command } from 'commander';
import type { AgentDefinition } from '../../agents/definition.js';
import { getAgent, listAgents } from '../../agents/registry.js';
import { thousands } from '../format.js';

interface AgentsOptions {
  readonly json?: boolean;
  readonly presets?: boolean;
}

const value = (x: unknown): string => (Array.isArray(x) ? x.join(',') : String(x));

function describe({ name, description, source, settings }: AgentDefinition): string {
  const rows = Object.entries(settings).map(
    ([setting, { default: fallback, description: text }]) =>
      `  ${`${setting}=${value(fallback)}`.padEnd(30)} ${text}`,
  );
  return [`${name}: ${description}`, `  ${source}`, ...rows].join('\n');
}

function describePresets({ name, presets }: AgentDefinition): string {
  const list = (entries: Readonly<Record<string, unknown>>) =>
    Object.entries(entries).map(([key, x]) => `${key}=${value(x)}`);
  const rows = Object.entries(presets).map(([env, { steps, numEnvs, settings, options = {} }]) => {
    const words = [...list(settings), ...list(options).map((option) => `--option ${option}`)];
    return `  ${env}: ${thousands(steps)} steps of ${numEnvs} envs${words.length > 0 ? `, ${words.join(' ')}` : ''}`;
  });
  return [`${name}: presets that farstep train takes where the env has one`, ...rows].join('\n');
}

export function agentsCommand(): Command {
  return new Command('agents')
    .description('List the agents, each with its settings, their defaults and what they do.')
    .argument('[agent]', 'this one alone')
    .option('--presets', 'the settings that are known to work, env by env')
    .option('--json', 'as JSON')
    .action((name: string | undefined, { json, presets }: AgentsOptions) => {
      const agents = name === undefined ? listAgents() : [getAgent(name)];
      // Functions have no JSON and are left out.
      if (json) console.log(JSON.stringify(agents, undefined, 2));
      else console.log(agents.map(presets ? describePresets : describe).join('\n\n'));
    });
}
