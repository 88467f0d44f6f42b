/** Env threads: where envs are placed, what becomes of those on a thread that dies, and that nothing is left behind. */
import { isDeepStrictEqual } from 'node:util';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { type Client, connect, type StepResult } from '../../protocol/index.js';
import { collectGarbage } from '../../scripts/gc.js';
import type { Server } from '../../server/index.js';
import { placeOf, processesFor } from '../../server/workers/placement.js';
import { ManualTimers } from '../manual-timers.js';
import { Clock, until } from './rig.js';
import { moduleFile } from './test-host.js';
import { TROUBLED } from './troubled-envs.js';
import { startWorkers } from './workers.js';

const trustedEnvs = [moduleFile('troubled-envs')];
const zeros = (n: number) => new Int32Array(n);

async function client(t: Test, server: Server): Promise<Client> {
  const connected = await connect(server.url);
  t.teardown(() => connected.close());
  return connected;
}

t.test('the place follows from the cost', async (t) => {
  const on = (micros: number, rest: Partial<Parameters<typeof placeOf>[0]> = {}) =>
    placeOf({ numEnvs: 64, micros, hopMicros: 50, inlineMicros: 0, threads: 4, ...rest });
  t.equal(on(10), 0, 'cheap');
  t.equal(on(199), 0, 'not worth being cut in two');
  t.equal(on(200), 2);
  t.equal(on(320), 3);
  t.equal(on(1e6), 4, 'no more than there are');
  t.equal(on(1e6, { numEnvs: 3 }), 3, 'no more than there are envs');
  t.equal(on(1e6, { threads: 0 }), 0);
  t.equal(on(150, { numEnvs: 1 }), 0, 'one env alone');
  t.equal(on(150, { numEnvs: 1, inlineMicros: 100 }), 1, 'one env where others wait for the thread');
  t.equal(on(1000, { numEnvs: 1 }), 1, 'one env that holds up everybody');
  t.equal(on(40, { inlineMicros: 1e6 }), 0, 'cheaper than the hop itself');
  t.same(
    [1, 999, 1000, 1e6].map((micros) => processesFor(8, micros, 4)),
    [1, 1, 2, 4],
  );
  t.equal(processesFor(8, 1e6, 0), 1, 'always one');
});

t.test('it is measured, and told in the log', async (t) => {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const { host, server } = await startWorkers(t, {
    workers: 2,
    trustedEnvs: [moduleFile('../../scripts/bench/busy-envs')],
    log,
  });
  const mine = await client(t, server);
  const placed = () => lines.filter(({ msg }) => msg === 'placed').map(({ env, threads }) => [env, threads]);
  await mine.make('CartPole-v1');
  t.same(placed(), [['CartPole-v1', 0]]);
  t.same(host.state.threads, [], 'no thread was needed');
  const env = await mine.make('Bench/Busy-v0', { numEnvs: 4, options: { iterations: 20_000_000 } });
  t.same(placed()[1], ['Bench/Busy-v0', 2]);
  t.same(host.state.threads, [1, 1]);
  t.match(lines.at(-1), { numEnvs: 4, hopMicros: Number, stepMicros: Number });
  await env.reset();
  await env.close();
  await until(() => host.state.threads.every((parts) => parts === 0));
});

t.test('an env that throws takes nobody with it', async (t) => {
  const { server } = await startWorkers(t, { workers: 1, parts: 1, trustedEnvs });
  const [mine, others] = [await client(t, server), await client(t, server)];
  const neighbours = [await others.make(TROUBLED), await others.make(TROUBLED)] as const;
  for (const env of neighbours) await env.reset({ seed: 4 });
  const env = await mine.make(TROUBLED, { options: { trouble: 'throw', at: 1 } });
  await env.reset();
  await env.step(zeros(1));
  const results: StepResult[][] = [];
  for (const code of ['env_failed', 'no_such_env']) {
    await t.rejects(env.step(zeros(1)), { code });
    results.push(await Promise.all(neighbours.map((neighbour) => neighbour.step(zeros(1)))));
  }
  for (const [a, b] of results) t.ok(isDeepStrictEqual(a, b), 'as ever');
});

t.test('a thread that never comes back is replaced', async (t) => {
  const clock = new Clock();
  const timers = new ManualTimers();
  const { host, server } = await startWorkers(t, {
    workers: 2,
    parts: 2,
    trustedEnvs,
    limits: { envMs: 5000 },
    now: clock.now,
    timers,
  });
  const [mine, others] = [await client(t, server), await client(t, server)];
  const make = async (who: Client, options = {}) => {
    const env = await who.make(TROUBLED, { numEnvs: 2, options });
    await env.reset({ seed: 1 });
    return env;
  };
  const env = await make(mine, { trouble: 'spin' });
  const neighbour = await make(others);
  const step = env.step(zeros(2));
  const held = neighbour.step(zeros(2));
  await (await client(t, server)).list(); // by then both have been asked for
  clock.time += 4000;
  timers.pass(4000);
  t.equal(host.state.threads.length, 2);
  clock.time += 2000;
  timers.pass(2000);
  const error = {
    code: 'env_failed',
    message: /the thread that stepped the envs has ended: it took longer than limits\.envMs, 5000 ms/,
  };
  await t.rejects(step, error);
  await t.rejects(held, error, 'its parts were there');
  await until(() => host.state.threads.length === 0);
  const again = await make(others);
  t.equal(host.state.threads.length, 2);
  t.match(await again.step(zeros(2)), { n: 2 });
});

t.test('what is closed is gone', async (t) => {
  const { host, server } = await startWorkers(t, { workers: 2, parts: 2, trustedEnvs });
  const useOne = async (): Promise<WeakRef<object>> => {
    const env = await host.make({ type: 'make', id: 1, env: TROUBLED, numEnvs: 4 });
    await env.reset({});
    await env.step();
    env.close();
    return new WeakRef(env);
  };
  const refs: WeakRef<object>[] = [];
  for (let i = 0; i < 20; i++) refs.push(await useOne());
  await until(() => host.state.threads.every((parts) => parts === 0));
  const mine = await client(t, server);
  await mine.make(TROUBLED, { numEnvs: 4 });
  t.same(host.state.threads, [1, 1]);
  mine.close();
  await until(() => host.state.threads.every((parts) => parts === 0));
  await until(() => {
    collectGarbage();
    return refs.every((ref) => ref.deref() === undefined);
  });
  t.pass('and so is its memory');
});

t.test('a host that is closed leaves no process behind', async (t) => {
  const { host, server } = await startWorkers(t, { workers: 1, envs: [moduleFile('own-probe-envs')] });
  const mine = await client(t, server);
  const env = await mine.make('Test/Own-v0', { numEnvs: 2 });
  await env.reset();
  const { processes } = host.state;
  t.equal(processes.length, 1);
  await host.close();
  for (const pid of processes) t.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  await t.rejects(env.step(zeros(2)), { code: 'env_failed', message: /it was closed/ });
});
