/** The limits that the README tells of are those that there are. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { ERRORS } from '../../protocol/errors.js';
import { DEFAULT_LIMITS } from '../../server/index.js';
import { sessionLimits } from '../../server/limits.js';

const text = readFileSync(new URL('../../../server/README.md', import.meta.url), 'utf8');
const rows = [
  ...text.matchAll(/^\| `(?<name>\w+)` \| (?<value>\d+) \| (?<told>yes)? ?\| .* \| (?<beyond>.*) \|$/gm),
];

t.test('every limit with its default', async (t) => {
  const told = Object.fromEntries(rows.map(({ groups }) => [groups!.name, Number(groups!.value)]));
  t.same(told, DEFAULT_LIMITS);
});

t.test('whether the client is told, and with which code it learns', async (t) => {
  const session = Object.keys(sessionLimits(DEFAULT_LIMITS)).sort((a, b) => (a < b ? -1 : 1));
  const told = rows.filter(({ groups }) => groups!.told).map(({ groups }) => groups!.name!);
  t.same(
    told.sort((a, b) => (a < b ? -1 : 1)),
    session,
  );
  for (const { groups } of rows) {
    const code = /`(\w+)`/.exec(groups!.beyond!)?.[1];
    if (code) t.ok(Object.hasOwn(ERRORS, code), `${groups!.name}: ${code}`);
  }
});

t.test('the specification names the limits that a client is told', async (t) => {
  const spec = readFileSync(new URL('../../../protocol/README.md', import.meta.url), 'utf8');
  const section = spec.slice(spec.indexOf('\n## Limits'));
  for (const name of Object.keys(sessionLimits(DEFAULT_LIMITS))) t.match(section, `| \`${name}\` |`);
});
