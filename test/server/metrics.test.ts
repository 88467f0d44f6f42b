/** What /metrics and /readyz tell, and that no secret is told anywhere. */
import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import t from 'tap';
import { Samples } from '../../scripts/top/prometheus-text.js';
import { type EnvHost, inlineHost } from '../../server/host.js';
import type { Server } from '../../server/index.js';
import { METRICS } from '../../server/metrics-table.js';
import { PROBE } from './probe-env.js';
import { Clock, RawClient, slab, startServer, stepFrame, until } from './rig.js';
import { CHAIRS } from './worlds.js';

const page = (server: Server, path: string) => fetch(`${server.url.replace('ws:', 'http:')}${path}`);

const metricsOf = async (server: Server): Promise<Samples> =>
  new Samples(await (await page(server, '/metrics')).text());

const step = (id: number, n: number) =>
  stepFrame(id, 1, [slab(new Int32Array(n)), slab(new Float32Array(2 * n))]);

t.test('what clients do is counted', async (t) => {
  const clock = new Clock();
  const server = await startServer(t, { now: clock.now, limits: { sessions: 17 } });
  const client = await RawClient.welcomed(t, server.url);
  await client.ask({ type: 'make', id: 1, env: PROBE, numEnvs: 3, options: { length: 100 } });
  await client.ask({ type: 'make', id: 2, env: 'CartPole-v1', numEnvs: 5 });
  await client.ask({ type: 'reset', id: 3, env: 1 });
  for (const id of [4, 5]) await client.ask(step(id, 3));
  await client.ask({ type: 'jump', id: 6 });
  const { token } = await client.ask({ type: 'share', id: 7, env: 1 });
  const watcher = await RawClient.welcomed(t, server.url);
  await watcher.ask({ type: 'subscribe', id: 1, token, credits: 1 });
  for (const id of [8, 9]) await client.ask(step(id, 3));

  const response = await page(server, '/metrics');
  t.equal(response.status, 200);
  t.match(response.headers.get('content-type'), /^text\/plain; version=0\.0\.4/);
  const text = await response.text();
  for (const { name, type } of METRICS) t.match(text, `# TYPE ${name} ${type}\n`);
  const metrics = new Samples(text);
  for (const [name, value] of Object.entries({
    'farstep_limit{limit="sessions"}': 17,
    'farstep_sessions{state="connected"}': 2,
    'farstep_sessions{state="away"}': 0,
    farstep_sessions_begun_total: 2,
    farstep_connections: 2,
    farstep_connections_opened_total: 2,
    [`farstep_envs{env="${PROBE}"}`]: 3,
    'farstep_envs{env="CartPole-v1"}': 5,
    [`farstep_env_steps_total{env="${PROBE}"}`]: 12,
    farstep_step_seconds_count: 4,
    'farstep_step_seconds_bucket{le="+Inf"}': 4,
    'farstep_errors_total{code="unknown_message"}': 1,
    farstep_streams: 1,
    farstep_subscriptions: 1,
    farstep_samples_sent_total: 1,
    farstep_samples_dropped_total: 1,
    farstep_ready: 1,
  })) {
    t.equal(metrics.get(name), value, name);
  }
  t.same(metrics.by('farstep_envs'), [
    [PROBE, 3],
    ['CartPole-v1', 5],
  ]);
  t.ok(metrics.get('farstep_replies_kept_bytes') > 0, 'a client that acknowledges nothing');
  t.ok(metrics.get('farstep_received_bytes_total') > 500);
  t.ok(metrics.get('farstep_sent_bytes_total') > 2000);
  t.ok(metrics.get('process_resident_memory_bytes') > 2 ** 20);
});

t.test('why connections ended', async (t) => {
  const clock = new Clock();
  const server = await startServer(t, { now: clock.now, limits: { pingMs: 1000 } });
  const ends: [string, () => Promise<void>][] = [
    ['client', async () => (await RawClient.welcomed(t, server.url)).socket.close(1000)],
    ['client', async () => (await RawClient.welcomed(t, server.url)).socket.close(3999)],
    ['lost', async () => (await RawClient.welcomed(t, server.url)).socket.terminate()],
    ['bad_frame', async () => (await RawClient.welcomed(t, server.url)).send(Uint8Array.of(0xc1))],
    ['text_frame', async () => (await RawClient.welcomed(t, server.url)).socket.send('hello')],
    ['bad_hello', async () => (await RawClient.open(t, server.url)).send({ type: 'list', id: 1 })],
  ];
  const expected = new Map<string, number>();
  for (const [reason, end] of ends) {
    await end();
    await until(() => server.connections === 0);
    expected.set(reason, (expected.get(reason) ?? 0) + 1);
  }
  await RawClient.welcomed(t, server.url, { autoPong: false });
  for (let i = 0; i < 2; i++) {
    clock.time += 1001;
    server.sweep();
  }
  await until(() => server.connections === 0);
  expected.set('no_pong', 1);
  const metrics = await metricsOf(server);
  t.same(new Map(metrics.by('farstep_connections_closed_total')), expected);
  t.equal(metrics.get('farstep_connections_opened_total'), 7);
  t.equal(metrics.get('farstep_connections'), 0);
  t.equal(metrics.get('farstep_errors_total{code="bad_frame"}'), 1);
  t.equal(metrics.get('farstep_sessions{state="away"}'), 3, 'those that may come back');
  t.ok(metrics.get('farstep_received_bytes_total') > 1000, 'bytes of connections that are gone');
});

