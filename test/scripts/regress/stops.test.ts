import { spawn } from 'node:child_process';
import t from 'tap';
import { FARSTEP, farstep } from '../command.js';
import { regressionIn, runsIn, TINY } from './tiny.js';

// Each command is a process of its own, which starts some more.
t.setTimeout(900_000);

t.test('Ctrl-C saves, and --resume goes on', async (t) => {
  const claim = { ...TINY, name: 'a', steps: 3000, seeds: '0' };
  const dir = t.testdir({ 'c.json': JSON.stringify({ claims: [{ ...claim, steps: 1_000_000 }] }) });
  const child = spawn(process.execPath, [FARSTEP, 'regress', 'c.json'], { cwd: dir });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  let output = '';
  for await (const data of child.stdout) {
    output += data;
    if (!child.killed && output.includes('"event":"progress"')) child.kill('SIGINT');
  }
  t.equal(await ended, 2);
  t.match(output, /a: not done: seeds 0\./);
  t.match(output, /Go on with: {2}farstep regress --resume runs\/regress\/c__/);
  const resumed = spawn(process.execPath, [FARSTEP, 'regress', '--resume', regressionIn(dir)], { cwd: dir });
  output = '';
  for await (const data of resumed.stdout) {
    output += data;
    if (!resumed.killed && output.includes('Resumed')) resumed.kill('SIGINT');
  }
  t.match(output, /Resumed at step \d+\./);
  t.equal(runsIn(dir).length, 1);
});

t.test('what takes more than its budget is ended', async (t) => {
  const claim = { ...TINY, name: 'a', steps: 1_000_000, seeds: '0', budget: { minutes: 0.02 } };
  const dir = t.testdir({ 'c.json': JSON.stringify({ claims: [claim] }) });
  const { code, stdout } = await farstep(dir, 'regress', 'c.json');
  t.equal(code, 1);
  t.match(stdout, /a: seed 0 on CartPole-v1 failed: it took more than its 0\.02 minutes/);
});
