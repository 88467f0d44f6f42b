/** Each rule of the kit is the specification's own words, and no MUST of the specification goes without a rule. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { CLIENT_RULES, TASK_RULES } from '../../../scripts/conform/client/rules.js';
import { COMMON_RULES } from '../../../scripts/conform/common-rules.js';
import { SCENARIOS, STAGED } from '../../../scripts/conform/scenarios/index.js';

const ROOT = new URL('../../../../', import.meta.url);
const flat = (text: string): string => text.replace(/\s+/g, ' ');
const read = (file: string): string => readFileSync(new URL(file, ROOT), 'utf8');

const README = read('protocol/README.md');
const SPECIFICATION = flat(README.slice(0, README.indexOf('## A session, byte by byte')));
const groups = [{ rules: COMMON_RULES }, ...SCENARIOS, ...STAGED, { rules: CLIENT_RULES }];
const rules: readonly (readonly [rule: string, words: string])[] = groups.flatMap((group) =>
  Object.entries(group.rules),
);

t.test('every rule quotes the specification', async (t) => {
  for (const [rule, words] of rules)
    t.ok(SPECIFICATION.includes(flat(words)), `${rule}: protocol/README.md does not say: ${words}`);
  const task = flat(read('protocol/conformance/README.md'));
  for (const [rule, words] of Object.entries(TASK_RULES))
    t.ok(task.includes(flat(words)), `${rule}: protocol/conformance/README.md does not say: ${words}`);
});

t.test('a name is one rule', async (t) => {
  const names = rules.map(([rule]) => rule);
  const repeated = names.filter((name, i) => names.indexOf(name) !== i);
  t.same(repeated, []);
});

t.test('what the specification demands, a rule judges', async (t) => {
  const sentences = [...SPECIFICATION.matchAll(/[^.:;,]*?(?<demand>\b(?:MUST|SHOULD)\b[^.:;,]*)/g)];
  const demands = sentences
    .map(({ groups }) => groups!.demand!.trim())
    .filter((demand) => !/^MUST$|RFC 2119/.test(demand)); // they say what the words mean
  t.ok(demands.length > 10);
  const quotes = rules.map(([, words]) => flat(words));
  const unjudged = demands.filter((demand) => !quotes.some((quote) => quote.includes(demand)));
  t.same(unjudged, [], 'a rule in scripts/conform quotes each demand');
});
