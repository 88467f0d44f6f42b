import t from 'tap';
import { startChildServer } from '../../scripts/child-server.js';
import { fuzz } from '../../scripts/fuzz/fuzz.js';

t.setTimeout(300_000);

t.test('whatever a client sends is answered', async (t) => {
  const server = await startChildServer([
    '--log-level',
    'error',
    '--limit',
    'envs=64',
    '--limit',
    'sessions=16',
  ]);
  t.teardown(() => server.close());
  const { sent, replies } = await fuzz({ url: server.url, frames: 2000, seed: 1, clients: 4 });
  t.equal(sent.size, 18, 'every message was sent');
  for (const what of [
    'made',
    'stepped',
    'started',
    'error bad_frame',
    'error bad_message',
    'error no_such_env',
  ])
    t.ok(replies.has(what), what);
  t.equal(server.child.exitCode, null, 'the server lives');
});
