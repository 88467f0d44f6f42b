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
  const { types, replies } = await fuzz({ url: server.url, frames: 6000, seed: 1, clients: 4 });
  t.equal(types.size, 18, 'every message was sent');
  for (const [type, { accepted }] of types) t.ok(accepted > 0, `${type} is accepted`);
  for (const what of ['error bad_frame', 'error bad_message', 'error no_such_env', 'error bad_action'])
    t.ok(replies.has(what), what);
  t.equal(server.child.exitCode, null, 'the server lives');
});
