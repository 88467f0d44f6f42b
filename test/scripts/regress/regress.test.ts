import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { farstep } from '../command.js';
import { regressionIn, runsIn, TINY } from './tiny.js';

// Each command is a process of its own, which starts some more.
t.setTimeout(900_000);

/** Plays with the client of this repository: the score is what the env's seed gives. */
const AGENT = `
  import { connect } from ${JSON.stringify(new URL('../../../protocol/index.js', import.meta.url).href)};
  const { FARSTEP_URL, FARSTEP_SEED, FARSTEP_ENV, FARSTEP_STEPS } = process.env;
  if (process.argv[2] !== FARSTEP_URL) throw new Error('the placeholder differs');
  if (FARSTEP_SEED === '3') throw new Error('seed 3 crashes');
  const client = await connect(FARSTEP_URL);
  const env = await client.make(FARSTEP_ENV, { autoreset: 'same_step' });
  await env.reset({ seed: 0 });
  const returns = [];
  for (let i = 0; i < Number(FARSTEP_STEPS); i++) {
    const { ended } = await env.step(Int32Array.of(i % 2));
    if (ended) returns.push(ended.returns[0]);
  }
  client.close();
  console.log('some words');
  console.log(JSON.stringify({ returns, seed: Number(FARSTEP_SEED) }));
`;

t.test('claims of agents and commands, with baseline, crashes and reports', async (t) => {
  const command = [process.execPath, 'agent.mjs', '{url}'];
  const claims = {
    defaults: TINY,
    claims: [
      { name: 'easy', atLeast: 1 },
      { name: 'hard', atLeast: 10_000 },
      { name: 'double', against: { settings: { double: false } } },
      { name: 'as before', statistic: 'mean', against: 'baseline', atLeast: 0, decideBy: 'estimate' },
      { name: 'foreign', command, atLeast: 5, episodes: 3 },
      { name: 'crashing', command, seeds: '2..3' },
      { name: 'other env', contract: 'abc' },
    ],
    golden: [{ env: 'CartPole-v1', steps: 50 }],
  };
  const dir = t.testdir({ 'c.json': JSON.stringify(claims), 'agent.mjs': AGENT });
  const first = await farstep(dir, 'regress', 'c.json', '--json', '--junit', 'junit.xml');
  t.equal(first.code, 1, first.stderr);
  const report = JSON.parse(first.stdout);
  const verdicts = (of: typeof report) =>
    Object.fromEntries(of.claims.map((each: { name: string; verdict: string }) => [each.name, each.verdict]));
  t.same(verdicts(report), {
    easy: 'pass',
    hard: 'fail',
    double: 'reported',
    'as before': 'inconclusive',
    foreign: 'pass',
    crashing: 'fail',
    'other env': 'fail',
  });
  const byName = (name: string) => report.claims.find((each: { name: string }) => each.name === name);
  t.match(byName('crashing').notes[0], /seed 3 .*ended with exit code 1; .*stderr\.log has what it wrote/);
  t.match(byName('other env').notes[0], /the claim pins abc: it is the env that changed/);
  t.ok(byName('easy').seeds.every((seed: { megabytes: number }) => seed.megabytes > 50));
  t.equal(runsIn(dir).length, 2 + 2 + 4, 'runs that are alike are made once');
  t.match(readFileSync(join(dir, 'junit.xml'), 'utf8'), /failures="3"/);
  t.ok(existsSync(join(regressionIn(dir), 'report.md')));

  writeFileSync(join(dir, 'agent.mjs'), AGENT.replace("'3'", "'9'"));
  const updated = await farstep(dir, 'regress', '--resume', regressionIn(dir), '--update-baseline');
  t.match(updated.stdout, /easy: mean score of the baseline nothing → \d+/);
  t.notMatch(updated.stdout, /"claim":"(easy|double|foreign)"/, 'what is done is not done again');
  t.match(updated.stdout, /\| crashing .* reported/, 'what crashed is');
  const baseline = JSON.parse(readFileSync(join(dir, 'c.baseline.json'), 'utf8'));
  t.equal(baseline.claims['as before'][0].length, 2);

  const again = await farstep(
    dir,
    'regress',
    'c.json',
    '--claim',
    'as before',
    '--resume',
    regressionIn(dir),
  );
  t.equal(again.code, 0, again.stdout + again.stderr);
  t.match(again.stdout, /\| as before .* ≥ 0 .* pass/);
  const golden = await farstep(dir, 'regress', '--resume', regressionIn(dir), '--json');
  t.match(JSON.parse(golden.stdout).golden, [{ name: 'CartPole-v1', verdict: 'pass' }]);
  t.match(
    JSON.parse(golden.stdout).claims.find((each: { name: string }) => each.name === 'hard').notes,
    ['CartPole-v1 is that of the baseline, to the bit.'],
    'so it is the agent',
  );
});
