import { Command, InvalidArgumentError } from 'commander';
import { pino } from 'pino';
import { listSpecs } from '../../envs/index.js';
import { DEFAULT_LIMITS, type Limits, Server } from '../../server/index.js';
import { assignment, integer } from '../options.js';

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

interface ServeOptions {
  readonly host: string;
  readonly port: number;
  readonly unix?: string;
  readonly child?: boolean;
  readonly logLevel: string;
  readonly limit: Readonly<Record<string, string>>;
}

function level(text: string): string {
  if (LEVELS.includes(text)) return text;
  throw new InvalidArgumentError(`Expected one of ${LEVELS.join(', ')}.`);
}

/** The limits that may be 0. */
const NONE = ['graceMs', 'keptReplyBytes'];

function limits(given: Readonly<Record<string, string>>): Partial<Limits> {
  const known = Object.keys(DEFAULT_LIMITS);
  return Object.fromEntries(
    Object.entries(given).map(([name, text]) => {
      if (!known.includes(name)) throw new Error(`--limit: no limit ${name}; there are ${known.join(', ')}`);
      return [name, integer(NONE.includes(name) ? 0 : 1)(text)];
    }),
  );
}

export function serveCommand(): Command {
  const table = Object.entries(DEFAULT_LIMITS).map(([name, value]) => `  ${name.padEnd(18)} ${value}`);
  return new Command('serve')
    .description('Host environments: WebSocket and /healthz on one port.')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port to listen on; 0 takes a free one', integer(0, 65535), 7447)
    .option('--unix <path>', 'listen on a unix socket instead, as ws+unix:<path>')
    .option(
      '--child',
      'for a program that starts a server: print its address as a line, end with standard input',
    )
    .option('--log-level <level>', LEVELS.join(', '), level, 'info')
    .option('--limit <name=value>', 'set one of the limits below (repeatable)', assignment, {})
    .addHelpText('after', `\nLimits and their defaults:\n${table.join('\n')}`)
    .action(async ({ host, port, unix, child, logLevel, limit }: ServeOptions) => {
      // The first line of a child is for its parent, and so is nothing else on standard output.
      const log = pino({ name: 'farstep', level: logLevel }, pino.destination(child ? 2 : 1));
      const server = await Server.start({ host, port, unix, limits: limits(limit), log }).catch(
        (error: Error) => {
          throw new Error(`cannot listen on ${unix ?? `${host}:${port}`}: ${error.message}`);
        },
      );
      if (child) {
        console.log(server.url);
      } else if (process.stdout.isTTY) {
        console.log(`farstep hosts ${listSpecs().length} environments at ${server.url} (Ctrl-C to stop)`);
      }
      const stop = (): void => {
        process.once('SIGTERM', () => process.exit(1)).once('SIGINT', () => process.exit(1));
        void server.close();
      };
      process.once('SIGTERM', stop);
      if (child) {
        // Ctrl-C reaches the whole group; it is the parent that decides when its server ends.
        process.on('SIGINT', () => {});
        process.stdin.once('close', stop).resume();
      } else {
        process.once('SIGINT', stop);
      }
    });
}
