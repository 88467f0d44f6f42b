/** Who may come to a server, and how much those may have who come. */
import { execFile } from 'node:child_process';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { connect } from '../../protocol/index.js';
import { createKey, type Key, KeyRing, readKeys, writeKeys } from '../../server/keys.js';
import { ManualTimers } from '../manual-timers.js';
import { FARSTEP, farstep } from '../scripts/command.js';
import { PROBE } from './probe-env.js';
import { HELLO, RawClient, slab, startServer, stepFrame, until } from './rig.js';

async function folder(t: Test): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'farstep-'));
  t.teardown(() => rm(dir, { recursive: true }));
  return dir;
}

const newKey = (name: string, parts: Partial<Pick<Key, 'scopes' | 'quotas'>> = {}) =>
  createKey({ name, scopes: ['envs', 'worlds', 'streams'], quotas: {}, ...parts });

const MAKE = { type: 'make', id: 1, env: PROBE, options: { length: 1000 } };
const push = (n: number) => [slab(new Int32Array(n)), slab(new Float32Array(2 * n))];

/** Connects with a token, and is welcomed. */
async function come(t: Test, url: string, token: string, resume?: unknown): Promise<RawClient> {
  const client = await RawClient.open(t, url);
  client.welcome = await client.ask({ ...HELLO, token, ...(resume !== undefined && { resume }) });
  return client;
}

t.test('who has no key does not come in, and learns nothing of those there are', async (t) => {
  const { key, token } = newKey('alice');
  let log = '';
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      log += chunk.toString();
      done();
    },
  });
  const server = await startServer(t, { keys: new KeyRing([key]), log: pino({ level: 'trace' }, stream) });
  for (const wrong of [undefined, '', 'alice', key.sha256, `${token} `, token.slice(0, -1)]) {
    const client = await RawClient.open(t, server.url);
    client.send({ ...HELLO, ...(wrong !== undefined && { token: wrong }) });
    t.match(await client.receive(), { type: 'error', id: null, code: 'unauthorized', recoverable: false });
    t.same(await client.closed, { code: 4007, reason: 'unauthorized' });
  }
  t.equal(server.sessions, 0);
  await t.rejects(connect(server.url), { code: 'unauthorized', message: /needs one, and none came/ });
  const client = await connect(server.url, { token });
  t.ok((await client.list()).length > 0);
  client.close();
  t.match(log, /"key":"alice"/);
  t.notOk(log.includes(token), 'no secret is in the log');
});

t.test('a token in the address is none', async (t) => {
  const { key, token } = newKey('alice');
  const server = await startServer(t, { keys: new KeyRing([key]) });
  const client = await RawClient.open(t, `${server.url}/?token=${token}`);
  t.match(await client.ask(HELLO), { code: 'unauthorized' });
});

t.test('a key does what its scopes say', async (t) => {
  const [watcher, all] = [newKey('watcher', { scopes: ['streams'] }), newKey('all')];
  const server = await startServer(t, { keys: new KeyRing([watcher.key, all.key]) });
  const client = await come(t, server.url, watcher.token);
  for (const request of [
    { type: 'make', id: 1, env: PROBE },
    { type: 'create', id: 1, world: 'ConnectFour-v3' },
    { type: 'join', id: 1, world: 'x' },
  ]) {
    t.match(await client.ask(request), {
      code: 'not_allowed',
      message: /key watcher has no scope/,
      recoverable: true,
    });
  }
  const owner = await come(t, server.url, all.token);
  await owner.ask(MAKE);
  const { token } = await owner.ask({ type: 'share', id: 2, env: 1 });
  t.match(await client.ask({ type: 'subscribe', id: 2, token, credits: 1 }), { type: 'subscribed' });
});

t.test('a session is resumed by the key that began it alone', async (t) => {
  const [alice, bob] = [newKey('alice'), newKey('bob')];
  const server = await startServer(t, { keys: new KeyRing([alice.key, bob.key]) });
  const { welcome } = await come(t, server.url, alice.token);
  t.match((await come(t, server.url, bob.token, welcome.resume)).welcome, { code: 'no_such_session' });
  t.match((await come(t, server.url, alice.token, welcome.resume)).welcome, { session: welcome.session });
});

t.test('quotas of sessions and envs are those of a key, not of a session', async (t) => {
  const [alice, bob] = [newKey('alice', { quotas: { sessions: 2, envs: 10 } }), newKey('bob')];
  const server = await startServer(t, { keys: new KeyRing([alice.key, bob.key]) });
  const [one, two] = [await come(t, server.url, alice.token), await come(t, server.url, alice.token)];
  t.match((await come(t, server.url, alice.token)).welcome, {
    code: 'too_many_sessions',
    message: /key alice has 2 sessions open and asked for 1, its quota of sessions is 2/,
    retryAfterMs: 10_000,
  });
  t.match(await one.ask({ ...MAKE, numEnvs: 6 }), { type: 'made' });
  t.match(await two.ask({ ...MAKE, numEnvs: 6 }), {
    code: 'too_many_envs',
    message: /key alice has 6 envs open and asked for 6, its quota of envs is 10/,
    retryAfterMs: 10_000,
  });
  t.match(await (await come(t, server.url, bob.token)).ask({ ...MAKE, numEnvs: 60 }), { type: 'made' });
});

