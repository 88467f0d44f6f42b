import { once } from 'node:events';
import t from 'tap';
import { undisturbed } from './bystander.js';
import { Clock, RawClient, startServer, until } from './rig.js';

t.test('a client from which nothing comes is let go; one that asks for something stays', async (t) => {
  const clock = new Clock();
  const server = await startServer(t, { now: clock.now, limits: { idleMs: 1000, pingMs: 1e9 } });
  const idle = await RawClient.welcomed(t, server.url);
  const busy = await RawClient.welcomed(t, server.url);
  await idle.ask({ type: 'make', id: 1, env: 'CartPole-v1', numEnvs: 5 });
  clock.time = 900;
  await busy.ask({ type: 'list', id: 1 });
  clock.time = 1000;
  server.sweep();
  for (let i = 0; i < 5; i++) await busy.ask({ type: 'list', id: 2 + i });
  t.equal(idle.socket.readyState, idle.socket.OPEN, 'not before the limit');
  clock.time = 1001;
  server.sweep();
  t.match(await idle.receive(), {
    id: null,
    code: 'idle_timeout',
    message: /nothing came within limits.idleMs, 1000 ms/,
    recoverable: false,
  });
  t.same(await idle.closed, { code: 4003, reason: 'idle_timeout' });
  await until(() => server.sessions === 1);
  t.equal(server.numEnvs, 0, 'its envs are gone');
  t.match(await busy.ask({ type: 'list', id: 9 }), { type: 'listed' });
});

t.test('a peer that answers pings stays; one that does not is gone', async (t) => {
  const clock = new Clock();
  const server = await startServer(t, { now: clock.now, limits: { pingMs: 1000 } });
  await undisturbed(t, server.url, async () => {
    const alive = await RawClient.welcomed(t, server.url);
    const dead = await RawClient.welcomed(t, server.url, { autoPong: false });
    for (let i = 1; i <= 3; i++) {
      const pinged = [once(alive.socket, 'ping'), ...(i === 1 ? [once(dead.socket, 'ping')] : [])];
      clock.time += 1001;
      server.sweep();
      await Promise.all(pinged);
      // The pong went out before this; its answer says that both were read.
      t.match(await alive.ask({ type: 'list', id: i }), { type: 'listed' });
    }
    t.equal((await dead.closed).code, 1006, 'cut off, for nobody is there to be told');
  });
});
