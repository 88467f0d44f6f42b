import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { MetricsWriter, readMetrics, truncateMetrics } from '../../../../agents/run/output/metrics.js';

const rowsOf = async (path: string) => {
  const rows = [];
  for await (const row of readMetrics(path)) rows.push(row);
  return rows;
};

t.test('rows are JSON lines and come back equal, NaN and infinities too', async (t) => {
  const path = join(t.testdir(), 'metrics.jsonl');
  const writer = new MetricsWriter(path, () => 1735689600500);
  writer.write(10, { episode_return: -1.5, loss: NaN });
  writer.write(20, { high: Infinity, low: -Infinity });
  writer.close();
  t.equal(
    readFileSync(path, 'utf8'),
    '{"step":10,"time":1735689600.5,"episode_return":-1.5,"loss":"NaN"}\n' +
      '{"step":20,"time":1735689600.5,"high":"Infinity","low":"-Infinity"}\n',
  );
  t.same(await rowsOf(path), [
    { step: 10, time: 1735689600.5, episode_return: -1.5, loss: NaN },
    { step: 20, time: 1735689600.5, high: Infinity, low: -Infinity },
  ]);
});

t.test('rows reach the disk after a second, after 64 KiB, and on flush', (t) => {
  const path = join(t.testdir(), 'metrics.jsonl');
  let now = 0;
  const writer = new MetricsWriter(path, () => now);
  const lines = () => readFileSync(path, 'utf8').split('\n').length - 1;
  writer.write(1, {});
  now = 999;
  writer.write(2, {});
  t.equal(lines(), 0);
  now = 1000;
  writer.write(3, {});
  t.equal(lines(), 3);
  writer.write(4, {});
  t.equal(lines(), 3);
  writer.flush();
  t.equal(lines(), 4);
  for (let step = 5; step < 3000; step++) writer.write(step, { loss: 0.125 });
  t.ok(lines() > 1000);
  writer.close();
  t.equal(lines(), 2999);
  t.end();
});

t.test('a process that exits writes what is left', (t) => {
  const path = join(t.testdir(), 'metrics.jsonl');
  const module = new URL('../../../../agents/run/output/metrics.js', import.meta.url).href;
  const code = `import { MetricsWriter } from '${module}';
    new MetricsWriter(process.argv[1], () => 0).write(7, {});
    process.exit(3);`;
  t.equal(spawnSync(process.execPath, ['--input-type=module', '--eval', code, path]).status, 3);
  t.equal(readFileSync(path, 'utf8'), '{"step":7,"time":0}\n');
  t.end();
});

t.test('a half-written last line is skipped, and cut off by truncation', async (t) => {
  const row = '{"step":1,"time":0}\n';
  const path = join(t.testdir({ 'metrics.jsonl': `${row}{"step":2,"ti` }), 'metrics.jsonl');
  t.equal((await rowsOf(path)).length, 1);
  await truncateMetrics(path, 5);
  t.equal(readFileSync(path, 'utf8'), row);
});

t.test('truncation counts bytes, also across the pieces in which a file is read', async (t) => {
  const lines = Array.from({ length: 5000 }, (_, i) => `{"step":${i},"time":0,"größe":${i}}\n`);
  const path = join(t.testdir({ 'metrics.jsonl': lines.join('') }), 'metrics.jsonl');
  await truncateMetrics(path, 4321);
  t.equal(readFileSync(path, 'utf8'), lines.slice(0, 4322).join(''));
  await truncateMetrics(path, -1);
  t.equal(readFileSync(path, 'utf8'), '');
});

t.test('what is not a metrics file is refused with the line', async (t) => {
  const dir = t.testdir({
    noise: '{"step":1,"time":0}\nhello\n',
    number: '7\n',
    nothing: 'null\n',
    untimed: '{"step":1}\n',
  });
  const refused = (name: string, message: RegExp) =>
    t.rejects(rowsOf(join(dir, name)), { name: 'RunError', message });
  await refused('noise', /^noise, line 2: expected a JSON object with a step and a time, got hello$/);
  await refused('number', /^number, line 1: .* got 7$/);
  await refused('nothing', /^nothing, line 1: .* got null$/);
  await refused('untimed', /^untimed, line 1: /);
  await refused('missing', /missing cannot be read: it does not exist \(ENOENT\)$/);
  t.throws(() => new MetricsWriter(join(dir, 'noise', 'x')), { name: 'RunError', message: /ENOTDIR/ });
});
