/** Clients that ask for more than they take: memory stays bounded, and nobody else waits. */
import t from 'tap';
import { type EnvHost, inlineHost, type ResetOrder } from '../../server/host.js';
import { undisturbed } from './bystander.js';
import { Clock, RawClient, startServer, until } from './rig.js';

/** Replies of this many envs take 3.2 MB, more than the kernel keeps for a socket. */
const MAKE = { type: 'make', id: 1, env: 'MinAtar/Breakout-v1', numEnvs: 8000 };
const REPLY_BYTES = 8000 * 400;

const reset = (id: number) => ({ type: 'reset', id, env: 1 });

t.test(
  'a client that does not read makes the server hold one reply, and gets all of them when it reads',
  async (t) => {
    const server = await startServer(t);
    await undisturbed(t, server.url, async () => {
      const client = await RawClient.welcomed(t, server.url);
      await client.ask(MAKE);
      await client.ask(reset(1));
      const before = process.memoryUsage();
      client.socket.pause();
      client.burst(Array.from({ length: 64 }, (_, i) => reset(100 + i)));
      const other = await RawClient.welcomed(t, server.url);
      for (let i = 0; i < 50; i++) await other.ask({ type: 'list', id: i });
      const { arrayBuffers } = process.memoryUsage();
      t.ok(arrayBuffers - before.arrayBuffers < 8 * REPLY_BYTES, 'far from 64 replies');
      client.socket.resume();
      for (let i = 0; i < 64; i++) {
        const { type, id } = await client.receive();
        if (type !== 'started' || id !== 100 + i) t.fail(`reply ${i} is ${String(type)} ${String(id)}`);
      }
    });
  },
);

t.test('requests beyond the limit are refused, those within it answered', async (t) => {
  // While the clock stands still, all that comes in one piece is handled at once.
  const server = await startServer(t, { now: () => 0, limits: { requestsInFlight: 8 } });
  const client = await RawClient.welcomed(t, server.url);
  await client.ask(MAKE);
  client.burst(Array.from({ length: 12 }, (_, i) => reset(i)));
  const replies = [];
  for (let i = 0; i < 12; i++) replies.push(await client.receive());
  const refused = replies.filter(({ type }) => type === 'error');
  t.same(
    refused.map(({ id }) => id),
    [8, 9, 10, 11],
  );
  t.match(refused[0], {
    code: 'too_many_requests',
    message: 'limits.requestsInFlight is 8',
    recoverable: true,
  });
  t.same(
    replies.filter(({ type }) => type === 'started').map(({ id }) => id),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
  t.match(await client.ask(reset(20)), { type: 'started', id: 20 });
});

t.test('others have their turn between requests that came in one piece', async (t) => {
  let [time, resets] = [0, 0];
  const host: EnvHost = {
    make: (request) => {
      const env = inlineHost.make(request);
      const count = (order: ResetOrder) => {
        resets++;
        return env.reset(order);
      };
      return { ...env, reset: count };
    },
  };
  const server = await startServer(t, { now: () => time++, envs: host });
  const client = await RawClient.welcomed(t, server.url);
  const other = await RawClient.welcomed(t, server.url);
  await client.ask({ type: 'make', id: 1, env: 'CartPole-v1' });
  client.burst(Array.from({ length: 1000 }, (_, i) => reset(i)));
  t.match(await other.ask({ type: 'list', id: 1 }), { type: 'listed' });
  t.ok(resets < 100, `${resets} of 1000 were handled before the request of another`);
  for (let i = 0; i < 1000; i++) {
    const { type, id } = await client.receive();
    if (type !== 'started' || id !== i) t.fail(`reply ${i} is ${String(type)} ${String(id)}`);
  }
});

t.test('a client that keeps to the limit is never refused, however large the replies', async (t) => {
  const server = await startServer(t, { limits: { requestsInFlight: 4 } });
  const client = await RawClient.welcomed(t, server.url);
  await client.ask(MAKE);
  client.burst([0, 1, 2, 3].map(reset));
  for (let i = 0; i < 60; i++) {
    const { type, id } = await client.receive();
    if (type !== 'started' || id !== i) t.fail(`reply ${i} is ${String(type)} ${String(id)}`);
    client.send(reset(i + 4));
  }
  t.pass('60 replies');
});

t.test('a client that never reads again is let go', async (t) => {
  const clock = new Clock();
  const server = await startServer(t, { now: clock.now, limits: { pingMs: 1000, graceMs: 0 } });
  const client = await RawClient.welcomed(t, server.url);
  await client.ask(MAKE);
  client.socket.pause();
  client.burst([reset(1), reset(2)]);
  await (await RawClient.welcomed(t, server.url)).ask({ type: 'list', id: 1 });
  t.equal(server.numEnvs, 8000);
  for (let i = 0; i < 3; i++) {
    clock.time += 1001;
    server.sweep();
  }
  await until(() => server.numEnvs === 0);
});
