/** Sessions that outlive their server: it stops or is killed, is started anew, and nothing is lost or done twice. */
import { appendFile, cp, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import {
  type Client,
  connect,
  FarstepError,
  type RemoteVectorEnv,
  type StepResult,
} from '../../protocol/index.js';
import { type EnvHost, inlineHost } from '../../server/host.js';
import { Server, type ServerOptions } from '../../server/index.js';
import { GatedHost } from './gated-host.js';
import { PROBE } from './probe-env.js';
import { Clock, packed, RawClient, slab, stepFrame, until } from './rig.js';
import { serveProcess } from './serve-process.js';

t.setTimeout(200_000);

/** A folder, and a unix socket in another, where every server of a test is found. */
async function places(t: Test): Promise<{ readonly stateDir: string; readonly unix: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'farstep-'));
  t.teardown(() => rm(dir, { recursive: true }));
  return { stateDir: join(dir, 'state'), unix: join(dir, 'socket') };
}

const sessionsIn = async (stateDir: string): Promise<string[]> =>
  (await readdir(stateDir)).filter((name) => name !== 'lock');

async function start(t: Test, options: ServerOptions): Promise<Server> {
  const server = await Server.start(options);
  t.teardown(() => server.close(0));
  return server;
}

async function open(t: Test, url: string): Promise<Client> {
  const client = await connect(url);
  t.teardown(() => client.close());
  return client;
}

/** Different kinds of vector envs, each with the actions of its step `i`. */
const KINDS = [
  {
    env: 'CartPole-v1',
    numEnvs: 3,
    seed: 5,
    autoreset: 'same_step',
    actions: (i: number) => Int32Array.of(i % 2, 1, 0),
  },
  { env: 'CartPole-v1', numEnvs: 2, autoreset: 'next_step', actions: (i: number) => Int32Array.of(i % 2, 1) },
  {
    env: 'Pendulum-v1',
    numEnvs: 2,
    seed: 9,
    maxEpisodeSteps: 7,
    actions: (i: number) => Float32Array.of(Math.sin(i), 1),
  },
  { env: 'MinAtar/Breakout-v1', numEnvs: 1, actions: (i: number) => Int32Array.of(i % 3) },
] as const;

/** Steps with several requests under way at a time; `onStep` is told of each that was answered. */
async function run(
  client: Client,
  steps: number,
  onStep: (i: number) => void = () => {},
  seeds: readonly (readonly number[])[] = [],
) {
  const envs: RemoteVectorEnv[] = [];
  const used: (readonly number[])[] = [];
  const results: StepResult[][] = [];
  for (const [k, { actions: _, ...kind }] of KINDS.entries()) {
    const { env: id, ...options } = kind;
    const env = await client.make(id, options);
    const reset = await env.reset(seeds[k] ? { seed: [...seeds[k]] } : {});
    used.push(Array.from(reset.seeds));
    envs.push(env);
    results.push([]);
  }
  const under: Promise<unknown>[] = [];
  for (let i = 0; i < steps; i++) {
    for (const [k, { actions }] of KINDS.entries()) {
      under.push(envs[k]!.step(actions(i)).then((result) => void results[k]!.push(structuredClone(result))));
    }
    if (i % 20 === 19)
      under.push(envs[0]!.reset({ ids: [1] }).then(({ seeds: [seed] }) => void used.push([seed!])));
    while (under.length > 12) await under.shift();
    onStep(i);
  }
  await Promise.all(under);
  return { results, used };
}

