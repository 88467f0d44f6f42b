/** The clients in other languages, as the conformance kit judges them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { CLIENT_RULES, type ClientRule, RESUMING } from '../../scripts/conform/client/rules.js';
import { runCommand } from '../../scripts/conform/client/task.js';
import { judgeClient } from '../../scripts/conform/judge-client.js';
import { findProgram, run } from './programs.js';

t.setTimeout(900_000);

const CLIENTS = fileURLToPath(new URL('../../../protocol/conformance/clients/', import.meta.url));

const UNOFFERED = Object.keys(CLIENT_RULES).filter(
  (rule) => rule === 'client/acks' || RESUMING.includes(rule as ClientRule),
);

async function holdsEveryRule(t: Test, command: string): Promise<void> {
  const { groups } = await judgeClient({ name: command, run: runCommand(command), timeoutMs: 60_000 });
  const others = groups.flatMap(({ rules }) => rules.filter(({ verdict }) => verdict !== 'holds'));
  const unjudged = others.filter(({ verdict }) => verdict === 'not judged').map(({ rule }) => rule);
  t.same(unjudged, UNOFFERED, 'neither resumes, so neither sends acks');
  t.equal(others.length, unjudged.length, JSON.stringify(others));
}

function isSmall(t: Test, file: string): void {
  const lines = readFileSync(join(CLIENTS, file), 'utf8').trimEnd().split('\n');
  t.ok(lines.length < 200, `${file} has ${lines.length} lines`);
}

t.test('Go', async (t) => {
  const go = findProgram('go', 'https://go.dev/doc/install');
  const client = join(t.testdir(), 'farstep-go');
  run(go, ['build', '-mod=readonly', '-o', client, '.'], join(CLIENTS, 'go'));
  run(go, ['vet', './...'], join(CLIENTS, 'go'));
  isSmall(t, 'go/main.go');
  await holdsEveryRule(t, client);
});

t.test('Rust', async (t) => {
  const cargo = findProgram('cargo', 'https://rustup.rs');
  const folder = join(CLIENTS, 'rust');
  run(cargo, ['build', '--locked'], folder);
  isSmall(t, 'rust/src/main.rs');
  await holdsEveryRule(t, join(folder, 'target/debug/farstep-client'));
});