t.test('who steps or sends more in a second than its quota waits, and nobody else', async (t) => {
  for (const quotas of [{ envStepsPerSecond: 10 }, { bytesPerSecond: 2000 }]) {
    const timers = new ManualTimers();
    const [alice, bob] = [newKey('alice', { quotas }), newKey('bob')];
    const keys = new KeyRing([alice.key, bob.key]);
    const server = await startServer(t, { keys, timers, now: timers.now });
    const [slow, free] = [await come(t, server.url, alice.token), await come(t, server.url, bob.token)];
    for (const client of [slow, free]) {
      client.burst([
        { ...MAKE, numEnvs: 10 },
        { type: 'reset', id: 2, env: 1 },
      ]);
    }
    let begun = 0;
    for (const client of [slow, free]) {
      void client
        .receive()
        .then(() => client.receive())
        .then(() => begun++);
    }
    await until(() => {
      timers.pass(1000);
      return begun === 2;
    });
    timers.pass(10_000);
    const before = timers.now();
    for (let i = 3; i < 53; i++) for (const client of [slow, free]) client.send(stepFrame(i, 1, push(10)));
    for (let i = 3; i < 53; i++) t.match(await free.receive(), { id: i });
    let answered = 0;
    void (async () => {
      for (; answered < 50; answered++) await slow.receive();
    })().catch(() => {});
    await until(() => timers.size > 0);
    t.ok(answered < 10, `${answered} of 50 were answered at once`);
    await until(() => {
      timers.pass(100);
      return answered === 50;
    });
    t.ok(timers.now() - before > 2000, `all were answered after ${timers.now() - before} ms`);
  }
});

t.test('stored data are those of a key', async (t) => {
  const { key, token } = newKey('alice', { quotas: { stateBytes: 3000 } });
  const stateDir = join(await folder(t), 'state');
  const server = await startServer(t, { keys: new KeyRing([key]), stateDir });
  const small = await come(t, server.url, token);
  const large = await come(t, server.url, token);
  await small.ask({ type: 'list', id: 1 });
  await large.ask({ ...MAKE, numEnvs: 100 });
  await large.ask({ type: 'reset', id: 2, env: 1 });
  const file = (client: RawClient) => join(stateDir, `${client.welcome.session as string}.session`);
  t.ok(statSync(file(small)).size > 0);
  t.throws(() => statSync(file(large)), { code: 'ENOENT' });
});

t.test('a key that is removed from the file is known no more', async (t) => {
  const path = join(await folder(t), 'keys.json');
  const [alice, bob] = [newKey('alice'), newKey('bob')];
  writeKeys(path, [alice.key, bob.key]);
  const server = await startServer(t, { keys: KeyRing.ofFile(path) });
  const [one, two] = [await come(t, server.url, alice.token), await come(t, server.url, bob.token)];
  rmSync(path);
  server.sweep();
  writeFileSync(path, 'nonsense');
  server.sweep();
  t.equal(server.sessions, 2, 'what cannot be read changes nothing');
  writeKeys(path, [bob.key]);
  server.sweep();
  t.match(await one.receive(), { code: 'unauthorized', message: /key alice is known no more/ });
  t.match(await two.ask({ type: 'list', id: 1 }), { type: 'listed' });
  t.match((await come(t, server.url, alice.token)).welcome, { code: 'unauthorized' });
});

t.test(
  'a file of keys that changes: others keep what they used, and new quotas bind old sessions',
  async (t) => {
    const path = join(await folder(t), 'keys.json');
    const [alice, bob] = [newKey('alice', { quotas: { sessions: 2 } }), newKey('bob')];
    writeKeys(path, [alice.key]);
    const server = await startServer(t, { keys: KeyRing.ofFile(path) });
    const first = await come(t, server.url, alice.token);
    writeKeys(path, [alice.key, bob.key]);
    server.sweep();
    await come(t, server.url, bob.token);
    await come(t, server.url, alice.token);
    t.match((await come(t, server.url, alice.token)).welcome, { code: 'too_many_sessions' });
    writeKeys(path, [{ ...alice.key, quotas: { envs: 1 } }, bob.key]);
    server.sweep();
    t.match(await first.ask({ ...MAKE, numEnvs: 2 }), { code: 'too_many_envs' });
  },
);