t.test('how long steps take', async (t) => {
  const clock = new Clock();
  const server = await startServer(t, {
    now: clock.now,
    envs: {
      make: (request) => {
        const env = inlineHost.make(request);
        const slowStep = (ids?: Uint32Array) => {
          clock.time += 40;
          return env.step(ids);
        };
        return { ...env, step: slowStep };
      },
    },
  });
  const client = await RawClient.welcomed(t, server.url);
  await client.ask({ type: 'make', id: 1, env: PROBE, options: { length: 100 } });
  await client.ask({ type: 'reset', id: 2, env: 1 });
  for (const id of [3, 4]) await client.ask(step(id, 1));
  const metrics = await metricsOf(server);
  t.equal(metrics.get('farstep_step_seconds_sum'), 0.08);
  t.equal(metrics.get('farstep_step_seconds_bucket{le="0.025"}'), 0);
  t.equal(metrics.get('farstep_step_seconds_bucket{le="0.05"}'), 2);
});

t.test('a client that comes back', async (t) => {
  const server = await startServer(t);
  const client = await RawClient.welcomed(t, server.url);
  await RawClient.welcomed(t, server.url, { resume: client.welcome.resume });
  const metrics = await metricsOf(server);
  t.equal(metrics.get('farstep_sessions_begun_total'), 1);
  t.equal(metrics.get('farstep_sessions_resumed_total'), 1);
  await client.closed;
  t.equal(metrics.get('farstep_errors_total{code="session_resumed"}'), 1);
});

t.test('ready while the workers are there and the server takes clients', async (t) => {
  const host: EnvHost & { isReady: boolean } = {
    isReady: false,
    make: (request) => inlineHost.make(request),
    get state() {
      return {
        isReady: this.isReady,
        threads: [2, 1],
        processes: [4711],
        busyMs: { threads: 250, processes: 0 },
        failed: { threads: 3, processes: 0 },
      };
    },
  };
  const server = await startServer(t, { envs: host });
  const readiness = async () => {
    const response = await page(server, '/readyz');
    return [response.status, ((await response.json()) as { status: string }).status];
  };
  t.same(await readiness(), [503, 'starting']);
  host.isReady = true;
  t.same(await readiness(), [200, 'ready']);
  const metrics = await metricsOf(server);
  t.same(metrics.by('farstep_workers'), [
    ['thread', 2],
    ['process', 1],
  ]);
  t.equal(metrics.get('farstep_worker_parts'), 3);
  t.equal(metrics.get('farstep_worker_busy_seconds{kind="thread"}'), 0.25);
  t.equal(metrics.get('farstep_workers_failed_total{kind="thread"}'), 3);
});

t.test('every metric is documented', async (t) => {
  const readme = readFileSync(new URL('../../../server/README.md', import.meta.url), 'utf8');
  const histograms = ['farstep_step_seconds', 'farstep_event_loop_delay_seconds'];
  for (const name of [...METRICS.map(({ name }) => name), ...histograms])
    t.ok(readme.includes(`\`${name}\``), name);
});

t.test('logs name session and env, and never a secret', async (t) => {
  let logged = '';
  const log = pino(
    { level: 'trace' },
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        logged += chunk.toString();
        done();
      },
    }),
  );
  const server = await startServer(t, { log });
  const client = await RawClient.welcomed(t, server.url);
  await client.ask({ type: 'make', id: 1, env: PROBE, options: { length: 100 } });
  await client.ask({ type: 'reset', id: 2, env: 1 });
  const { token } = await client.ask({ type: 'share', id: 3, env: 1 });
  const { world } = await client.ask({ type: 'create', id: 4, world: CHAIRS });
  const other = await RawClient.welcomed(t, server.url);
  await other.ask({ type: 'subscribe', id: 1, token, credits: 1 });
  await other.ask({ type: 'join', id: 2, world });
  await other.ask({ type: 'join', id: 3, world: `${String(world)}x` });
  await other.ask({ type: 'subscribe', id: 4, token: `${String(token)}x`, credits: 1 });
  await client.ask(stepFrame(5, 1, [slab(Int32Array.of(2)), slab(new Float32Array(2))]));
  const { resume, session } = client.welcome;
  client.socket.terminate();
  const back = await RawClient.welcomed(t, server.url, { resume });
  back.send(Uint8Array.of(0xc1));
  await back.closed;
  const late = await RawClient.open(t, server.url);
  await late.ask({ type: 'hello', protocol: 1, editions: [1], client: 'raw', capabilities: [], resume });
  await late.closed;
  await server.close();

  t.match(logged, `"session":"${String(session)}","env":"${PROBE}"`);
  t.match(logged, '"code":"env_failed"');
  const secret = (resume as string).split('.')[1]!;
  for (const word of [secret, token, world]) {
    t.ok((word as string).length >= 16);
    t.notOk(logged.includes(word as string), 'a secret is in the log');
  }
});
