import fc from 'fast-check';
import t from 'tap';
import { arrayType, sizeOf } from '../../../protocol/dtypes.js';
import { encodeStepped, frameLayout, steppedBytes } from '../../../protocol/frames.js';
import {
  type Client,
  connect,
  FarstepError,
  type RemoteVectorEnv,
  spaceFromJSON,
} from '../../../protocol/index.js';
import { packMessage } from '../../../protocol/messages.js';
import { Reader } from '../../../protocol/msgpack.js';
import { spoiled } from '../arbitraries.js';
import { CONTRACT, type Script, type ScriptedServer, startScripted } from './scripted-server.js';

const layout = frameLayout(
  spaceFromJSON(CONTRACT.observationSpace).leaves,
  CONTRACT.infos.map(({ name, space }) => ({ name, leaves: spaceFromJSON(space).leaves })),
);

/** The id of a step's frame. */
function stepId(frame: Uint8Array): number {
  const reader = new Reader(frame);
  reader.array();
  reader.uint();
  return reader.uint();
}

/** The answer to a step of `n` envs, with the reward `reward` for each. */
function stepped(id: number, reward: number, n = 3): Uint8Array {
  const frame = new Uint8Array(steppedBytes(layout, n));
  const length = encodeStepped(frame, id, layout, {
    n,
    observations: [new Float32Array(2 * n)],
    rewards: new Float64Array(n).fill(reward),
    terminated: new Uint8Array(n),
    truncated: new Uint8Array(n),
    infos: { lives: [new Int32Array(n)] },
  });
  return frame.subarray(0, length);
}

const started = (id: number) => ({
  type: 'started',
  id,
  n: 3,
  observations: [new Uint8Array(24)],
  infos: [[new Uint8Array(12)]],
  seeds: [1, 2, 3],
});

/** Answers `make`, and leaves the rest to `script`. */
const making =
  (script: Script): Script =>
  (peer, message, frame) => {
    if (message?.type === 'make') peer.send({ type: 'made', id: message.id, env: 1, contract: CONTRACT });
    else script(peer, message, frame);
  };

interface Setup {
  readonly server: ScriptedServer;
  readonly client: Client;
  readonly env: RemoteVectorEnv;
}

async function setUp(t: Parameters<typeof startScripted>[0], script: Script, options = {}): Promise<Setup> {
  const server = await startScripted(t, making(script));
  const client = await connect(server.url, options);
  t.teardown(() => client.close());
  return { server, client, env: await client.make('Scripted-v0', { numEnvs: 3 }) };
}

const actions = new Int32Array(3);

t.test('a reply settles the request that it names, in whatever order they come', async (t) => {
  const frames: Uint8Array[] = [];
  const { env, client } = await setUp(t, (peer, message, frame) => {
    if (message) peer.send({ type: 'listed', id: message.id, envs: [] });
    else if (frames.push(frame) === 3) {
      const [a, b, c] = frames.map(stepId) as [number, number, number];
      for (const [id, reward] of [
        [c, 3],
        [99, 9], // nobody asked
        [a, 1],
        [b, 2],
      ] as const) {
        peer.send(stepped(id, reward));
      }
    }
  });
  const steps = [1, 2, 3].map(() => env.step(actions));
  t.same(await client.list(), [], 'another request overtakes them');
  const rewards = (await Promise.all(steps)).map((step) => step.rewards[0]);
  t.same(rewards, [1, 2, 3]);
});

t.test('stepWait gives the results of stepAsync in the order they were asked for', async (t) => {
  const { env } = await setUp(t, (peer, _message, frame) => {
    const id = stepId(frame);
    if (id === 3) peer.send({ type: 'error', id, code: 'not_reset', message: 'm', recoverable: true });
    else peer.send(stepped(id, id));
  });
  for (let i = 0; i < 3; i++) env.stepAsync(actions);
  t.equal((await env.stepWait()).rewards[0], 2);
  await t.rejects(env.stepWait(), { code: 'not_reset' });
  t.equal((await env.stepWait()).rewards[0], 4);
  await t.rejects(env.stepWait(), { code: 'bad_message', message: /no stepAsync is under way/ });
});

t.test('an error with an id rejects that request alone', async (t) => {
  const { env, client } = await setUp(t, (peer, message, frame) => {
    if (message) peer.send({ type: 'listed', id: message.id, envs: [] });
    else
      peer.send({ type: 'error', id: stepId(frame), code: 'bad_action', message: 'no', recoverable: true });
  });
  await t.rejects(env.step(actions), {
    name: 'FarstepError',
    code: 'bad_action',
    message: 'no',
    recoverable: true,
  });
  t.same(await client.list(), []);
});

