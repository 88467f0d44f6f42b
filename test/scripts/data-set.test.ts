import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readDataSet } from '../../agents/run/output/data-set-file.js';
import { farstep } from './command.js';

const DQN = 'train dqn --num-envs 4 --set hidden=8 --set learningStarts=200'.split(' ');

// Each command is a process of its own.
t.setTimeout(900_000);

const runsIn = (dir: string): string[] => readdirSync(join(dir, 'runs')).sort();

t.test('a run records, another learns from it', async (t) => {
  const dir = t.testdir();
  const steps = ['--steps', '800', '--eval-every', '400'];
  const saved = await farstep(
    dir,
    ...DQN,
    '--env',
    'CartPole-v1',
    ...steps,
    '--save-data',
    'set.safetensors',
  );
  t.equal(saved.code, 0, saved.stderr);
  t.match(saved.stdout, /Data set of \d+ episodes: .*set\.safetensors/);
  const set = await readDataSet(join(dir, 'set.safetensors'));
  t.equal(set.env.id, 'CartPole-v1');
  t.ok(set.rewards.length > 500 && set.rewards.length <= 800);
  t.ok(set.rewards.every((reward) => reward === 1));

  const offline = await farstep(dir, ...DQN, ...steps, '--data', 'set.safetensors', '--seed', '5');
  t.equal(offline.code, 0, offline.stderr);
  t.match(offline.stdout, /Best policy: mean return/);
  const run = join(dir, 'runs', runsIn(dir).find((name) => name.includes('__5__'))!);
  const rows = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trim().split('\n');
  t.ok(rows.some((line) => JSON.parse(line).loss > 0));
  t.ok(rows.some((line) => JSON.parse(line).evaluation_return > 0));
  t.ok(
    rows.every((line) => JSON.parse(line).episode_return === undefined),
    'nothing is collected',
  );
  const longer = await farstep(dir, 'train', '--resume', run, '--steps', '1200');
  t.match(longer.stdout, /Resumed at step 800\./);

  const refused = async (message: RegExp, ...args: string[]) => {
    const { code, stderr } = await farstep(dir, ...DQN, ...steps, ...args);
    t.equal(code, 1);
    t.match(stderr, message);
  };
  const before = runsIn(dir);
  await refused(
    /set\.safetensors is of CartPole-v1, the run is to be on Acrobot-v1/,
    '--data',
    'set.safetensors',
    '--env',
    'Acrobot-v1',
  );
  await refused(
    /recorded in CartPole-v1 with the contract \w+ .*that env's contract is \w+/,
    '--data',
    'set.safetensors',
    '--option',
    'sutton_barto_reward=true',
  );
  await refused(/none\.st cannot be read: it does not exist/, '--data', 'none.st');
  t.same(runsIn(dir), before);
});

t.test('the data set of a run that was stopped is that of one that was not', async (t) => {
  const dir = t.testdir({ whole: {}, parts: {} });
  const [whole, parts] = [join(dir, 'whole'), join(dir, 'parts')];
  const train = [...DQN, '--env', 'CartPole-v1', '--eval-every', '1000', '--save-data'];
  t.equal((await farstep(whole, ...train, '--steps', '1000')).code, 0);
  t.equal((await farstep(parts, ...train, '--steps', '1000')).code, 0);
  const [a, b] = [whole, parts].map((root) => join(root, 'runs', runsIn(root)[0]!));
  t.equal((await farstep(whole, 'train', '--resume', a!, '--steps', '1600')).code, 0);
  t.equal((await farstep(parts, 'train', '--resume', b!, '--steps', '1320')).code, 0);
  t.equal((await farstep(parts, 'train', '--resume', b!, '--steps', '1600')).code, 0);
  const file = (run: string) => readFileSync(join(run, 'data.safetensors'));
  t.ok(file(a!).equals(file(b!)), 'in one piece or two');
});

t.test('experts write the same format', async (t) => {
  const dir = t.testdir();
  const { code, stderr } = await farstep(dir, 'expert', 'PointMaze-v1', '--episodes', '5', '--out', 'e.st');
  t.equal(code, 0, stderr);
  t.equal((await readDataSet(join(dir, 'e.st'))).lengths.length, 5);
  t.notOk(existsSync(join(dir, 'e.st.columns')));
});
