import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { connect } from '../../protocol/index.js';

const FARSTEP = fileURLToPath(new URL('../../scripts/farstep.js', import.meta.url));

t.setTimeout(100_000);

t.test('a child tells its address, and ends with its standard input', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'farstep-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const path = join(dir, 's');
  for (const where of [
    ['--port', '0'],
    ['--unix', path],
  ]) {
    const child = spawn(process.execPath, [FARSTEP, 'serve', '--child', ...where]);
    t.teardown(() => child.kill('SIGKILL'));
    let logged = '';
    child.stderr.on('data', (data: Buffer) => {
      logged += data.toString();
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const url = line.toString().trimEnd();
    t.match(url, where[0] === '--unix' ? `ws+unix:${path}` : /^ws:\/\/127\.0\.0\.1:\d+$/);
    const client = await connect(url);
    child.kill('SIGINT');
    t.ok((await client.list()).length > 0, 'Ctrl-C is for the parent');
    client.close();
    child.stdin.end();
    t.same(await once(child, 'close'), [0, null]);
    t.match(logged, /"msg":"listening".*"msg":"stopped"/s, 'the log goes to standard error');
  }
});
