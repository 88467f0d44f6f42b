/** Each rule of the kit is the specification's own words, and no MUST of the specification goes without a rule. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { COMMON_RULES } from '../../../scripts/conform/common-rules.js';
import { SCENARIOS, STAGED } from '../../../scripts/conform/scenarios/index.js';

const flat = (text: string): string => text.replace(/\s+/g, ' ');
const README = readFileSync(new URL('../../../../protocol/README.md', import.meta.url), 'utf8');
const SPECIFICATION = flat(README.slice(0, README.indexOf('## A session, byte by byte')));

const rules = [{ rules: COMMON_RULES }, ...SCENARIOS, ...STAGED].flatMap((group) =>
  Object.entries(group.rules),
);

t.test('every rule quotes the specification', async (t) => {
  for (const [rule, words] of rules)
    t.ok(SPECIFICATION.includes(flat(words)), `${rule}: protocol/README.md does not say: ${words}`);
});

t.test('a name is one rule', async (t) => {
  const names = rules.map(([rule]) => rule);
  t.same(
    names.filter((name, i) => names.indexOf(name) !== i),
    [],
  );
});