t.test('keys are made, told and removed by command', async (t) => {
  const dir = await folder(t);
  const made = await farstep(dir, 'key', 'add', 'keys.json', 'alice', '--scope', 'envs', '--quota', 'envs=5');
  t.match(made, { code: 0, stdout: /^fsk_[\w-]{43}\n$/ });
  const path = join(dir, 'keys.json');
  t.notOk(readFileSync(path, 'utf8').includes(made.stdout.trim()), 'the token is in no file');
  t.equal(statSync(path).mode & 0o77, 0);
  t.match(KeyRing.ofFile(path).find(made.stdout.trim()), {
    name: 'alice',
    scopes: ['envs'],
    quotas: { envs: 5 },
  });
  t.match(await farstep(dir, 'key', 'add', 'keys.json', 'alice'), {
    code: 1,
    stderr: /has a key alice already/,
  });
  t.match(await farstep(dir, 'key', 'list', 'keys.json'), { stdout: 'alice  envs  envs=5\n' });
  t.match(await farstep(dir, 'key', 'remove', 'keys.json', 'alice'), { code: 0 });
  t.same(readKeys(path), []);
});

t.test('a file of keys that is none', async (t) => {
  const path = join(await folder(t), 'keys.json');
  const { key } = newKey('alice');
  for (const [content, message] of [
    ['{', /keys\.json: .*JSON/],
    ['[]', /expected \{"keys": \[\.\.\.\]\}/],
    [{ keys: [{ ...key, name: '../x' }] }, /keys\[0\]: expected a name/],
    [{ keys: [{ ...key, sha256: 'x' }] }, /keys\[0\]: expected sha256/],
    [{ keys: [{ ...key, scopes: ['all'] }] }, /expected scopes, some of envs/],
    [{ keys: [{ ...key, scopes: ['toString'] }] }, /expected scopes/],
    [{ keys: [{ ...key, quotas: { envs: -1 } }] }, /expected quotas/],
    [{ keys: [{ ...key, token: 'x' }] }, /expected no field "token"/],
    [{ keys: [key, key] }, /the name alice is there twice/],
  ] as const) {
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    t.throws(() => KeyRing.ofFile(path), { message });
  }
});

t.test('web pages connect where they may', async (t) => {
  const refused = (url: string, origin: string) =>
    t.rejects(RawClient.open(t, url, { origin }), { message: /403/ }, origin);
  const server = await startServer(t, { origins: ['https://example.org'] });
  const { host } = new URL(server.url);
  for (const origin of ['https://example.org', 'http://localhost:3000', `http://${host}`, 'http://[::1]']) {
    await RawClient.welcomed(t, server.url, { origin });
  }
  for (const origin of [
    'https://example.org.evil.com',
    'https://evil.com',
    'http://127.0.0.1.evil.com',
    'http://localhost.evil.com',
    'null',
    'x',
  ]) {
    await refused(server.url, origin);
  }
  // The page of a name that leads to this machine: DNS rebinding.
  await t.rejects(
    RawClient.open(t, server.url, { origin: 'http://evil.com', headers: { host: 'evil.com' } }),
    {
      message: /403/,
    },
  );
  const open = await startServer(t, { origins: ['*'] });
  await RawClient.welcomed(t, open.url, { origin: 'https://evil.com' });
});

t.test('TLS', async (t) => {
  const pem = (name: string) =>
    readFileSync(new URL(`../../../test/fixtures/tls/${name}.pem`, import.meta.url));
  const tls = { cert: pem('cert'), key: pem('key') };
  const timers = new ManualTimers();
  const server = await startServer(t, { tls, now: timers.now, limits: { pendingConnections: 2 } });
  t.match(server.url, /^wss:/);
  const client = await RawClient.welcomed(t, server.url, { ca: tls.cert });
  await until(() => server.pendingConnections === 0);
  await client.ask({ ...MAKE, numEnvs: 2 });
  await client.ask({ type: 'reset', id: 2, env: 1 });
  t.match(await client.ask(stepFrame(3, 1, push(2))), { type: 'stepped', id: 3 });
  timers.pass(20_000); // beyond limits.helloMs, to which the session owes nothing any more
  server.sweep();
  t.match(await client.ask({ type: 'list', id: 4 }), { type: 'listed' });
  await t.rejects(RawClient.open(t, server.url), { message: /self-signed/ });
  await t.rejects(RawClient.open(t, server.url.replace('wss:', 'ws:')));
  const { hostname, port } = new URL(server.url);
  const silent = Array.from({ length: 5 }, () => connectTcp(Number(port), hostname).on('error', () => {}));
  for (const socket of silent) t.teardown(() => socket.destroy());
  await until(() => server.pendingCuts.pendingConnections >= 3);
  t.equal(client.socket.readyState, WebSocket.OPEN, 'strangers cost those who are known nothing');
});

t.test('an address that others reach is not opened by accident', async (t) => {
  const dir = await folder(t);
  for (const [args, message] of [
    [['--host', '0.0.0.0'], /others reach this address; name those who may come with --keys/],
    [['--host', '::'], /others reach this address/],
    [['--cert', 'x'], /--cert and --key go together/],
    [['--keys', 'nowhere.json'], /nowhere\.json/],
  ] as const) {
    const failed = promisify(execFile)(process.execPath, [FARSTEP, 'serve', '--port', '0', ...args], {
      cwd: dir,
    });
    await t.rejects(failed, { code: 1, stderr: message });
  }
});
