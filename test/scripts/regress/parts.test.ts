import { spawn } from 'node:child_process';
import t from 'tap';
import { connect } from '../../../protocol/index.js';
import { parseClaims } from '../../../scripts/regress/claims.js';
import { compareFingerprints, fingerprint } from '../../../scripts/regress/golden.js';
import { treeMegabytes } from '../../../scripts/regress/memory.js';
import { type ClaimReport, type Report, toJUnit, toTable } from '../../../scripts/regress/report.js';
import { scoreOf } from '../../../scripts/regress/score.js';
import { parseScore } from '../../../scripts/regress/trials.js';
import { Server } from '../../../server/index.js';

t.test("a command's last line is its score", async (t) => {
  t.same(parseScore('noise\n{"score": 12, "loss": 0.5}\n'), { values: { score: 12, loss: 0.5 } });
  t.same(parseScore('{"returns":[1,3],"lengths":[5,6]}'), { values: {}, returns: [1, 3], lengths: [5, 6] });
  t.throws(() => parseScore('done'), /last line must be JSON such as .*: got "done"/);
  t.throws(() => parseScore('{"loss": 1}'), /it has neither/);
  t.throws(() => parseScore(''), /got ""/);
});

t.test('scores: returns, lengths, wins, and metrics of training', async (t) => {
  const rows = [1, 2, 3, 4].map((k) => ({
    step: 10 * k,
    time: 0,
    q: 10 * k,
    came: k,
    ...(k < 3 && { loss: k }),
  }));
  const record = { seconds: 0, megabytes: 0, measured: {} };
  const score = (fields: object, measured: object = { returns: [-1, 3], lengths: [4, 6] }) => {
    const [claim] = parseClaims({ claims: [{ name: 'a', agent: 'dqn', env: 'E', ...fields }] }).claims;
    return scoreOf(claim!, claim!.tasks[0]!, { record, measured, rows });
  };
  t.equal(score({}), 1);
  t.equal(score({ metric: 'length' }), 5);
  t.equal(score({ statistic: 'winRate' }), 0.5);
  t.equal(score({ statistic: 'winRate', winAbove: 3 }), 0);
  t.equal(score({ env: undefined, tasks: [{ env: 'E', range: [-1, 1] }] }), 1, 'on the scale of its task');
  t.equal(score({ metric: { name: 'q' } }), 40);
  t.equal(score({ metric: { name: 'q', over: 'mean', from: 0.5 } }), 30);
  t.equal(score({ metric: { name: 'q', minus: 'came', over: 'mean' } }), 22.5);
  t.equal(score({ metric: { name: 'loss', over: 'max' } }), 2, 'rows without it are passed over');
  t.throws(() => score({ metric: { name: 'p' } }), { message: 'training measured no p' });
  t.equal(score({}, { values: { score: 7 } }), 7);
  t.equal(score({ metric: { name: 'loss' } }, { values: { score: 7, loss: 2 } }), 2);
  t.throws(() => score({ statistic: 'winRate' }, { values: { score: 7 } }), /the command told none/);
});

t.test('fingerprints of envs', async (t) => {
  const server = await Server.start();
  const client = await connect(server.url);
  t.teardown(async () => {
    client.close();
    await server.close();
  });
  const play = { env: 'CartPole-v1', options: {}, numEnvs: 2, seed: 3, steps: 50 };
  const found = await fingerprint(client, play);
  t.same(await fingerprint(client, play), found, 'the same every time');
  const another = await fingerprint(client, { ...play, seed: 4 });
  t.equal(another.contract, found.contract);
  t.match(compareFingerprints(another, found), { verdict: 'fail', reason: /how it behaves/ });
  const options = { sutton_barto_reward: true };
  t.match(compareFingerprints(await fingerprint(client, { ...play, options }), found), {
    verdict: 'fail',
    reason: /what it offers/,
  });
  t.same(compareFingerprints(found, found), { verdict: 'pass' });
  t.match(compareFingerprints(found, {}), { verdict: 'inconclusive' });
});

t.test('memory of a process and what it started', async (t) => {
  const code = `require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'],
    { stdio: 'inherit' }); const kept = Buffer.alloc(200e6, 1); console.log('ready'); setInterval(() => kept, 1e6);`;
  const child = spawn(process.execPath, ['-e', code], { detached: true });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const tree = await treeMegabytes(child.pid!);
  process.kill(-child.pid!, 'SIGKILL');
  t.ok(tree > 220, `${tree} MB`);
  t.ok(tree < 1000, `${tree} MB`);
});

const claim = (fields: Partial<ClaimReport>): ClaimReport => ({
  name: 'a < b',
  verdict: 'pass',
  statistic: 'IQM of return',
  bound: '≥ 475',
  finding: { estimate: 481.23456, low: 470, high: 500 },
  seeds: [{ seed: 0, env: 'E', side: 'claim', score: 481, seconds: 100, megabytes: 200, run: 'r' }],
  notes: [],
  ...fields,
});
const report: Report = {
  file: 'q.json',
  verdict: 'fail',
  golden: [{ name: 'E', verdict: 'inconclusive', notes: ['nothing yet.'] }],
  claims: [claim({}), claim({ name: 'c', verdict: 'fail', finding: null, notes: ['seed 0 "crashed".'] })],
};

t.test('the table', async (t) => {
  const lines = toTable(report).split('\n');
  t.equal(
    lines[2],
    '| a < b | IQM of return     | 481.2 | 470 to 500 | ≥ 475 | 1     | 2 min       | pass         |',
  );
  t.match(lines, [
    /^\| claim /,
    /^\|-+\|/,
    /a < b/,
    /\| c .* fail/,
    /E .* golden/,
    '',
    'E: nothing yet.',
    /crashed/,
  ]);
});

t.test('JUnit', async (t) => {
  const xml = toJUnit(report);
  t.match(xml, /<testsuite name="q.json" tests="3" failures="1" skipped="1" time="200.0">/);
  t.match(xml, /<testcase classname="farstep.regress" name="a &lt; b" time="100.0">\n {4}<system-out>/);
  t.match(xml, /<failure message="seed 0 &quot;crashed&quot;."\/>/);
  t.match(xml, /<skipped message="nothing yet."\/>/);
});
