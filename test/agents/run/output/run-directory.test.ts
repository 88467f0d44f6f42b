import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import t from 'tap';
import { MetricsWriter } from '../../../../agents/run/output/metrics.js';
import { type RunConfig, RunDirectory } from '../../../../agents/run/output/run-directory.js';

const CONFIG: RunConfig = { env: 'MinAtar/Breakout-v1', agent: 'dqn', seed: 3, batchSize: 32 };
const NOW = new Date('2025-01-31T14:25:30.900Z');

t.test('a run directory names its run, and opens again with its settings', async (t) => {
  const run = await RunDirectory.create(join(t.testdir(), 'deep', 'runs'), CONFIG, NOW);
  t.equal(basename(run.path), 'MinAtar-Breakout-v1__dqn__3__20250131T142530Z');
  const content = JSON.parse(readFileSync(run.file('config.json'), 'utf8'));
  t.same(content, { format: 1, created: '2025-01-31T14:25:30.900Z', ...CONFIG });
  t.equal(readFileSync(run.file('metrics.jsonl'), 'utf8'), '');
  t.same((await RunDirectory.open(run.path)).config, CONFIG);
});

t.test('runs that start in one second get directories of their own', async (t) => {
  const root = t.testdir();
  const names = [];
  for (let i = 0; i < 3; i++) names.push(basename((await RunDirectory.create(root, CONFIG, NOW)).path));
  t.same(
    names.map((name) => name.split('Z')[1]),
    ['', '-2', '-3'],
  );
});

t.test('an id cannot lead out of the root', async (t) => {
  const root = t.testdir();
  const run = await RunDirectory.create(root, { ...CONFIG, env: '../../a__b\\c', agent: '..' }, NOW);
  t.equal(run.path, join(root, '-..-a_b-c____3__20250131T142530Z'));
});

t.test('a root that cannot be written fails before anything else', async (t) => {
  const root = join(t.testdir({ occupied: 'a file' }), 'occupied');
  await t.rejects(RunDirectory.create(root, CONFIG, NOW), {
    name: 'RunError',
    message: /^the run directory .*occupied.* cannot be made: a file of that name is in the way \(EEXIST\)$/,
  });
  await t.rejects(RunDirectory.create(join(root, 'runs'), CONFIG, NOW), { message: /ENOTDIR/ });
});

t.test('what is not a run directory of this version is refused with a sentence', async (t) => {
  const dir = t.testdir();
  const refused = async (config: string, message: RegExp) => {
    writeFileSync(join(dir, 'config.json'), config);
    await t.rejects(RunDirectory.open(dir), { name: 'RunError', message });
  };
  await t.rejects(RunDirectory.open(dir), {
    name: 'RunError',
    message: /is not a run directory: config\.json: it does not exist \(ENOENT\)/,
  });
  await refused('{"format": 1, "env"', /config\.json is damaged: it is not JSON/);
  await refused('null', /it has no format version/);
  await refused('{}', /it has no format version/);
  await refused('{"format":2}', /: run directory of version 2, this farstep reads version 1$/);
  await refused('{"format":1,"env":"a","agent":"b","seed":"0"}', /'seed' must be a number, got "0"/);
});

t.test('rewind drops the rows after the step, and the curve goes on from there', async (t) => {
  const run = await RunDirectory.create(t.testdir(), CONFIG, NOW);
  const metrics = new MetricsWriter(run.file('metrics.jsonl'), () => 0);
  for (const step of [100, 200, 200, 300, 400]) metrics.write(step, { loss: step });
  metrics.close();
  await run.rewind(200);
  const more = new MetricsWriter(run.file('metrics.jsonl'), () => 0);
  more.write(300, { loss: 1 });
  more.close();
  const rows = readFileSync(run.file('metrics.jsonl'), 'utf8').trimEnd().split('\n');
  t.same(
    rows.map((row) => JSON.parse(row)),
    [
      { step: 100, time: 0, loss: 100 },
      { step: 200, time: 0, loss: 200 },
      { step: 200, time: 0, loss: 200 },
      { step: 300, time: 0, loss: 1 },
    ],
  );
});

t.test('rewind refuses a directory that cannot be written', async (t) => {
  const dir = t.testdir({
    'config.json': JSON.stringify({ format: 1, ...CONFIG }),
    'metrics.jsonl': '',
    checkpoints: 'a file',
  });
  const run = await RunDirectory.open(dir);
  await t.rejects(run.rewind(0), { name: 'RunError', message: /cannot be written: .*ENOTDIR/ });
});