t.test('a server is killed, time and again, and nothing shows', async (t) => {
  const { stateDir, unix } = await places(t);
  const serve = () => serveProcess(t, '--unix', unix, '--state-dir', stateDir, '--workers', '0');
  let server = await serve();
  const client = await open(t, server.url);
  let kills = 0;
  let restarting = Promise.resolve();
  const restart = async (): Promise<void> => {
    t.equal(await server.end('SIGKILL'), 'SIGKILL');
    kills++;
    server = await serve();
  };
  const disturbed = await run(client, 600, (i) => {
    if (i % 400 === 77) restarting = restarting.then(restart);
  });
  await restarting;
  t.equal(kills, 2);
  const twin = await open(t, (await start(t, {})).url);
  const undisturbed = await run(twin, 600, () => {}, disturbed.used.slice(0, KINDS.length));
  t.same(disturbed.used, undisturbed.used);
  for (const [k, { env }] of KINDS.entries()) {
    const [got, expected] = [disturbed.results[k]!, undisturbed.results[k]!];
    t.equal(got.length, 600);
    const differs = expected.findIndex((result, i) => JSON.stringify(result) !== JSON.stringify(got[i]));
    t.equal(differs, -1, `${env}: the first step that differs`);
  }
});

const MAKE = { type: 'make', id: 1, env: PROBE, options: { length: 1000 } };
const step = (id: number) =>
  stepFrame(id, 1, [slab(Int32Array.of(id % 2)), slab(Float32Array.of(id / 100, 0))]);

/** The server that would be there, had the one with this folder been killed now. */
async function killedNow(t: Test, stateDir: string, options: ServerOptions = {}): Promise<Server> {
  const { stateDir: copy } = await places(t);
  await cp(stateDir, copy, { recursive: true });
  return start(t, { ...options, stateDir: copy });
}

t.test('whenever it is killed, what was answered is answered again, byte for byte', async (t) => {
  const { stateDir } = await places(t);
  const server = await start(t, { stateDir });
  const client = await RawClient.welcomed(t, server.url);
  const { resume } = client.welcome;
  const begun: Buffer[] = [];
  const replies: Buffer[] = [];
  const requests = [
    packed(MAKE),
    packed({ type: 'reset', id: 2, env: 1 }), // draws a seed
    step(3),
    packed({ type: 'render', id: 4, env: 1 }), // is refused
    step(5),
    packed({ type: 'snapshot', id: 6, env: 1 }),
    packed({ type: 'reset', id: 7, env: 1 }),
    step(8),
  ];
  for (const request of requests) {
    client.send(request);
    begun.push(request);
    replies.push(await client.frame());
    const next = await killedNow(t, stateDir);
    t.equal(next.sessions, 1);
    const again = await RawClient.welcomed(t, next.url, { resume });
    for (const [i, each] of begun.entries()) {
      again.send(each);
      t.same(await again.frame(), replies[i], `request ${i + 1} of ${begun.length}`);
    }
  }
});

t.test('a request that was under way is carried out, once', async (t) => {
  const { stateDir } = await places(t);
  const host = new GatedHost();
  const server = await start(t, { stateDir, envs: host });
  t.teardown(() => host.openAll());
  const client = await RawClient.welcomed(t, server.url);
  client.burst([
    { ...MAKE, seed: 5 },
    { type: 'reset', id: 2, env: 1 },
  ]);
  for (let i = 0; i < 2; i++) {
    await until(() => host.waiting === 1);
    host.open();
    await client.receive();
  }
  client.burst([step(3), step(4)]);
  await until(() => host.waiting === 1);
  const next = await killedNow(t, stateDir);
  const again = await RawClient.welcomed(t, next.url, { resume: client.welcome.resume });
  again.burst([step(3), step(4), step(5)]);
  const twin = await RawClient.welcomed(t, next.url);
  twin.burst([{ ...MAKE, seed: 5 }, { type: 'reset', id: 2, env: 1 }, step(3), step(4), step(5)]);
  for (let i = 0; i < 2; i++) await twin.frame();
  for (let i = 0; i < 3; i++) t.same(await again.frame(), await twin.frame());
});

