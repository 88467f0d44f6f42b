import { rm } from 'node:fs/promises';
import { Command } from 'commander';
import { mean } from '../../agents/mean.js';
import { DataSetWriter } from '../../agents/run/output/data-set-file.js';
import { getEnv, hasExpert, listEnvs, resolveOptions } from '../../envs/index.js';
import { arrayType, sizeOf, type View } from '../../protocol/index.js';
import { openServer } from '../open-server.js';
import { assignment, integer, optionValues } from '../options.js';

interface ExpertOptions {
  readonly option?: Readonly<Record<string, string>>;
  readonly episodes: number;
  readonly seed: number;
  readonly out?: string;
  readonly url?: string;
}

const NUM_ENVS = 8;

export function expertCommand(): Command {
  const ids = listEnvs()
    .filter(hasExpert)
    .map(({ spec }) => spec.id);
  return new Command('expert')
    .description('Let the scripted expert of an env play, and keep its episodes as a data set.')
    .argument('<env>', 'one that has an expert; see below')
    .option('--option <name=value>', 'an option of the env (repeatable)', assignment)
    .option('--episodes <number>', 'how many', integer(1, 1_000_000), 100)
    .option('--seed <number>', 'of the envs', integer(0, 2 ** 31), 0)
    .option('--out <file>', 'the data set, a safetensors file (agents/memory/README.md has its layout)')
    .option('--url <ws-url>', 'the server to play on; without it, one is started')
    .addHelpText('after', `\nEnvs with an expert:\n  ${ids.join('\n  ')}`)
    .action(async (id: string, { option, episodes, seed, out, url }: ExpertOptions) => {
      const definition = getEnv(id);
      if (!hasExpert(definition)) throw new Error(`${id} has no expert; these have one: ${ids.join(', ')}`);
      const options = resolveOptions(definition.spec, optionValues(option));
      const expert = definition.expert(options);
      const server = await openServer(url ?? null);
      try {
        const env = await server.client.make(id, {
          numEnvs: NUM_ENVS,
          seed,
          options,
          autoreset: 'same_step',
        });
        const { observationSpace, actionSpace, numEnvs, contractHash } = env;
        const columns = `${out}.columns`;
        const data =
          out === undefined
            ? undefined
            : await DataSetWriter.open(
                { id, options, numEnvs, contractHash, observationSpace, actionSpace },
                columns,
              );
        const actions = actionSpace.leaves.map(
          ({ dtype, shape }) => new (arrayType(dtype))(NUM_ENVS * sizeOf(shape)),
        );
        const returns: number[] = [];
        const successes: number[] = [];
        let { observations } = await env.reset();
        await data?.begin(observations, String(seed));
        while (returns.length < episodes) {
          for (let row = 0; row < NUM_ENVS; row++) {
            const seen = observationSpace.read(observations, row) as View;
            actionSpace.write(expert(seen), actions, row);
          }
          const result = await env.step(actions);
          data?.add(actions, result);
          observations = result.observations;
          returns.push(...(result.ended?.returns ?? []));
          const success = result.ended?.finalInfos?.is_success?.[0];
          if (success) successes.push(...Array.from(success, Number));
        }
        // The last step may have ended more episodes than were asked for.
        const meanOf = (values: readonly number[]) => mean(values.slice(0, episodes));
        const rate = successes.length > 0 ? `, ${(100 * meanOf(successes)).toFixed(1)}% successful` : '';
        console.log(
          `${episodes} episodes of the expert in ${id}: mean return ${meanOf(returns).toFixed(2)}${rate}`,
        );
        if (out !== undefined) {
          await data!.finish(out, episodes);
          await rm(columns, { recursive: true });
          console.log(`Data set: ${out}`);
        }
      } finally {
        await server.close();
      }
    });
}
