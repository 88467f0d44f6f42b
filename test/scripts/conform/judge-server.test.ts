/** A good server is not found fault with, and every fault is found by the rule that is meant to find it. */
import t from 'tap';
import { COMMON_RULES } from '../../../scripts/conform/common-rules.js';
import { judgeServer } from '../../../scripts/conform/judge-server.js';
import { SCENARIOS } from '../../../scripts/conform/scenarios/index.js';
import { play, ROLES, type Role } from '../../../scripts/conform/stage.js';
import { Verdicts } from '../../../scripts/conform/verdicts.js';
import { startServer } from '../../server/rig.js';
import { type Fault, type Fields, withMutant } from './mutant-server.js';
import { MUTANTS } from './server-mutants.js';

const IDS = Object.fromEntries(Object.entries(ROLES).map(([role, { id }]) => [role, id])) as Record<
  Role,
  string
>;
/** Long enough for a reply on a busy machine: no mutant here is silent. */
const TIMEOUT_MS = 10_000;

t.setTimeout(120_000);

t.test('our server holds every rule', async (t) => {
  const server = await startServer(t);
  const report = await judgeServer({ url: server.url, timeoutMs: TIMEOUT_MS });
  const others = report.groups.flatMap(({ rules }) => rules.filter(({ verdict }) => verdict !== 'holds'));
  t.same(others, []);
  t.equal(
    report.holds,
    report.groups.reduce((sum, { rules }) => sum + rules.length, 0),
  );
});

t.test('a server of other envs is tried with those, and the rest is not judged', async (t) => {
  const others: Fault = {
    reply: (value) =>
      Array.isArray(value) || (value as Fields).type !== 'listed'
        ? undefined
        : {
            ...value,
            envs: ((value as Fields).envs as readonly Fields[]).filter(({ id }) => id === 'Acrobot-v1'),
          },
  };
  await withMutant(others, async (url) => {
    const scenarios = SCENARIOS.filter(({ name }) => ['make', 'step', 'table'].includes(name));
    const report = await judgeServer({ url, timeoutMs: TIMEOUT_MS, scenarios });
    const [, make, step, table] = report.groups;
    t.ok([...make!.rules, ...step!.rules].every(({ verdict }) => verdict === 'holds'));
    t.ok(
      table!.rules.every(({ verdict, detail }) => verdict === 'not judged' && /--env table=ID/.test(detail!)),
    );
    t.equal(report.broken, 0);
    const named = await judgeServer({ url, timeoutMs: TIMEOUT_MS, scenarios, ids: { table: 'Taxi-v4' } });
    t.ok(named.groups.at(-1)!.rules.every(({ verdict }) => verdict === 'holds'));
  });
});

t.test('each rule finds the fault that is its own', async (t) => {
  for (const [name, mutants] of Object.entries(MUTANTS)) {
    const scenario = SCENARIOS.find((one) => one.name === name)!;
    for (const [rule, fault] of Object.entries(mutants)) {
      const verdicts = new Verdicts();
      await withMutant(fault, async (url) => {
        await play(scenario, { url, ids: IDS, timeoutMs: TIMEOUT_MS }, verdicts);
      });
      const broken = verdicts.broken.map(([broken]) => broken);
      t.ok(broken.includes(rule), `${name}: ${rule} finds its fault; found: ${broken.join(', ') || 'none'}`);
    }
  }
});

t.test('every rule has a fault', async (t) => {
  for (const { name, rules } of SCENARIOS) {
    const missing = Object.keys(rules).filter((rule) => !MUTANTS[name]?.[rule]);
    t.same(missing, [], name);
  }
  const found = new Set(Object.values(MUTANTS).flatMap((mutants) => Object.keys(mutants)));
  t.same(
    Object.keys(COMMON_RULES).filter((rule) => !found.has(rule)),
    [],
  );
});