t.test('an error without an id ends everything', async (t) => {
  const { env, client } = await setUp(t, (peer) => {
    peer.send({
      type: 'error',
      id: null,
      code: 'shutting_down',
      message: 'the server is stopping',
      recoverable: false,
    });
    peer.socket.close(1001);
  });
  const both = [env.step(actions), env.step(actions)];
  await Promise.all(both.map((step) => t.rejects(step, { code: 'shutting_down', recoverable: false })));
  await t.rejects(client.list(), { code: 'shutting_down' }, 'and everything after');
});

t.test('a connection that is lost rejects what is unanswered, at once, and everything after', async (t) => {
  const { env, client } = await setUp(t, (peer, message) => {
    if (message) peer.socket.terminate();
  });
  const unanswered: Promise<unknown>[] = [env.step(actions), env.step(actions), client.list()];
  const lost = { code: 'connection_lost', message: /the connection ended/, recoverable: false };
  await Promise.all(unanswered.map((promise) => t.rejects(promise, lost)));
  await t.rejects(env.step(actions), { code: 'connection_lost' });
  await t.rejects(env.reset(), { code: 'connection_lost' });
});

t.test('a connection that ends in good order is lost all the same, and its reason told', async (t) => {
  const { env } = await setUp(t, (peer) => peer.socket.close(1001, 'shutting_down'));
  await t.rejects(env.step(actions), { code: 'connection_lost', message: /shutting_down/ });
});

t.test('closing rejects what is unanswered', async (t) => {
  const { env, client } = await setUp(t, () => {});
  const step = env.step(actions);
  client.close();
  await t.rejects(step, { code: 'closed' });
  await t.rejects(client.list(), { code: 'closed' });
});

t.test('no reply in time: the connection counts as lost', async (t) => {
  const { env, server } = await setUp(t, () => {}, { replyTimeoutMs: 30 });
  const closed = server.closed();
  await t.rejects(env.step(actions), { code: 'connection_lost', message: /no reply within 30 ms/ });
  t.equal(await closed, 1000);
});

t.test('a seat may wait for others as long as it likes, but not for the server itself', async (t) => {
  const world = { seats: ['a', 'b'], turns: true, defaultAction: 'none', moveMs: null };
  const contract = { ...CONTRACT, numEnvs: 1, world };
  const server = await startScripted(t, (peer, message) => {
    if (message?.type === 'join') peer.send({ type: 'joined', id: message.id, env: 1, seat: 'a', contract });
  });
  const client = await connect(server.url, { replyTimeoutMs: 30 });
  t.teardown(() => client.close());
  const seat = await client.join('token');
  const waiting = t.rejects(seat.step(0), { code: 'connection_lost', message: /no reply within 30 ms/ });
  const started = Date.now();
  await t.rejects(client.list(), { code: 'connection_lost' }, 'the later request is the one that is late');
  await waiting;
  t.ok(Date.now() - started >= 30);
});

t.test('a frame that means nothing ends the connection with 1002', async (t) => {
  const frames = [
    Uint8Array.of(0xc1),
    Uint8Array.of(0x93, 2, 1, 1),
    packMessage({ type: 'listed', envs: [] } as never),
    packMessage({ type: 'error', id: 1 } as never),
  ];
  for (const frame of frames) {
    const { env, server } = await setUp(t, (peer) => peer.send(frame));
    const closed = server.closed();
    await t.rejects(env.step(actions), { name: 'FarstepError', code: /^bad_(frame|reply)$/ });
    t.equal(await closed, 1002);
  }
});

t.test('a reply of the wrong shape rejects its own request, and the session goes on', async (t) => {
  const answers: ((id: number) => Uint8Array | Record<string, unknown>)[] = [
    (id) => ({ type: 'closed', id }),
    (id) => ({ ...started(id), observations: [new Uint8Array(23)] }),
    (id) => ({ ...started(id), infos: [] }),
    (id) => stepped(id, 1),
  ];
  const { env } = await setUp(t, (peer, message, frame) => {
    const answer = answers.shift();
    if (message) peer.send(answer ? answer(message.id as number) : started(message.id as number));
    else peer.send(stepped(stepId(frame), 1, 2));
  });
  await t.rejects(env.reset(), { code: 'bad_reply', message: /reset: expected started, got closed/ });
  await t.rejects(env.reset(), {
    code: 'bad_reply',
    message: /started.observations\[0\]: expected 24 bytes, got 23/,
  });
  await t.rejects(env.reset(), {
    code: 'bad_reply',
    message: /started.infos.lives\[0\]: expected 12 bytes, got 0/,
  });
  await t.rejects(env.reset(), { code: 'bad_frame' }, 'a stepped frame in answer to reset');
  t.same((await env.reset()).seeds, Float64Array.of(1, 2, 3));
});

