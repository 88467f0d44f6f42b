/**
 * Requests that are wrong in every way a request can be: each is answered with its code and a sentence, and leaves the
 * session as it was, which a session that never saw them proves step by step.
 */
import t, { type Test } from 'tap';
import {
  CARTPOLE,
  CASES,
  GOOD,
  kinds,
  make,
  NUM_ENVS,
  PROBE_ENV,
  probeStep,
  UNBORN,
  uint32,
} from './bad-request-cases.js';
import { PROBE } from './probe-env.js';
import { Clock, type Message, RawClient, slab, startServer, stepFrame } from './rig.js';

const LIMITS = { vectorEnvs: 3, envs: 12, replyBytes: 20_000 };
async function session(t: Test, url: string): Promise<RawClient> {
  const client = await RawClient.welcomed(t, url);
  const make = { type: 'make', numEnvs: NUM_ENVS, seed: 5 };
  t.match(await client.ask({ ...make, id: 1, env: PROBE }), { type: 'made', env: PROBE_ENV });
  t.match(
    await client.ask({ ...make, id: 2, env: 'CartPole-v1', autoreset: 'disabled', maxEpisodeSteps: 4 }),
    {
      type: 'made',
      env: CARTPOLE,
    },
  );
  t.match(await client.ask({ ...make, id: 3, env: PROBE, seed: 40 }), { type: 'made', env: UNBORN });
  await client.ask({ type: 'reset', id: 4, env: PROBE_ENV });
  await client.ask({ type: 'reset', id: 5, env: CARTPOLE });
  // Env 1 of CartPole is over: its time limit is four steps.
  for (let i = 0; i < 4; i++)
    await client.ask(stepFrame(6, CARTPOLE, [slab(Int32Array.of(i % 2))], uint32(1)));
  return client;
}

/** What follows: a step of the probe, one of CartPole's envs that run, and the first reset of the third. */
async function future(client: RawClient): Promise<Buffer[]> {
  const frames: Buffer[] = [];
  const ask = async (message: Message | Uint8Array) => {
    client.send(message);
    frames.push(await client.frame());
  };
  for (let i = 0; i < 6; i++) await ask(stepFrame(100 + i, PROBE_ENV, GOOD));
  for (let i = 0; i < 3; i++) await ask(stepFrame(110 + i, CARTPOLE, [kinds(1, 0)], uint32(0, 2)));
  await ask({ type: 'reset', id: 120, env: UNBORN });
  await ask(stepFrame(121, UNBORN, GOOD));
  await ask({ type: 'reset', id: 122, env: PROBE_ENV, mask: [true, false, true] });
  return frames;
}

t.test('every bad request is answered, and none changes the session', async (t) => {
  // Time stands still: on a busy machine these sessions, which are many, would rest for seconds.
  const server = await startServer(t, { limits: LIMITS, now: new Clock().now });
  const undisturbed = await future(await session(t, server.url));

  for (const { name, request, code, message, id = 9 } of CASES) {
    await t.test(name, async (t) => {
      const client = await session(t, server.url);
      t.match(await client.ask(request), { type: 'error', id, code, message, recoverable: true });
      const after = await future(client);
      t.ok(
        after.length === undisturbed.length && after.every((frame, i) => frame.equals(undisturbed[i]!)),
        'as if it had never been',
      );
    });
  }

  await t.test('all of them one after the other, and each in the midst of good requests', async (t) => {
    const client = await session(t, server.url);
    for (const { request } of CASES) client.send(request);
    for (const { code, id = 9 } of CASES) t.match(await client.receive(), { type: 'error', id, code }, code);
    const after = await future(client);
    t.ok(
      after.every((frame, i) => frame.equals(undisturbed[i]!)),
      'as if they had never been',
    );
  });
});

t.test('what cannot be made', async (t) => {
  const server = await startServer(t, { limits: LIMITS });
  const client = await RawClient.welcomed(t, server.url);
  const cases: readonly (readonly [Message, string, RegExp])[] = [
    [make({ env: 'CartPole-v9' }), 'unknown_env', /no env "CartPole-v9"; the nearest are CartPole-v1/],
    [make({ env: '' }), 'unknown_env', /no env ""/],
    [make({ env: '__proto__' }), 'unknown_env', /no env "__proto__"/],
    [make({ options: { lenght: 3 } }), 'bad_options', /no option "lenght"; did you mean length\?/],
    [
      make({ options: { length: 0 } }),
      'bad_options',
      /option length must be an integer of at least 1, got 0/,
    ],
    [make({ options: { length: 2.5 } }), 'bad_options', /got 2.5/],
    [make({ options: { length: '3' } }), 'bad_options', /got "3"/],
    [make({ options: { length: null } }), 'bad_options', /got null/],
    [make({ options: { constructor: 1 } }), 'bad_options', /no option "constructor"/],
    [make({ numEnvs: 13 }), 'too_many_envs', /0 envs are open and 13 asked for, limits.envs is 12/],
    [make({ numEnvs: 2 ** 52 }), 'too_many_envs', /limits.envs is 12/],
    [
      make({ seed: 2 ** 53 - 1, numEnvs: 2 }),
      'bad_message',
      /make.seed: expected an integer from 0 to 9007199254740990 for 2 envs/,
    ],
    [
      make({ env: 'MinAtar/Breakout-v1', seed: 2 ** 32 }),
      'bad_message',
      /make.seed: expected an integer from 0 to 4294967295/,
    ],
  ];
  for (const [request, code, message] of cases) {
    t.match(await client.ask(request), { type: 'error', id: 9, code, message, recoverable: true });
  }
  t.equal(server.numEnvs, 0);
  t.match(await client.ask(make({ numEnvs: 12 })), { type: 'made', env: 1 }, 'a refusal takes no handle');
  t.match(await client.ask(make({})), { code: 'too_many_envs', message: /12 envs are open and 1 asked for/ });
  await client.ask({ type: 'close', id: 9, env: 1 });
  t.match(await client.ask(make({})), { type: 'made', env: 2 }, 'a handle is never used again');
  t.match(await client.ask(stepFrame(9, 1, GOOD)), { code: 'no_such_env' }, 'stepping after close');
});

t.test('a step whose reply could be larger than allowed', async (t) => {
  const server = await startServer(t, { limits: { replyBytes: 20_000 } });
  const client = await RawClient.welcomed(t, server.url);
  const request = make({ env: 'MinAtar/Breakout-v1', numEnvs: 30 });
  t.match(await client.ask(request), {
    code: 'too_many_envs',
    message: /a step of 30 envs may take \d+ bytes, limits.replyBytes is 20000/,
  });
  t.equal(server.numEnvs, 0);
  t.match(await client.ask({ ...request, numEnvs: 20 }), { type: 'made' });
});

t.test('an env that throws is closed, and the rest of the session goes on', async (t) => {
  const server = await startServer(t);
  const client = await session(t, server.url);
  const broken = await client.ask(probeStep([kinds(0, 2, 0), GOOD[1]]));
  t.match(broken, {
    id: 9,
    code: 'env_failed',
    message: /step: env 1: Test\/Probe-v0 threw/,
    recoverable: true,
  });
  t.notMatch(broken, { message: /\n|\.ts|\.js/ }, 'no traceback leaves the server');
  t.match(await client.ask(probeStep(GOOD)), { code: 'no_such_env', message: /open in this session: 2, 3/ });
  t.match(await client.ask({ type: 'reset', id: 9, env: UNBORN }), { type: 'started' });
});
