import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { FARSTEP, farstep } from './command.js';

const TRAIN = 'train dqn --env CartPole-v1 --num-envs 4 --set hidden=16 --set learningStarts=200'.split(' ');

// Each command is a process of its own.
t.setTimeout(900_000);

const groupIn = (dir: string): string => join(dir, 'runs', readdirSync(join(dir, 'runs'))[0]!);
const runsIn = (group: string): string[] =>
  readdirSync(group)
    .filter((name) => name.includes('__'))
    .sort();
const weights = (run: string): Buffer =>
  readFileSync(join(run, 'checkpoints', 'latest', 'policy.safetensors'));

t.test('several seeds: a run each, the very one that --seed makes, and a curve', async (t) => {
  const dir = t.testdir({ alone: {} });
  const steps = ['--steps', '800'];
  const { code, stdout, stderr } = await farstep(dir, ...TRAIN, ...steps, '--seeds', '1,3');
  t.equal(code, 0, stderr);
  const group = groupIn(dir);
  t.match(runsIn(group), [/CartPole-v1__dqn__1__/, /CartPole-v1__dqn__3__/]);
  for (const file of ['curve.svg', 'curve.png']) t.ok(existsSync(join(group, file)), file);
  t.match(
    stdout,
    /Best policies: {2}mean [\d.]+ \(95% interval [\d.]+ to [\d.]+\), IQM .*by seed [\d.]+, [\d.]+\n/,
  );
  t.match(stdout, /^\{"seed":3,"event":"progress","step":800/m);

  t.equal((await farstep(join(dir, 'alone'), ...TRAIN, ...steps, '--seed', '3')).code, 0);
  t.same(weights(groupIn(join(dir, 'alone'))), weights(join(group, runsIn(group)[1]!)));

  const plotted = await farstep(dir, 'plot', 'runs', '--metric', 'loss', '--out', 'loss');
  t.equal(plotted.code, 0, plotted.stderr);
  t.match(plotted.stdout, /CartPole-v1: dqn \(2\)/);
  t.match(readFileSync(join(dir, 'loss.svg'), 'utf8'), /dqn \(2 runs\)/);
  t.match(
    (await farstep(dir, 'plot', 'runs', '--metric', 'los')).stderr,
    /no metric los|did you mean loss\?/,
  );
});

t.test('Ctrl-C saves all of them, and they go on', async (t) => {
  const dir = t.testdir();
  const child = spawn(process.execPath, [FARSTEP, ...TRAIN, '--steps', '1000000', '--seeds', '0..2'], {
    cwd: dir,
  });
  let output = '';
  for await (const data of child.stdout) {
    output += data;
    if (!child.killed && output.includes('"event":"progress"')) child.kill('SIGINT');
  }
  t.match(output, /Stopped and saved: seeds 0, 1, 2\./);
  t.match(output, /Go on with: {2}farstep train --resume /);
  const group = groupIn(dir);
  const begun = runsIn(group).length;
  t.ok(begun > 0);
  const resumed = await farstep(dir, 'train', '--resume', group, '--steps', '400');
  t.equal(resumed.code, 0, resumed.stderr);
  t.match(resumed.stdout, /Resumed at step \d+\./);
  t.equal(runsIn(group).length, 3, 'the ones that had begun went on, the others began');
});

t.test('what is wrong is told before anything runs', async (t) => {
  const dir = t.testdir();
  const cases: [string[], RegExp][] = [
    [['--seeds', '4..0'], /Expected seeds such as 0\.\.4 or 0,3,7/],
    [['--seeds', '0..1', '--seed', '3'], /--seed and --seeds: give one of them/],
    [['--seeds', '0..1', '--env', 'Pendulum-v1'], /takes a Discrete action space/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await farstep(dir, ...TRAIN, ...args);
    t.not(code, 0);
    t.match(stderr, message);
  }
  t.notOk(existsSync(join(dir, 'runs')));
});
