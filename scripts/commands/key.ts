import { existsSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { createKey, type Key, QUOTAS, readKeys, SCOPES, type Scope, writeKeys } from '../../server/keys.js';
import { assignment, integer } from '../options.js';

function scope(text: string, sofar: readonly Scope[] = []): Scope[] {
  if (Object.hasOwn(SCOPES, text)) return [...sofar, text as Scope];
  throw new InvalidArgumentError(`Expected one of ${Object.keys(SCOPES).join(', ')}.`);
}

function quotas(given: Readonly<Record<string, string>>): Key['quotas'] {
  return Object.fromEntries(
    Object.entries(given).map(([name, text]) => {
      if (Object.hasOwn(QUOTAS, name)) return [name, integer(0)(text)];
      throw new Error(`--quota: no quota ${name}; there are ${Object.keys(QUOTAS).join(', ')}`);
    }),
  );
}

const table = (entries: Readonly<Record<string, string>>): string =>
  Object.entries(entries)
    .map(([name, what]) => `  ${name.padEnd(18)} ${what}`)
    .join('\n');

/** The keys of a server that asks who comes (`farstep serve --keys`). */
export function keyCommand(): Command {
  const command = new Command('key').description(
    'Who may come to a server: the keys of farstep serve --keys.',
  );
  command
    .command('add <file> <name>')
    .description(
      'Make a key and print its token, which is written nowhere. The file is made if it is not there.',
    )
    .option('--scope <scope>', 'what it may be used for (repeatable); all where absent', scope)
    .option('--quota <name=value>', 'what its sessions may have together (repeatable)', assignment, {})
    .addHelpText('after', `\nScopes:\n${table(SCOPES)}\n\nQuotas:\n${table(QUOTAS)}`)
    .action(
      (
        file: string,
        name: string,
        options: { readonly scope?: Scope[]; readonly quota: Readonly<Record<string, string>> },
      ) => {
        const keys = existsSync(file) ? readKeys(file) : [];
        if (keys.some((key) => key.name === name)) throw new Error(`${file} has a key ${name} already`);
        const { scope: scopes = Object.keys(SCOPES) as Scope[], quota } = options;
        const { key, token } = createKey({ name, scopes, quotas: quotas(quota) });
        writeKeys(file, [...keys, key]);
        console.log(token);
      },
    );
  command
    .command('list <file>')
    .description('Tell the names of the keys, their scopes and quotas.')
    .action((file: string) => {
      for (const { name, scopes, quotas: own } of readKeys(file)) {
        const limits = Object.entries(own).map(([quota, most]) => `${quota}=${most}`);
        console.log([name, scopes.join(',') || 'no scope', ...limits].join('  '));
      }
    });
  command
    .command('remove <file> <name>')
    .description('Remove a key: its sessions end within seconds.')
    .action((file: string, name: string) => {
      const keys = readKeys(file);
      const rest = keys.filter((key) => key.name !== name);
      if (rest.length === keys.length) {
        throw new Error(
          `${file} has no key ${name}; there are ${keys.map((key) => key.name).join(', ') || 'none'}`,
        );
      }
      writeKeys(file, rest);
    });
  return command;
}
