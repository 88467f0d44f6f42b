/** Envs of users' own in every kind of trouble: who asked for it is told, and nobody else notices. */
import { isDeepStrictEqual } from 'node:util';
import t, { type Test } from 'tap';
import { type Client, connect, type RemoteVectorEnv, type StepResult } from '../../protocol/index.js';
import { ManualTimers } from '../manual-timers.js';
import { undisturbed } from './bystander.js';
import { Clock, until } from './rig.js';
import { moduleFile } from './test-host.js';
import { TROUBLED } from './troubled-envs.js';
import { startWorkers } from './workers.js';

const clock = new Clock();
const timers = new ManualTimers();
const { server } = await startWorkers(t, {
  envs: [moduleFile('troubled-envs')],
  workers: 2,
  limits: { envMemoryMb: 128, envMs: 5000, envProcesses: 8 },
  now: clock.now,
  timers,
});

/** Lets time pass, for those who watch. */
function pass(ms: number): void {
  clock.time += ms;
  timers.pass(ms);
}

const zeros = (n: number) => new Int32Array(n);

async function client(t: Test): Promise<Client> {
  const connected = await connect(server.url);
  t.teardown(() => connected.close());
  return connected;
}

/** A vector env that meets a trouble in its fourth step, three steps before. */
async function doomed(client: Client, trouble: string, numEnvs = 2): Promise<RemoteVectorEnv> {
  const env = await client.make(TROUBLED, { numEnvs, options: { trouble, at: 3 } });
  await env.reset({ seed: 1 });
  for (let i = 0; i < 3; i++) await env.step(zeros(numEnvs));
  return env;
}

/** Steps a vector env of the same kind as the troubled one while `disturb` runs; its results must be as ever. */
async function neighbour(t: Test, client: Client, disturb: () => Promise<void>): Promise<void> {
  const [env, twin] = [
    await client.make(TROUBLED, { numEnvs: 2 }),
    await client.make(TROUBLED, { numEnvs: 2 }),
  ];
  await Promise.all([env.reset({ seed: 5 }), twin.reset({ seed: 5 })]);
  let isOver = false;
  const steps: StepResult[] = [];
  const stepping = (async () => {
    while (!isOver || steps.length < 20) steps.push(await env.step(zeros(2)));
  })();
  await Promise.race([disturb(), stepping]).finally(() => {
    isOver = true;
  });
  await stepping;
  for (const [i, step] of steps.entries()) {
    if (isDeepStrictEqual(step, await twin.step(zeros(2)))) continue;
    t.fail(`step ${i} of the neighbour differs`);
    return;
  }
  t.pass(`${steps.length} steps of a neighbour`);
}

const OUTCOMES: Readonly<Record<string, RegExp>> = {
  throw: /^step: env 0: Test\/Troubled-v0 threw: it broke at \/some\/place$/,
  recursion: /threw: Maximum call stack size exceeded$/,
  exit: /the process that stepped the envs has ended: it exited with code 3/,
  signal: /has ended: it was ended by SIGSEGV/,
  objects: /its memory is used up; limits\.envMemoryMb is 128/,
  map: /its memory is used up; limits\.envMemoryMb is 128/,
  array: /its memory is used up; limits\.envMemoryMb is 128/,
  spread: /its memory is used up; limits\.envMemoryMb is 128/,
};

for (const [trouble, message] of Object.entries(OUTCOMES)) {
  t.test(`an env of a user's: ${trouble}`, async (t) => {
    const [mine, others] = [await client(t), await client(t)];
    const env = await doomed(mine, trouble);
    await undisturbed(t, server.url, () =>
      neighbour(t, others, async () => {
        await t.rejects(env.step(zeros(2)), { code: 'env_failed', message });
      }),
    );
    await t.rejects(env.step(zeros(2)), { code: 'no_such_env' });
    const again = await mine.make(TROUBLED);
    t.match((await again.reset({ seed: 3 })).seeds, [3], 'its session goes on');
  });
}

t.test('an env that never returns is ended when its time is up', async (t) => {
  const [mine, others] = [await client(t), await client(t)];
  const env = await doomed(mine, 'spin');
  await undisturbed(t, server.url, () =>
    neighbour(t, others, async () => {
      const step = env.step(zeros(2));
      await others.list(); // by then the step has been asked for
      pass(4000);
      pass(2000);
      await t.rejects(step, {
        code: 'env_failed',
        message: /has ended: it took longer than limits\.envMs, 5000 ms/,
      });
    }),
  );
  t.match((await (await mine.make(TROUBLED)).reset({ seed: 3 })).seeds, [3], 'its session goes on');
});

t.test('memory that is not of the heap counts too', { skip: process.platform !== 'linux' }, async (t) => {
  const env = await doomed(await client(t), 'buffers');
  const step = env.step(zeros(2)).then(
    () => t.fail('it was stepped'),
    (error: unknown) => error,
  );
  let error: unknown;
  void step.then((reason) => {
    error = reason;
  });
  await until(() => {
    pass(1000);
    clock.time -= 1000; // its time is not up
    return error !== undefined;
  });
  t.match(error, { code: 'env_failed', message: /it used more memory than limits\.envMemoryMb, 128 MiB/ });
});

t.test('trouble in every method is told', async (t) => {
  const mine = await client(t);
  const trouble = (where: string) => ({ options: { trouble: 'throw', where } });
  await t.rejects(mine.make(TROUBLED, trouble('create')), {
    code: 'env_failed',
    message: 'make: Test/Troubled-v0 threw: it broke at /some/place',
  });
  const ask = async (where: string, request: (env: RemoteVectorEnv) => Promise<unknown>) => {
    const env = await mine.make(TROUBLED, trouble(where));
    if (where !== 'reset') await env.reset();
    await t.rejects(request(env), { code: 'env_failed', message: /threw: it broke/ }, where);
    await t.rejects(env.reset(), { code: 'no_such_env' });
  };
  await ask('reset', (env) => env.reset());
  await ask('snapshot', (env) => env.snapshot());
  await ask('render', (env) => env.render());
});

t.test('there are no more processes than allowed, and none is left behind', async (t) => {
  const mine = await client(t);
  const made: RemoteVectorEnv[] = [];
  for (let i = 0; i < 8; i++) made.push(await mine.make(TROUBLED));
  await t.rejects((await client(t)).make(TROUBLED), {
    code: 'too_many_envs',
    message: /8 processes step users' own envs, limits\.envProcesses is 8/,
    retryAfterMs: 10_000,
  });
  await made.pop()!.close();
  await (await mine.make(TROUBLED)).close();
});
