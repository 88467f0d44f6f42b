import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { farstep } from './command.js';

// Each command is a process of its own.
t.setTimeout(300_000);

const TRAIN = ['train', 'q-learning', '--env', 'FrozenLake-v1', '--workers', '3', '--backend', 'wasm'];

t.test('train --workers: several vector envs, none of which waits for another', async (t) => {
  const dir = t.testdir();
  const trained = await farstep(dir, ...TRAIN, '--steps', '2000', '--eval-every', '2000');
  t.equal(trained.code, 0, trained.stderr);
  const run = join(dir, 'runs', readdirSync(join(dir, 'runs'))[0]!);
  const resumed = await farstep(dir, 'train', '--resume', run, '--steps', '3000');
  t.equal(resumed.code, 0, resumed.stderr);
  t.match(resumed.stdout, /Resumed at step 2000 with new episodes: with several workers no run is exact\./);
  t.match(resumed.stdout, /Trained 3,0\d\d steps/);
});

t.test('what cannot be done with workers is told before any work', async (t) => {
  const dir = t.testdir();
  for (const [message, ...args] of [
    [/dqn has no workers: leave out --workers/, 'train', 'dqn', '--env', 'CartPole-v1', '--workers', '2'],
    [/workers collect from envs and record nothing/, ...TRAIN, '--save-data'],
  ] as const) {
    const { code, stderr } = await farstep(dir, ...args);
    t.not(code, 0);
    t.match(stderr, message);
  }
  t.same(readdirSync(dir), []);
});