t.test('the first seeds that are not used up are used after it', async (t) => {
  const { stateDir } = await places(t);
  const server = await start(t, { stateDir });
  const client = await RawClient.welcomed(t, server.url);
  await client.ask({ ...MAKE, numEnvs: 3, seed: 40 });
  t.match(await client.ask({ type: 'reset', id: 2, env: 1, ids: [1] }), { seeds: [41] });
  for (let i = 0; i < 300; i++) await client.ask({ type: 'list', id: 3 + i }); // until it is saved anew
  const next = await killedNow(t, stateDir);
  const again = await RawClient.welcomed(t, next.url, { resume: client.welcome.resume });
  t.match(await again.ask({ type: 'reset', id: 400, env: 1 }), { seeds: [40, 41, 42] });
  t.match(await again.ask({ type: 'make', id: 401, env: PROBE }), { env: 2 }, 'no handle is used twice');
  const expected = await client.ask({ type: 'reset', id: 400, env: 1 });
  const other = await killedNow(t, stateDir);
  const third = await RawClient.welcomed(t, other.url, { resume: client.welcome.resume });
  t.same(await third.ask({ type: 'reset', id: 400, env: 1 }), expected, 'and the streams go on');
});

t.test('a server that stops tells when to come back, and its clients do', async (t) => {
  const { stateDir, unix } = await places(t);
  const first = await Server.start({ stateDir, unix });
  const [raw, player] = [await RawClient.welcomed(t, first.url), await RawClient.welcomed(t, first.url)];
  await player.ask({ type: 'create', id: 1, world: 'ConnectFour-v3' });
  const events: string[] = [];
  const client = await connect(first.url, { onConnection: ({ type }) => events.push(type) });
  t.teardown(() => client.close());
  const env = await client.make(PROBE, { seed: 3, options: { length: 1000 } });
  await env.reset();
  const push = [Int32Array.of(1), Float32Array.of(0.5, 0)];
  await env.step(push);
  await first.close();
  t.match(await raw.closed, { code: 1012, reason: '2000' });
  t.match(await player.receive(), { code: 'shutting_down', retryAfterMs: 2000 }, 'a world does not go on');
  t.equal((await player.closed).code, 1001);
  t.equal((await sessionsIn(stateDir)).length, 2);
  const going = env.step(push);
  await start(t, { stateDir, unix });
  t.same((await going).rewards, [1.5]);
  t.same(events, ['lost', 'resumed']);
});

t.test(
  'a session waits for its client from when the server listens, however long the others took',
  async (t) => {
    const { stateDir } = await places(t);
    const server = await start(t, { stateDir });
    for (let i = 0; i < 3; i++) await (await RawClient.welcomed(t, server.url)).ask({ ...MAKE, seed: 1 });
    const clock = new Clock();
    const envs: EnvHost = {
      make(request) {
        clock.time += 1000;
        return inlineHost.make(request);
      },
    };
    const next = await killedNow(t, stateDir, { envs, now: clock.now, limits: { graceMs: 1500 } });
    next.sweep();
    t.equal(next.sessions, 3);
    clock.time += 1501;
    next.sweep();
    t.equal(next.sessions, 0);
  },
);

t.test('a session whose env fails while others go on is tried once more', async (t) => {
  const { stateDir } = await places(t);
  const server = await start(t, { stateDir });
  const client = await RawClient.welcomed(t, server.url);
  await client.ask(MAKE);
  await client.ask({ type: 'reset', id: 2, env: 1 }); // draws a seed, and so the env is saved
  let fails = 1;
  const envs: EnvHost = {
    make(request) {
      if (fails-- > 0) throw new FarstepError('env_failed', 'its thread has ended');
      return inlineHost.make(request);
    },
  };
  t.equal((await killedNow(t, stateDir, { envs })).sessions, 1);
  fails = 2;
  t.equal((await killedNow(t, stateDir, { envs })).sessions, 0, 'and not for ever');
});

