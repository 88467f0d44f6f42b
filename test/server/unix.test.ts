import { once } from 'node:events';
import { link, mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { connect } from '../../protocol/index.js';
import { Server } from '../../server/index.js';
import { startServer } from './rig.js';

/** A path for a socket, in a folder whose name is short enough for one. */
async function socketPath(t: Test): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'farstep-'));
  t.teardown(() => rm(dir, { recursive: true }));
  return join(dir, 's');
}

t.test('a server on a unix socket', async (t) => {
  const unix = await socketPath(t);
  const server = await startServer(t, { unix });
  t.equal(server.url, `ws+unix:${unix}`);
  const client = await connect(server.url);
  t.teardown(() => client.close());
  const env = await client.make('CartPole-v1');
  t.equal((await env.reset()).n, 1);
});

t.test('a socket that answers is taken; one that was left behind is not', async (t) => {
  const unix = await socketPath(t);
  const first = await startServer(t, { unix });
  await t.rejects(Server.start({ unix }), { code: 'EADDRINUSE' });
  const client = await connect(first.url);
  t.ok((await client.list()).length > 0, 'the first still serves');
  client.close();
  await first.close();

  // Closed behind the back of the file, as by a kill.
  const killed = createServer().listen(unix);
  await once(killed, 'listening');
  await link(unix, `${unix}2`);
  await new Promise((resolve) => killed.close(resolve));
  await link(`${unix}2`, unix);
  await unlink(`${unix}2`);
  await t.rejects(connect(`ws+unix:${unix}`), { code: 'connection_failed' });
  const second = await startServer(t, { unix });
  (await connect(second.url)).close();
});

t.test('what cannot be a socket', async (t) => {
  const unix = await socketPath(t);
  await writeFile(unix, 'mine');
  await t.rejects(Server.start({ unix }), { code: 'EADDRINUSE' }, 'a file stays');
  await t.rejects(Server.start({ unix: `/tmp/${'x'.repeat(99)}` }), /at most 103 bytes, got 104/);
});
