import { Command, InvalidArgumentError } from 'commander';
import { pino } from 'pino';
import { listSpecs } from '../../envs/index.js';
import { DEFAULT_LIMITS, type Limits, Server } from '../../server/index.js';
import { assignment, integer } from '../options.js';

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

interface ServeOptions {
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
  readonly limit: Readonly<Record<string, string>>;
}

function level(text: string): string {
  if (LEVELS.includes(text)) return text;
  throw new InvalidArgumentError(`Expected one of ${LEVELS.join(', ')}.`);
}

function limits(given: Readonly<Record<string, string>>): Partial<Limits> {
  const known = Object.keys(DEFAULT_LIMITS);
  return Object.fromEntries(
    Object.entries(given).map(([name, text]) => {
      if (!known.includes(name)) throw new Error(`--limit: no limit ${name}; there are ${known.join(', ')}`);
      return [name, integer(1)(text)];
    }),
  );
}

export function serveCommand(): Command {
  const table = Object.entries(DEFAULT_LIMITS).map(([name, value]) => `  ${name.padEnd(18)} ${value}`);
  return new Command('serve')
    .description('Host environments: WebSocket and /healthz on one port.')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port to listen on; 0 takes a free one', integer(0, 65535), 7447)
    .option('--log-level <level>', LEVELS.join(', '), level, 'info')
    .option('--limit <name=value>', 'set one of the limits below (repeatable)', assignment, {})
    .addHelpText('after', `\nLimits and their defaults:\n${table.join('\n')}`)
    .action(async ({ host, port, logLevel, limit }: ServeOptions) => {
      const log = pino({ name: 'farstep', level: logLevel });
      const server = await Server.start({ host, port, limits: limits(limit), log }).catch((error: Error) => {
        throw new Error(`cannot listen on ${host}:${port}: ${error.message}`);
      });
      if (process.stdout.isTTY) {
        console.log(`farstep hosts ${listSpecs().length} environments at ${server.url} (Ctrl-C to stop)`);
      }
      const stop = (): void => {
        process.once('SIGTERM', () => process.exit(1)).once('SIGINT', () => process.exit(1));
        void server.close();
      };
      process.once('SIGTERM', stop).once('SIGINT', stop);
    });
}
