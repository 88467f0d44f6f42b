import { Command } from 'commander';
import { describeOption, getEnv, getWorld, listSpecs, resolveOptions } from '../../envs/index.js';
import { type Client, connect } from '../../protocol/index.js';
import { nearest } from '../../protocol/nearest.js';
import type { Space } from '../../protocol/spaces/index.js';
import type { EnvSpec } from '../../protocol/spec.js';

interface EnvsOptions {
  readonly json?: boolean;
  readonly url?: string;
}

/** What an env is made of with the options as they come; of a world, for each seat. */
interface Made {
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  /** Of a world. */
  readonly seats?: readonly string[];
  readonly turns?: boolean;
  readonly defaultAction?: string;
}

function makeHere(spec: EnvSpec): Made {
  const options = resolveOptions(spec, {});
  if (spec.players === 1) return getEnv(spec.id).create(options);
  const { seats, turns, defaultAction, ...definition } = getWorld(spec.id);
  const { observationSpace, actionSpace } = definition.create(options);
  return { observationSpace, actionSpace, seats, turns, defaultAction };
}

async function makeThere(client: Client, { id, players }: EnvSpec): Promise<Made> {
  if (players === 1) {
    const env = await client.make(id);
    await env.close();
    return env;
  }
  const world = await client.create(id);
  await world.leave();
  const { observationSpace, actionSpace, contract } = world;
  return { observationSpace, actionSpace, ...contract.world };
}

function details(
  spec: EnvSpec,
  { observationSpace, actionSpace, seats, turns, defaultAction }: Made,
): string {
  const facts = [
    spec.maxEpisodeSteps === undefined ? 'no time limit' : `at most ${spec.maxEpisodeSteps} steps`,
    `reward ${spec.rewardRange.join(' to ')}`,
    ...(spec.rewardThreshold === undefined ? [] : [`solved at ${spec.rewardThreshold}`]),
  ];
  const options = Object.entries(spec.options).map(([name, option]) => {
    const allowed = option.type === 'boolean' ? '' : `, ${describeOption(option)}`;
    return `    ${name} = ${JSON.stringify(option.default)}${allowed}\n      ${option.description}`;
  });
  return [
    spec.id,
    `  ${spec.description}`,
    `  ${facts.join(', ')}`,
    `  observation  ${observationSpace.toString()}`,
    `  action       ${actionSpace.toString()}`,
    ...(seats === undefined
      ? []
      : [
          `  seats        ${seats.join(', ')}, ${turns ? 'one at a time' : 'all at once'}`,
          `  default move ${defaultAction}`,
        ]),
    `  source       ${spec.source}`,
    ...(options.length > 0 ? ['  options'] : []),
    ...options,
  ].join('\n');
}

/** One line an env. */
function overview(specs: readonly EnvSpec[]): string {
  const width = Math.max(...specs.map(({ id }) => id.length)) + 2;
  return specs.map(({ id, description }) => `${id.padEnd(width)}${description}`).join('\n');
}

export function envsCommand(): Command {
  return new Command('envs')
    .description('List the environments; or tell all about some: spaces, rewards, options.')
    .argument('[id]', 'those whose id contains this')
    .option('--json', 'the specs as JSON')
    .option('--url <ws-url>', 'ask this server instead of listing our own')
    .action(async (part: string | undefined, { json, url }: EnvsOptions) => {
      const client = url === undefined ? undefined : await connect(url, { client: 'farstep-cli' });
      try {
        const all = client ? await client.list() : listSpecs();
        const specs = all.filter(({ id }) => id.toLowerCase().includes(part?.toLowerCase() ?? ''));
        if (specs.length === 0) {
          const ids = all.map(({ id }) => id);
          throw new Error(
            `no env has ${part} in its id; the nearest are ${nearest(part!, ids, 3).join(', ')}`,
          );
        }
        if (json) {
          console.log(JSON.stringify(specs, undefined, 2));
        } else if (part === undefined) {
          console.log(
            `${overview(specs)}\n\n${specs.length} environments. farstep envs <id> tells all about one.`,
          );
        } else {
          const texts: string[] = [];
          for (const spec of specs) {
            texts.push(details(spec, client ? await makeThere(client, spec) : makeHere(spec)));
          }
          console.log(texts.join('\n\n'));
        }
      } finally {
        client?.close();
      }
    });
}
