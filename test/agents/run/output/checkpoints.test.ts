import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Checkpoints } from '../../../../agents/run/output/checkpoints.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = async (checkpoints: Checkpoints, name: string) =>
  new TextDecoder().decode(await (await checkpoints.load('latest')).read(name));

t.test('a checkpoint comes back as it was saved', async (t) => {
  const checkpoints = new Checkpoints(join(t.testdir(), 'checkpoints'));
  t.notOk(checkpoints.has('latest'));
  await checkpoints.save('latest', 1000, { 'weights.safetensors': bytes('w'), empty: new Uint8Array(0) });
  await checkpoints.save('best', 500, { 'weights.safetensors': bytes('best') });
  const latest = await checkpoints.load('latest');
  t.equal(latest.step, 1000);
  t.same(latest.names, ['weights.safetensors', 'empty']);
  t.same(await latest.read('weights.safetensors'), bytes('w'));
  t.equal((await latest.read('empty')).length, 0);
  t.same(await (await checkpoints.load('best')).read('weights.safetensors'), bytes('best'));
  await t.rejects(latest.read('replay'), {
    message: /has no file replay; it has weights.safetensors, empty$/,
  });
});

t.test('a later save replaces all of the former one', async (t) => {
  const dir = t.testdir();
  const checkpoints = new Checkpoints(dir);
  await checkpoints.save('latest', 1, { a: bytes('1'), b: bytes('1') });
  await checkpoints.save('latest', 2, { a: bytes('2') });
  t.same(readdirSync(dir), ['latest']);
  t.same(readdirSync(join(dir, 'latest')).sort(), ['a', 'manifest.json']);
  t.equal(await textOf(checkpoints, 'a'), '2');
});

t.test('saves that overlap run in the order of the calls', async (t) => {
  const checkpoints = new Checkpoints(t.testdir());
  const failing = checkpoints.save('latest', 0, { a: broken() });
  const saves = [1, 2, 3].map((step) => checkpoints.save('latest', step, { a: bytes(String(step)) }));
  await t.rejects(failing);
  await Promise.all(saves);
  t.equal((await checkpoints.load('latest')).step, 3);
});

t.test('a large file goes through piece by piece', async (t) => {
  const checkpoints = new Checkpoints(t.testdir());
  // One buffer, used again for every piece: a writer that gathered the pieces would write the last one five times.
  const buffer = new Uint8Array(700_000);
  function* pieces() {
    for (let i = 1; i <= 5; i++) yield buffer.fill(i);
  }
  await checkpoints.save('latest', 0, { replay: pieces() });
  const whole = await (await checkpoints.load('latest')).read('replay');
  t.equal(whole.length, 3_500_000);
  for (let i = 1; i <= 5; i++) {
    const piece = whole.subarray((i - 1) * 700_000, i * 700_000);
    t.ok(piece.every((byte) => byte === i));
  }
  const sizes = [];
  for await (const chunk of (await checkpoints.load('latest')).chunks('replay')) sizes.push(chunk.length);
  t.same(sizes, [1 << 20, 1 << 20, 1 << 20, 3_500_000 - 3 * (1 << 20)]);
});

t.test('a save that fails leaves the former checkpoint', async (t) => {
  const dir = t.testdir();
  const checkpoints = new Checkpoints(dir);
  await checkpoints.save('latest', 1, { a: bytes('former') });
  await t.rejects(checkpoints.save('latest', 2, { a: bytes('new'), b: broken() }), {
    name: 'RunError',
    message: /^the checkpoint 'latest' cannot be saved in .*latest: the disk is gone$/,
  });
  t.same(readdirSync(dir), ['latest'], 'and gives back the space');
  t.equal(await textOf(checkpoints, 'a'), 'former');
});

t.test('a process killed in the middle of a save leaves the former checkpoint', async (t) => {
  const dir = t.testdir();
  const module = new URL('../../../../agents/run/output/checkpoints.js', import.meta.url).href;
  const killed = spawnSync(process.execPath, [
    '--input-type=module',
    '--eval',
    `import { Checkpoints } from '${module}';
     const checkpoints = new Checkpoints(process.argv[1]);
     await checkpoints.save('latest', 1, { a: new Uint8Array([1]) });
     function* pieces() { yield new Uint8Array(1e6); process.kill(process.pid, 'SIGKILL'); while (true); }
     await checkpoints.save('latest', 2, { a: new Uint8Array([2]), b: pieces() });`,
    dir,
  ]);
  t.equal(killed.signal, 'SIGKILL');
  t.ok(existsSync(join(dir, 'latest.new')), 'the save had begun');
  const checkpoints = new Checkpoints(dir);
  t.same(await (await checkpoints.load('latest')).read('a'), new Uint8Array([1]));
  mkdirSync(join(dir, 'latest.old', 'as if killed while removing'), { recursive: true });
  await checkpoints.save('latest', 3, { a: bytes('3') });
  t.same(readdirSync(dir), ['latest'], 'what was left behind goes with the next save');
  t.same(readdirSync(join(dir, 'latest')).sort(), ['a', 'manifest.json'], 'and is no part of it');
  t.equal(await textOf(checkpoints, 'a'), '3');
});

t.test('a process killed between the two renames leaves the former checkpoint', async (t) => {
  const dir = t.testdir();
  const checkpoints = new Checkpoints(dir);
  await checkpoints.save('latest', 1, { a: bytes('former') });
  cpSync(join(dir, 'latest'), join(dir, 'latest.new'), { recursive: true });
  renameSync(join(dir, 'latest'), join(dir, 'latest.old'));
  t.ok(checkpoints.has('latest'));
  t.equal(await textOf(checkpoints, 'a'), 'former');
  await t.rejects(checkpoints.save('latest', 2, { a: broken() }));
  t.equal(await textOf(checkpoints, 'a'), 'former', 'even when the next save fails');
  await checkpoints.save('latest', 2, { a: bytes('next') });
  t.same(readdirSync(dir), ['latest']);
  t.equal(await textOf(checkpoints, 'a'), 'next');
});

t.test('a damaged checkpoint is told from a whole one', async (t) => {
  const dir = t.testdir();
  const checkpoints = new Checkpoints(dir);
  const path = (name: string) => join(dir, 'latest', name);
  const damaged = async (name: string, content: string, message: RegExp) => {
    await checkpoints.save('latest', 1, { a: bytes('abc') });
    writeFileSync(path(name), content);
    await t.rejects(textOf(checkpoints, 'a'), { name: 'RunError', message });
  };
  await damaged('a', 'ab', /is damaged: the manifest says 3 bytes, the file has 2$/);
  await damaged('a', 'abd', /is damaged: its SHA-256 is not the one in the manifest$/);
  await damaged('manifest.json', '{', /is damaged: manifest\.json: it is not JSON/);
  await damaged('manifest.json', '{}', /manifest\.json must tell the format, the step and the files/);
  await damaged(
    'manifest.json',
    '{"format":7,"step":1,"files":{}}',
    /version 7, this farstep reads version 1/,
  );

  await checkpoints.save('latest', 1, { a: bytes('abc') });
  rmSync(path('a'));
  await t.rejects(textOf(checkpoints, 'a'), { message: /latest.a cannot be read: it does not exist/ });
  await t.rejects(checkpoints.load('best'), { message: /^there is no checkpoint 'best' in / });
  mkdirSync(join(dir, 'best'));
  await t.rejects(checkpoints.load('best'), { message: /is damaged: manifest\.json: it does not exist/ });
});

function* broken(): Generator<Uint8Array> {
  yield new Uint8Array(10);
  throw new Error('the disk is gone');
}
