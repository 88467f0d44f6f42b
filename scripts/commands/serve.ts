import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { pino } from 'pino';
import { listSpecs } from '../../envs/index.js';
import { DEFAULT_LIMITS, KeyRing, type Limits, Server, WorkerHost } from '../../server/index.js';
import { isLoopback } from '../../server/origin.js';
import { assignment, integer } from '../options.js';

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

interface ServeOptions {
  readonly host: string;
  readonly port: number;
  readonly unix?: string;
  readonly child?: boolean;
  readonly logLevel: string;
  readonly workers: number;
  readonly envs: readonly string[];
  readonly stateDir?: string;
  readonly keys?: string;
  readonly open?: boolean;
  readonly origin: readonly string[];
  readonly cert?: string;
  readonly key?: string;
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

/** Who may come, and how. Throws where that would be everybody, and nobody has said so. */
function accessOf({ host, unix, keys, open, origin, cert, key }: ServeOptions) {
  if (keys === undefined && unix === undefined && !isLoopback(host) && !open) {
    throw new Error(
      `--host ${host}: others reach this address; name those who may come with --keys, or let in everybody with --open`,
    );
  }
  if ((cert === undefined) !== (key === undefined)) throw new Error('--cert and --key go together');
  return {
    keys: keys === undefined ? undefined : KeyRing.ofFile(keys),
    origins: origin,
    tls: cert === undefined ? undefined : { cert: readFileSync(cert), key: readFileSync(key!) },
  };
}

export function serveCommand(): Command {
  const table = Object.entries(DEFAULT_LIMITS).map(([name, value]) => `  ${name.padEnd(18)} ${value}`);
  return new Command('serve')
    .description('Host environments: WebSocket, /healthz, /readyz and /metrics on one port.')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port to listen on; 0 takes a free one', integer(0, 65535), 7447)
    .option('--unix <path>', 'listen on a unix socket instead, as ws+unix:<path>')
    .option(
      '--child',
      'for a program that starts a server: print its address as a line, end with standard input',
    )
    .option(
      '--workers <number>',
      'threads at most that step envs, where that is faster; 0: all step in the main thread',
      integer(0, 256),
      availableParallelism(),
    )
    .option(
      '--envs <file>',
      'a JavaScript module that defines envs of your own (repeatable); see server/README.md',
      (file: string, files: readonly string[]) => [...files, resolve(file)],
      [],
    )
    .option(
      '--state-dir <folder>',
      'keep sessions there, so that they go on when the server is started anew, however it ended',
    )
    .option('--keys <file>', 'let in who has a key of this file; farstep key makes them')
    .option('--open', 'let in everybody on an address that others reach')
    .option(
      '--origin <origin>',
      'web pages that may connect beside those of this machine, such as https://example.org (repeatable); *: all',
      (origin: string, origins: readonly string[]) => [...origins, origin],
      [],
    )
    .option('--cert <file>', 'speak TLS with this certificate and those behind it, PEM; needs --key')
    .option('--key <file>', 'the private key of the certificate, PEM')
    .option('--log-level <level>', LEVELS.join(', '), level, 'info')
    .option('--limit <name=value>', 'set one of the limits below (repeatable)', assignment, {})
    .addHelpText('after', `\nLimits and their defaults:\n${table.join('\n')}`)
    .action(async (options: ServeOptions) => {
      const { host, port, unix, child, workers, envs, stateDir, logLevel, limit } = options;
      const access = accessOf(options);
      // The first line of a child is for its parent, and so is nothing else on standard output.
      const log = pino({ name: 'farstep', level: logLevel }, pino.destination(child ? 2 : 1));
      const common = { limits: limits(limit), log };
      const workerHost = await WorkerHost.start({ ...common, workers, envs });
      void workerHost.warmUp();
      const server = await Server.start({
        ...common,
        ...access,
        host,
        port,
        unix,
        stateDir,
        envs: workerHost,
      }).catch(async (error: NodeJS.ErrnoException) => {
        await workerHost.close();
        if (error.code === undefined) throw error;
        throw new Error(`cannot listen on ${unix ?? `${host}:${port}`}: ${error.message}`);
      });
      if (child) {
        console.log(server.url);
      } else if (process.stdout.isTTY) {
        console.log(`farstep hosts ${listSpecs().length} environments at ${server.url} (Ctrl-C to stop)`);
      }
      const stop = (): void => {
        process.once('SIGTERM', () => process.exit(1)).once('SIGINT', () => process.exit(1));
        void server.close().then(() => workerHost.close());
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
