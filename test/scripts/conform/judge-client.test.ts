/** A good client is not found fault with, and every fault is found by the rule that is meant to find it. */
import t from 'tap';
import { CASES } from '../../../scripts/conform/client/cases.js';
import { CLIENT_RULES, RESUMING, TASK_RULES } from '../../../scripts/conform/client/rules.js';
import { judgeClient } from '../../../scripts/conform/judge-client.js';
import type { Report } from '../../../scripts/conform/report.js';
import { CLIENT_MUTANTS } from './client-mutants.js';
import { runHere, TaskClient } from './task-client.js';

t.setTimeout(120_000);

/** What the specification words with SHOULD. */
const ADVICE = [
  'client/compression',
  'client/ids-count-up',
  'client/unknown-code',
  'client/pauses',
  'client/gives-up',
];

const found = ({ groups }: Report) =>
  groups.flatMap(({ rules }) => rules.filter(({ verdict }) => verdict === 'broken' || verdict === 'advice'));

t.test('a good client holds every rule', async (t) => {
  const report = await judgeClient({ name: 'good', run: runHere(TaskClient), timeoutMs: 20_000 });
  const others = report.groups.flatMap(({ rules }) => rules.filter(({ verdict }) => verdict !== 'holds'));
  t.same(others, []);
  t.equal(report.holds, Object.keys(CLIENT_RULES).length + Object.keys(TASK_RULES).length);
});

t.test('a client that cannot resume is not asked to', async (t) => {
  class Simple extends TaskClient {
    protected override patienceMs(): number {
      return 0;
    }
  }
  const report = await judgeClient({ name: 'simple', run: runHere(Simple), timeoutMs: 20_000 });
  const others = report.groups.flatMap(({ rules }) => rules.filter(({ verdict }) => verdict !== 'holds'));
  t.same(
    others.map(({ rule, verdict }) => [rule, verdict]),
    RESUMING.map((rule) => [rule, 'not judged']),
  );
});

t.test('each rule finds the fault that is its own', async (t) => {
  for (const [rule, { case: name, Client }] of Object.entries(CLIENT_MUTANTS)) {
    const cases = CASES.filter((one) => one.name === name);
    // A fault may be that nothing more comes; whoever is good has ended long before.
    const report = await judgeClient({ name: rule, run: runHere(Client), timeoutMs: 1500, cases });
    const verdicts = Object.fromEntries(found(report).map((fault) => [fault.rule, fault.verdict]));
    const names = Object.keys(verdicts).join(', ') || 'none';
    t.equal(
      verdicts[rule],
      ADVICE.includes(rule) ? 'advice' : 'broken',
      `${rule} finds its fault; found: ${names}`,
    );
  }
});
