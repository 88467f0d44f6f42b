import t from 'tap';
import type { Report } from '../../../scripts/conform/report.js';
import { startServer } from '../../server/rig.js';
import { farstep } from '../command.js';

// Each command is a process of its own, and each case of a client another one.
t.setTimeout(300_000);

const CLIENT = new URL('../../../protocol/conformance/clients/typescript.js', import.meta.url).pathname;

t.test('a server is judged', async (t) => {
  const server = await startServer(t);
  const { code, stdout, stderr } = await farstep(t.testdir(), 'conform', '--url', server.url);
  t.equal(code, 0, stderr);
  t.match(stdout, /^ {2}holds {3}reset\/mask$/m);
  t.match(stdout, /: \d+ rules hold, 0 broken, advice on 0, 0 not judged\n$/);
});

t.test('the TypeScript client is judged', async (t) => {
  const client = `${process.execPath} ${CLIENT}`;
  const { code, stdout, stderr } = await farstep(
    t.testdir(),
    'conform',
    '--client',
    client,
    '--timeout',
    '60',
    '--json',
  );
  t.equal(code, 0, stderr);
  const report = JSON.parse(stdout) as Report;
  const others = report.groups.flatMap(({ rules }) => rules.filter(({ verdict }) => verdict !== 'holds'));
  t.same(others, []);
});

t.test('a command that is no client is told so, with the specification and what it wrote', async (t) => {
  const { code, stdout } = await farstep(t.testdir(), 'conform', '--client', 'echo no client >&2; false');
  t.equal(code, 1);
  t.match(
    stdout,
    /BROKEN {2}client\/hello-first\n +plain: the command never connected; on stderr: no client\n/,
  );
  t.match(stdout, /the specification says: The client MUST send `hello` first/);
});

t.test('what cannot be judged', async (t) => {
  const dir = t.testdir();
  const cases: readonly (readonly [args: string[], message: RegExp])[] = [
    [[], /name what to judge: a server with --url, or a client with --client/],
    [['--url', 'ws://x', '--client', 'y'], /name what to judge/],
    [['--url', 'ws://127.0.0.1:1'], /ECONNREFUSED.*Is a server running there\?/],
    [
      ['--url', 'ws://x', '--env', 'chess=Chess-v6'],
      /Expected one of env, tuple, goals, table, turns, parallel/,
    ],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await farstep(dir, 'conform', ...args);
    t.equal(code, 1);
    t.match(stderr, message);
  }
});
