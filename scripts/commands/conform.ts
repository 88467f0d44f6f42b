import { Command, InvalidArgumentError } from 'commander';
import { runCommand } from '../conform/client/task.js';
import { judgeClient } from '../conform/judge-client.js';
import { judgeServer } from '../conform/judge-server.js';
import { type Report, reportText } from '../conform/report.js';
import { ROLES, type Role } from '../conform/stage.js';
import { above } from '../options.js';

interface ConformOptions {
  readonly url?: string;
  readonly client?: string;
  readonly env: Readonly<Partial<Record<Role, string>>>;
  readonly timeout: number;
  readonly json?: boolean;
}

/** Collects `role=id`; an id alone is that of the role `env`. */
function roleId(text: string, sofar: ConformOptions['env'] = {}): ConformOptions['env'] {
  const at = text.indexOf('=');
  const role = at < 0 ? 'env' : text.slice(0, at);
  if (Object.hasOwn(ROLES, role)) return { ...sofar, [role]: text.slice(at + 1) };
  throw new InvalidArgumentError(`Expected one of ${Object.keys(ROLES).join(', ')} before the =.`);
}

function tell(report: Report, isJSON: boolean | undefined): void {
  console.log(isJSON ? JSON.stringify(report, undefined, 2) : reportText(report));
  if (report.broken > 0) process.exitCode = 1;
}

export function conformCommand(): Command {
  const roles = Object.entries(ROLES).map(
    ([role, { id, what }]) => `  ${role.padEnd(9)} ${id.padEnd(21)} ${what}`,
  );
  return new Command('conform')
    .description('Judge a server or a client, in any language, by the rules of protocol/README.md.')
    .option('--url <url>', 'the server to judge, such as ws://localhost:7447')
    .option('--client <command>', 'the client to judge: a command that plays what it is asked to')
    .option(
      '--env <role=id>',
      'an env or world of the server to try, in place of the usual one (repeatable)',
      roleId,
      {},
    )
    .option(
      '--timeout <seconds>',
      'longest wait for a reply of the server, or for the client to play a case',
      above(0),
      10,
    )
    .option('--json', 'the report as JSON')
    .addHelpText('after', `\nWhat a server is tried with:\n${roles.join('\n')}`)
    .action(async ({ url, client, env, timeout, json }: ConformOptions) => {
      if ((url === undefined) === (client === undefined))
        throw new Error('name what to judge: a server with --url, or a client with --client');
      const timeoutMs = 1000 * timeout;
      if (url !== undefined) tell(await judgeServer({ url, ids: env, timeoutMs }), json);
      else if (client !== undefined)
        tell(await judgeClient({ name: client, run: runCommand(client), timeoutMs }), json);
    });
}
