/** Envs that answer later, as those on other threads do: order, errors, and clients that do not wait. */
import t, { type Test } from 'tap';
import { connect } from '../../protocol/index.js';
import { GatedHost } from './gated-host.js';
import { PROBE } from './probe-env.js';
import { RawClient, slab, startServer, stepFrame, until } from './rig.js';

const step = (id: number, kind = 0) =>
  stepFrame(id, 1, [slab(Int32Array.of(kind)), slab(new Float32Array(2))]);

/** A client that has made and reset a probe on a host that is gated from now on. */
async function setUp(t: Test, limits = {}) {
  const host = new GatedHost();
  const server = await startServer(t, { envs: host, limits });
  t.teardown(() => host.openAll());
  const client = await RawClient.welcomed(t, server.url);
  client.send({ type: 'make', id: 1, env: PROBE, options: { length: 100 } });
  client.send({ type: 'reset', id: 2, env: 1 });
  await until(() => host.waiting === 1);
  host.open();
  t.match(await client.receive(), { type: 'made', id: 1 });
  await until(() => host.waiting === 1);
  host.open();
  t.match(await client.receive(), { type: 'started', id: 2 });
  return { host, server, client };
}

t.test('requests behind one that takes its time wait for it', async (t) => {
  const { host, client } = await setUp(t);
  client.burst([step(3), { type: 'list', id: 4 }, { type: 'jump', id: 5 }, step(6)]);
  await until(() => host.waiting === 1);
  host.open();
  t.match(await client.receive(), { type: 'stepped', id: 3 });
  t.match(await client.receive(), { type: 'listed', id: 4 });
  t.match(await client.receive(), { type: 'error', id: 5, code: 'unknown_message' });
  await until(() => host.waiting === 1);
  host.open();
  t.match(await client.receive(), { type: 'stepped', id: 6 });
});

t.test('another session does not wait', async (t) => {
  const { host, server, client } = await setUp(t);
  client.send(step(3));
  await until(() => host.waiting === 1);
  const other = await RawClient.welcomed(t, server.url);
  t.match(await other.ask({ type: 'list', id: 1 }), { type: 'listed' });
  host.open();
  t.match(await client.receive(), { type: 'stepped', id: 3 });
});

t.test('an env that fails later', async (t) => {
  const { host, client } = await setUp(t);
  client.burst([step(3, 2), step(4)]);
  await until(() => host.waiting === 1);
  host.open();
  t.match(await client.receive(), { id: 3, code: 'env_failed', recoverable: true });
  t.match(await client.receive(), { id: 4, code: 'no_such_env' });
  t.equal(host.closed, 1);
});

t.test('a bad frame ends the connection though another request is under way', async (t) => {
  const { host, server, client } = await setUp(t);
  client.burst([step(3), step(4)]);
  await until(() => host.waiting === 1);
  t.match(await client.ask(Uint8Array.of(0xc1)), { code: 'bad_frame', id: null });
  t.equal((await client.closed).code, 1002);
  host.openAll();
  await until(() => server.sessions === 0);
  t.equal(host.closed, 1, 'its envs are closed');
});

t.test('requests beyond the limit are refused at once', async (t) => {
  const { host, client } = await setUp(t, { requestsInFlight: 3 });
  client.burst([step(3), step(4), step(5), step(6), { type: 'list', id: 7 }, { type: 'list' }]);
  for (const id of [6, 7, null]) {
    t.match(await client.receive(), { type: 'error', id, code: 'too_many_requests', recoverable: true });
  }
  host.openAll();
  for (const id of [3, 4, 5]) t.match(await client.receive(), { type: 'stepped', id });
  t.match(await client.ask(step(8)), { type: 'stepped', id: 8 });
});

t.test('a client that leaves while an env is being made leaves none behind', async (t) => {
  const { host, server, client } = await setUp(t, { graceMs: 0 });
  client.send({ type: 'make', id: 3, env: PROBE });
  await until(() => host.waiting === 1);
  client.socket.terminate();
  await until(() => server.sessions === 0);
  t.equal(host.closed, 1);
  host.open();
  await until(() => host.closed === 2);
});

t.test('through the client: results go to the requests that asked for them', async (t) => {
  const host = new GatedHost();
  host.openAll();
  const server = await startServer(t, { envs: host });
  const client = await connect(server.url);
  t.teardown(() => client.close());
  const [one, two] = await Promise.all([
    client.make('CartPole-v1', { seed: 1 }),
    client.make('CartPole-v1', { seed: 2 }),
  ]);
  await Promise.all([one.reset(), two.reset()]);
  const both = [one, two, one, two].map((env) => env.step(Int32Array.of(1)));
  const observations = (await Promise.all(both)).map((result) => [...result.observations[0]!].join());
  t.equal(new Set(observations).size, 4);
});
