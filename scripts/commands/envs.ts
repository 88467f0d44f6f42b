import { Command } from 'commander';
import { listSpecs } from '../../envs/index.js';
import { connect } from '../../protocol/index.js';
import type { EnvSpec } from '../../protocol/spec.js';

interface EnvsOptions {
  readonly json?: boolean;
  readonly url?: string;
}

function describe(spec: EnvSpec): string {
  const facts = [
    spec.maxEpisodeSteps === undefined ? 'no time limit' : `at most ${spec.maxEpisodeSteps} steps`,
    `reward ${spec.rewardRange.join(' to ')}`,
    ...(spec.rewardThreshold === undefined ? [] : [`solved at ${spec.rewardThreshold}`]),
    ...(spec.players === 1 ? [] : [`${spec.players} players`]),
  ];
  const options = Object.entries(spec.options).map(
    ([name, option]) => `    ${name} = ${JSON.stringify(option.default)}: ${option.description}`,
  );
  return [`${spec.id}\n  ${spec.description}`, `  ${facts.join(', ')}`, ...options].join('\n');
}

export function envsCommand(): Command {
  return new Command('envs')
    .description('List the environments and their options.')
    .argument('[id]', 'only those whose id contains this')
    .option('--json', 'the specs as JSON')
    .option('--url <ws-url>', 'ask this server instead of listing our own')
    .action(async (part: string | undefined, { json, url }: EnvsOptions) => {
      let all: readonly EnvSpec[] = listSpecs();
      if (url) {
        const client = await connect(url);
        all = await client.list();
        client.close();
      }
      const specs = all.filter(
        ({ id }) => part === undefined || id.toLowerCase().includes(part.toLowerCase()),
      );
      if (specs.length === 0)
        throw new Error(`no env has ${part} in its id; there are ${all.map(({ id }) => id).join(', ')}`);
      console.log(json ? JSON.stringify(specs, undefined, 2) : specs.map(describe).join('\n\n'));
    });
}