t.test('an env that has failed stays so, and the others of its session go on', async (t) => {
  const { stateDir } = await places(t);
  const failed = (): never => {
    throw new FarstepError('env_failed', 'its thread has ended');
  };
  const envs: EnvHost = {
    make(request) {
      const env = inlineHost.make(request);
      if (request.env === 'Pendulum-v1') return { ...env, snapshot: failed }; // told when it is asked for
      return request.env === 'CartPole-v1' ? { ...env, step: failed } : env;
    },
  };
  const server = await start(t, { stateDir, envs });
  const client = await RawClient.welcomed(t, server.url);
  for (const [i, env] of ['CartPole-v1', 'Pendulum-v1', 'FrozenLake-v1'].entries()) {
    await client.ask({ type: 'make', id: 2 * i, env, seed: 1 });
    await client.ask({ type: 'reset', id: 2 * i + 1, env: i + 1 });
  }
  const push = stepFrame(10, 1, [slab(Int32Array.of(1))]);
  t.match(await client.ask(push), { code: 'env_failed', id: 10 });
  const next = await killedNow(t, stateDir);
  t.equal(next.sessions, 1);
  const back = await RawClient.welcomed(t, next.url, { resume: client.welcome.resume });
  t.match(await back.ask(push), { code: 'env_failed', id: 10 }, 'the reply is kept');
  for (const env of [1, 2]) {
    const step = stepFrame(10 + env, env, [slab(Int32Array.of(1))]);
    t.match(await back.ask(step), { code: 'no_such_env' });
  }
  const move = stepFrame(13, 3, [slab(Int32Array.of(1))]);
  t.match(await back.ask(move), { type: 'stepped', id: 13 });
});

t.test('a session that ends leaves nothing behind', async (t) => {
  const { stateDir } = await places(t);
  const clock = new Clock();
  const server = await start(t, { stateDir, now: clock.now });
  const [one, two, three] = [
    await RawClient.welcomed(t, server.url),
    await RawClient.welcomed(t, server.url),
    await RawClient.welcomed(t, server.url),
  ];
  await three.ask({ type: 'list', id: 1 });
  t.equal((await sessionsIn(stateDir)).length, 3);
  one.socket.close(1000);
  two.socket.terminate();
  await until(() => server.connections === 1);
  t.equal((await sessionsIn(stateDir)).length, 2);
  clock.time += 120_001;
  server.sweep();
  t.equal((await sessionsIn(stateDir)).length, 1);
  await three.ask({ type: 'create', id: 2, world: 'ConnectFour-v3' });
  t.same(await sessionsIn(stateDir), [], 'what others take part in is not kept');
  await three.ask({ ...MAKE, id: 3 });
  t.same(await sessionsIn(stateDir), []);
  await server.close();
  t.same(await readdir(stateDir), []);
});

t.test('files are for the server alone, and no longer than the limit', async (t) => {
  const { stateDir } = await places(t);
  const server = await start(t, { stateDir, limits: { stateBytes: 2000 } });
  const client = await RawClient.welcomed(t, server.url);
  await client.ask({ type: 'list', id: 1 });
  const [file] = await sessionsIn(stateDir);
  t.equal((await stat(join(stateDir, file!))).mode & 0o77, 0);
  t.equal((await stat(stateDir)).mode & 0o77, 0);
  await client.ask({ ...MAKE, id: 2, numEnvs: 100 });
  t.match(await client.ask({ type: 'reset', id: 3, env: 1 }), { type: 'started' });
  t.same(await sessionsIn(stateDir), []);
});

t.test('a file that was cut short or is none', async (t) => {
  const { stateDir } = await places(t);
  const server = await start(t, { stateDir });
  const client = await RawClient.welcomed(t, server.url);
  await client.ask({ ...MAKE, seed: 1 });
  const [file] = await sessionsIn(stateDir);
  await appendFile(join(stateDir, file!), Uint8Array.of(200, 0, 0, 0, 1));
  await writeFile(join(stateDir, 'x.session'), 'nonsense');
  await writeFile(join(stateDir, 'y.session.tmp'), 'half');
  const next = await killedNow(t, stateDir);
  t.equal(next.sessions, 1);
  t.equal(next.numEnvs, 1);
});

t.test('one server has a folder', async (t) => {
  const { stateDir, unix } = await places(t);
  await serveProcess(t, '--unix', unix, '--state-dir', stateDir, '--workers', '0');
  await t.rejects(Server.start({ stateDir }), {
    message: /--state-dir .*: the server with the process id \d+ has it/,
  });
});