t.test('a contract with a space that is none', async (t) => {
  const server = await startScripted(t, (peer, message) => {
    const contract = {
      ...CONTRACT,
      observationSpace: { type: 'Box', dtype: 'float32', shape: [-1], low: 0, high: 1 },
    };
    peer.send({ type: 'made', id: message!.id, env: 1, contract });
  });
  const client = await connect(server.url);
  t.teardown(() => client.close());
  await t.rejects(client.make('Scripted-v0'), { code: 'bad_space', message: /shape must be/ });
});

t.test('actions and ids that cannot be right are refused before they are sent', async (t) => {
  const { env } = await setUp(t, () => t.fail('nothing is sent'));
  const cases: readonly (readonly [() => Promise<unknown>, string, RegExp])[] = [
    [
      () => env.step(new Float32Array(3)),
      'bad_action',
      /expected Int32Array\(3\) for 3 of Discrete\(2\), got Float32Array\(3\)/,
    ],
    [() => env.step(new Int32Array(2)), 'bad_action', /expected Int32Array\(3\) .*got Int32Array\(2\)/],
    [() => env.step([1, 0, 1] as never), 'bad_action', /expected 1 arrays of actions, got 3/],
    [() => env.step(undefined as never), 'bad_action', /got undefined/],
    [() => env.step([actions, actions]), 'bad_action', /expected 1 arrays of actions, got 2/],
    [() => env.step(actions, { ids: [0] }), 'bad_action', /expected Int32Array\(1\) for 1/],
    [() => env.step(new Int32Array(1), { ids: [3] }), 'bad_ids', /step: ids\[0\]: expected 0 to 2, got 3/],
    [() => env.step(new Int32Array(1), { ids: [-1] }), 'bad_ids', /got -1/],
    [() => env.step(new Int32Array(1), { ids: [Number.NaN] }), 'bad_ids', /got NaN/],
  ];
  for (const [step, code, message] of cases) await t.rejects(step(), { code, message }, String(message));
});

t.test('a vector env that is closed', async (t) => {
  let closes = 0;
  const { env } = await setUp(t, (peer, message) => {
    closes++;
    peer.send({ type: 'closed', id: message!.id });
  });
  await env.close();
  await env.close();
  t.equal(closes, 1, 'closing twice asks once');
  const calls: Promise<unknown>[] = [env.step(actions), env.reset(), env.render(), env.renderPng()];
  const closed = { code: 'closed', message: /this vector env of Scripted-v0 is closed/ };
  await Promise.all(calls.map((call) => t.rejects(call, closed)));
});

t.test('results stay as they are when the next ones arrive', async (t) => {
  const { env } = await setUp(t, (peer, _message, frame) => peer.send(stepped(stepId(frame), stepId(frame))));
  const first = await env.step(actions);
  const before = structuredClone(first);
  for (let i = 0; i < 5; i++) await env.step(actions);
  t.same(first, before);
});

t.test('whatever a server answers, every request is settled with a result or a coded error', async (t) => {
  const good = {
    list: (id: number) => packMessage({ type: 'listed', id, envs: [CONTRACT.spec as never] }),
    make: (id: number) => packMessage({ type: 'made', id, env: 1, contract: CONTRACT as never }),
    reset: (id: number) => packMessage(started(id) as never),
    step: (id: number) => stepped(id, 1),
  };
  const first = { list: 1, make: 1, reset: 2, step: 2 };
  const spoils = fc
    .constantFrom('list', 'make', 'reset', 'step')
    .chain((kind) => spoiled(good[kind](first[kind])).map((frame) => ({ kind, frame })));

  await fc.assert(
    fc.asyncProperty(spoils, async ({ kind, frame }) => {
      const server = await startScripted(t, (peer, message, step) => {
        const asked = (message?.type ?? 'step') as keyof typeof good;
        const id = message ? (message.id as number) : stepId(step);
        peer.send(asked === kind ? frame : good[asked](id));
      });
      const client = await connect(server.url, { replyTimeoutMs: 40 });
      const run = async () => {
        if (kind === 'list') return client.list();
        const env = await client.make('Scripted-v0', { numEnvs: 3 });
        if (kind === 'make') return env.numEnvs;
        if (kind === 'reset') return env.reset();
        const { leaves } = env.actionSpace;
        return env.step(
          leaves.map(({ dtype, shape }) => new (arrayType(dtype))(env.numEnvs * sizeOf(shape))),
        );
      };
      const outcome = await run().then(
        () => undefined,
        (error: unknown) => error,
      );
      client.close();
      return outcome === undefined || outcome instanceof FarstepError;
    }),
    { numRuns: 150 },
  );
});
