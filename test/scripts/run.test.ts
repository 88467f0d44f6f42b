import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import t from 'tap';
import { RunDirectory } from '../../agents/run/output/run-directory.js';
import { FARSTEP, farstep } from './command.js';

const TRAIN = [
  'train',
  'dqn',
  '--env',
  'CartPole-v1',
  '--num-envs',
  '4',
  '--set',
  'hidden=16',
  '--set',
  'learningStarts=200',
];

const onlyRun = (dir: string): string => join(dir, 'runs', readdirSync(join(dir, 'runs'))[0]!);
const weights = (run: string): Buffer =>
  readFileSync(join(run, 'checkpoints', 'latest', 'policy.safetensors'));

// Each command is a process of its own.
t.setTimeout(900_000);

t.test('train leaves a run directory that eval plays', async (t) => {
  const dir = t.testdir();
  const trained = await farstep(dir, ...TRAIN, '--steps', '2000', '--seed', '3');
  t.equal(trained.code, 0, trained.stderr);
  t.match(trained.stdout, /Tensors on wasm: .* \(the network is small\)\./);
  const run = onlyRun(dir);
  t.match(run, /CartPole-v1__dqn__3__\d{8}T\d{6}Z$/);
  for (const file of ['config.json', 'metrics.jsonl', 'curve.svg', 'curve.png', 'recording.png']) {
    t.ok(existsSync(join(run, file)), file);
  }
  const rows = (await readFile(join(run, 'metrics.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.ok(
    rows.some((row) => row.loss > 0),
    'learned',
  );
  t.ok(
    rows.some((row) => row.evaluation_return > 0),
    'evaluated',
  );
  t.ok(PNG.sync.read(readFileSync(join(run, 'curve.png'))).width > 100, 'the curve is a picture');
  t.match(readFileSync(join(run, 'recording.png')).toString('latin1'), /acTL/, 'the recording is animated');
  for (const line of trained.stdout
    .trim()
    .split('\n')
    .filter((text) => text.startsWith('{')))
    JSON.parse(line);

  const evaluated = await farstep(dir, 'eval', run, '--episodes', '7', '--random', '--json');
  t.equal(evaluated.code, 0, evaluated.stderr);
  const report = JSON.parse(evaluated.stdout);
  t.equal(report.trained.returns.length, 7);
  t.equal(report.random.returns.length, 7);
  t.equal(report.env, 'CartPole-v1');
  const again = JSON.parse((await farstep(dir, 'eval', run, '--episodes', '7', '--random', '--json')).stdout);
  t.same(again, report, 'the same seed plays the same episodes');
});

t.test('a resumed run ends with the parameters of one that never stopped', async (t) => {
  const straight = t.testdir({ a: {}, b: {} });
  const [a, b] = [join(straight, 'a'), join(straight, 'b')];
  // The same evaluation and checkpoint intervals, so that both runs are the same run.
  const intervals = ['--eval-every', '1000'];
  t.equal((await farstep(a, ...TRAIN, '--steps', '3000', ...intervals)).code, 0);
  t.equal((await farstep(b, ...TRAIN, '--steps', '3000', ...intervals)).code, 0);
  t.same(weights(onlyRun(a)), weights(onlyRun(b)), 'two runs of one seed are equal');
  const whole = await farstep(a, 'train', '--resume', onlyRun(a), '--steps', '4000');
  t.equal(whole.code, 0, whole.stderr);
  const half = await farstep(b, 'train', '--resume', onlyRun(b), '--steps', '3500');
  t.equal(half.code, 0, half.stderr);
  t.match(half.stdout, /Resumed at step 3000\./);
  t.equal((await farstep(b, 'train', '--resume', onlyRun(b), '--steps', '4000')).code, 0);
  t.same(weights(onlyRun(a)), weights(onlyRun(b)), 'in one piece or two');
});

t.test('a run whose numbers leave the finite stops and names the last good checkpoint', async (t) => {
  const dir = t.testdir();
  t.equal((await farstep(dir, ...TRAIN, '--steps', '1000')).code, 0);
  const run = onlyRun(dir);
  const { checkpoints } = await RunDirectory.open(run);
  const latest = await checkpoints.load('latest');
  const files = new Map<string, Uint8Array>();
  for (const name of latest.names) files.set(name, await latest.read(name));
  // The last number of the file is one of the output layer's biases or weights; and what it makes overflows.
  const policy = files.get('policy.safetensors')!;
  new DataView(policy.buffer).setFloat32(policy.byteLength - 4, 3e38, true);
  await checkpoints.save('latest', latest.step, Object.fromEntries(files));

  const { code, stdout, stderr } = await farstep(dir, 'train', '--resume', run, '--steps', '2000');
  t.equal(code, 1);
  t.match(
    stderr,
    /^error: dqn: the loss is (NaN|Infinity) at optimizer step \d+; training stopped at step 1,\d{3}\./,
  );
  t.match(stderr, `The last good checkpoint, of step 1,000, is ${latest.path}`);
  t.notMatch(stdout, /Trained/);
});

t.test('what is wrong with a run is told before any work', async (t) => {
  const dir = t.testdir();
  t.equal((await farstep(dir, ...TRAIN, '--steps', '400')).code, 0);
  const run = onlyRun(dir);
  const tell = async (message: RegExp, ...args: string[]) => {
    const { code, stdout, stderr } = await farstep(dir, ...args);
    t.not(code, 0);
    t.match(stderr, message);
    t.notMatch(stdout, /progress/, 'no training');
  };

  const file = join(run, 'checkpoints', 'latest', 'policy.safetensors');
  const good = await readFile(file);
  await writeFile(file, Buffer.concat([good.subarray(0, -4), Buffer.from([1, 2, 3, 4])]));
  await tell(/policy\.safetensors is damaged/, 'train', '--resume', run, '--steps', '800');
  await writeFile(file, good.subarray(0, 50));
  await tell(
    /is damaged: the manifest says \d+ bytes, the file has 50/,
    'train',
    '--resume',
    run,
    '--steps',
    '800',
  );
  await writeFile(file, good);

  const config = readFileSync(join(run, 'config.json'), 'utf8');
  writeFileSync(join(run, 'config.json'), config.replace('"format": 1', '"format": 9'));
  await tell(/run directory of version 9, this farstep reads version 1/, 'train', '--resume', run);
  await tell(/run directory of version 9/, 'eval', run);
  writeFileSync(join(run, 'config.json'), config);

  await tell(/is not a run directory/, 'eval', dir);
  await tell(
    /ws:\/\/127\.0\.0\.1:1: .*Is a farstep server running there\?/,
    ...TRAIN,
    '--url',
    'ws://127.0.0.1:1',
  );
  writeFileSync(join(dir, 'file'), '');
  await tell(
    /the run directory .* cannot be made: a file of that name is in the way/,
    ...TRAIN,
    '--out',
    join(dir, 'file'),
  );
  if (process.getuid?.() !== 0) {
    // Root may write anywhere.
    await chmod(dir, 0o500);
    await tell(/permission denied/, ...TRAIN, '--out', join(dir, 'closed'));
    await chmod(dir, 0o700);
  }
});

t.test('a run whose reader has gone is saved, and goes on', async (t) => {
  const dir = t.testdir();
  const child = spawn(process.execPath, [FARSTEP, ...TRAIN, '--steps', '1000000'], { cwd: dir });
  let complaints = '';
  child.stderr.on('data', (data) => {
    complaints += data;
  });
  child.stdout.once('data', () => child.stdout.destroy());
  const [code] = await once(child, 'close');
  t.equal(code, 0);
  t.equal(complaints, '');
  const resumed = await farstep(dir, 'train', '--resume', onlyRun(dir), '--steps', '400');
  t.match(resumed.stdout, /Resumed at step \d+\./);
});
