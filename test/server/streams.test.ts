/** Watching a vector env that somebody else steps. */
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import {
  type AutoresetMode,
  type Client,
  connect,
  type RemoteStream,
  type RemoteVectorEnv,
  type StreamSample,
  type TypedArray,
} from '../../protocol/index.js';
import { CuttingProxy } from '../../scripts/cutting-proxy.js';
import { PROBE } from './probe-env.js';
import { type Message, RawClient, startServer, until } from './rig.js';
import { CHAIRS, client } from './worlds.js';

/** What a sample holds beside its number. */
type Content<T = StreamSample> = T extends StreamSample ? Omit<T, 'sequence' | 'lost'> : never;

/** So many samples, once they are there. */
async function take(stream: RemoteStream, count: number): Promise<StreamSample[]> {
  const samples: StreamSample[] = [];
  for await (const sample of stream) {
    samples.push(sample);
    if (samples.length === count) break;
  }
  return samples;
}

/** Every sample until the stream is over. */
async function takeAll(stream: RemoteStream): Promise<StreamSample[]> {
  const samples: StreamSample[] = [];
  for await (const sample of stream) samples.push(sample);
  return samples;
}

const push = (n: number, x: number): TypedArray[] => [
  new Int32Array(n),
  Float32Array.from({ length: 2 * n }, (_, i) => Math.sin(x + i)),
];

/** A probe whose episodes are short, and what its owner sees of it, in order. */
class Owner {
  readonly seen: Content[] = [];

  constructor(readonly env: RemoteVectorEnv) {}

  static async make(owner: Client, autoreset: AutoresetMode): Promise<Owner> {
    const options = { numEnvs: 3, seed: 7, autoreset, options: { length: 3 } };
    return new Owner(await owner.make(PROBE, options));
  }

  /** Gives the envs whose episodes ended. */
  async step(x: number, ids?: readonly number[]): Promise<number[]> {
    const actions = push(ids?.length ?? 3, x);
    const result = await this.env.step(actions, { ids });
    this.seen.push({ type: 'step', ids: ids && Uint32Array.from(ids), actions, result });
    return Array.from(result.ended?.rows ?? [], (row) => ids?.[row] ?? row);
  }

  async reset(ids?: readonly number[]): Promise<void> {
    const result = await this.env.reset({ ids });
    this.seen.push({ type: 'reset', ids: ids && Uint32Array.from(ids), result });
  }

  async restore(snapshots: readonly unknown[], ids: readonly number[]): Promise<void> {
    const result = await this.env.restore(snapshots, ids);
    this.seen.push({ type: 'reset', ids: Uint32Array.from(ids), result });
  }
}

const content = (sample: StreamSample): Content => {
  const { sequence: _sequence, lost: _lost, ...rest } = sample;
  return rest as Content;
};

t.test(
  'a subscriber sees what the owner sees: steps, subsets, resets, restores, final observations',
  async (t) => {
    const server = await startServer(t);
    const learner = await client(t, server);
    for (const autoreset of ['next_step', 'same_step', 'disabled'] as const) {
      const owner = await Owner.make(await client(t, server), autoreset);
      const token = await owner.env.share();
      t.equal(await owner.env.share(), token, 'sharing again is sharing once');
      const stream = await learner.subscribe(token);
      t.same(stream.contract, owner.env.contract);
      const watching = takeAll(stream);
      await owner.reset([1, 0, 2]);
      const snapshots = await owner.env.snapshot([0, 2]);
      for (let i = 0; i < 12; i++) {
        const ended = await owner.step(i, i % 4 === 3 ? [2, 0] : undefined);
        if (autoreset === 'disabled' && ended.length > 0) await owner.reset(ended);
      }
      await t.rejects(owner.env.step([Int32Array.of(9, 9, 9), new Float32Array(6)]), { code: 'bad_action' });
      await owner.restore(snapshots, [2, 0]);
      await owner.step(99, [2]);
      await owner.env.close();
      const samples = await watching;
      t.ok(owner.seen.some((sample) => sample.type === 'step' && sample.result.ended));
      t.ok(isDeepStrictEqual(samples.map(content), owner.seen), autoreset);
      t.same(
        samples.map(({ sequence }) => sequence),
        owner.seen.map((_, i) => i + 1),
      );
      t.equal(stream.lost, 0);
    }
  },
);

interface Transition {
  readonly from: unknown;
  readonly action: unknown;
  readonly reward: number;
  readonly to: unknown;
}

/** Transitions of a probe, as the specification says they are put together. */
function transitions(
  samples: readonly (Content & { readonly lost: number })[],
  autoreset: AutoresetMode,
): Transition[] {
  const known = new Map<number, unknown>();
  const over = new Set<number>();
  const row = (slabs: readonly TypedArray[], n: number, k: number) =>
    slabs.map((slab) => [...slab.subarray((k * slab.length) / n, ((k + 1) * slab.length) / n)]);
  const found: Transition[] = [];
  for (const sample of samples) {
    if (sample.lost > 0) known.clear();
    const { n, observations } = sample.result;
    for (let k = 0; k < n; k++) {
      const env = sample.ids?.[k] ?? k;
      const to = row(observations, n, k);
      if (sample.type === 'step') {
        const { rewards, terminated, truncated, ended } = sample.result;
        const isNone = autoreset === 'next_step' && over.has(env);
        const i = ended ? ended.rows.indexOf(k) : -1;
        const final = i >= 0 ? ended!.finalObservations : undefined;
        if (known.has(env) && !isNone) {
          found.push({
            from: known.get(env),
            action: row(sample.actions, n, k),
            reward: rewards[k]!,
            to: final ? row(final, ended!.rows.length, i) : to,
          });
        }
        if (terminated[k] || truncated[k]) over.add(env);
        else over.delete(env);
      } else {
        over.delete(env);
      }
      known.set(env, to);
    }
  }
  return found;
}

t.test('transitions can be put together exactly, and across gaps none is made up', async (t) => {
  const server = await startServer(t);
  const learner = await client(t, server);
  for (const autoreset of ['next_step', 'same_step'] as const) {
    const owner = await Owner.make(await client(t, server), autoreset);
    const stream = await learner.subscribe(await owner.env.share(), { credits: 5 });
    await owner.reset();
    for (let i = 0; i < 17; i++) await owner.step(i, i % 3 === 1 ? [1, 2] : undefined);
    const samples = await take(stream, 5);
    const again = await learner.subscribe(await owner.env.share(), { credits: 4 });
    for (let i = 0; i < 10; i++) await owner.step(50 + i);
    await owner.env.close();
    samples.push(...(await takeAll(again)).map((sample, i) => (i === 0 ? { ...sample, lost: 1 } : sample)));
    const everything = transitions(
      owner.seen.map((sample) => ({ ...sample, lost: 0 })),
      autoreset,
    );
    const rebuilt = transitions(samples, autoreset);
    t.ok(rebuilt.length > 10);
    t.ok(
      rebuilt.every((one) => everything.some((other) => isDeepStrictEqual(one, other))),
      autoreset,
    );
  }
});

t.test('a slow subscriber loses samples, counted, and never slows the stepper', async (t) => {
  const server = await startServer(t);
  const owner = await Owner.make(await client(t, server), 'same_step');
  const learner = await client(t, server);
  const stream = await learner.subscribe(await owner.env.share(), { credits: 4 });
  await owner.reset();
  for (let i = 0; i < 20; i++) await owner.step(i);
  const reader = stream[Symbol.asyncIterator]();
  const next = async () => {
    const { value } = await reader.next();
    return value && [value.sequence, value.lost];
  };
  t.same(
    [await next(), await next(), await next(), await next()],
    [1, 2, 3, 4].map((i) => [i, 0]),
  );
  await learner.list(); // behind the credit
  for (let i = 0; i < 3; i++) await owner.step(i);
  t.same(
    [await next(), await next(), await next()],
    [
      [22, 17],
      [23, 0],
      [24, 0],
    ],
  );
  t.equal(stream.lost, 17);
  await owner.env.close();
  t.same(await reader.next(), { done: true, value: undefined });
});

t.test(
  'a subscriber that does not read its socket makes the server hold no more than the limit',
  async (t) => {
    const server = await startServer(t, { limits: { streamBytes: 100_000 } });
    const owner = await client(t, server);
    const env = await owner.make('MinAtar/Breakout-v1', { numEnvs: 2000, seed: 1 });
    const raw = await RawClient.welcomed(t, server.url);
    const subscribed = await raw.ask({ type: 'subscribe', id: 1, token: await env.share(), credits: 1e9 });
    t.match(subscribed, { type: 'subscribed', sequence: 0 });
    raw.socket.pause();
    await env.reset();
    for (let i = 0; i < 40; i++) await env.step(new Int32Array(2000));
    raw.socket.resume();
    raw.send({ type: 'credit', id: 2, stream: subscribed.stream, credits: 0 });
    let samples = 0;
    for (;;) {
      const message = await raw.receive();
      if (message.type !== 'stepped') {
        t.same(message, { type: 'credited', id: 2, sent: samples });
        break;
      }
      samples++;
    }
    t.ok(samples > 0 && samples < 30, `${samples} samples of 800 kB came of 41`);
  },
);

t.test('a lost connection costs samples, and no credit', async (t) => {
  const server = await startServer(t);
  const owner = await Owner.make(await client(t, server), 'same_step');
  const proxy = await CuttingProxy.start(() => server.url);
  t.teardown(() => proxy.close());
  const events: string[] = [];
  const learner = await connect(proxy.url, { onConnection: ({ type }) => events.push(type) });
  t.teardown(() => learner.close());
  const stream = await learner.subscribe(await owner.env.share(), { credits: 8 });
  const reader = stream[Symbol.asyncIterator]();
  await owner.reset();
  await owner.step(0);
  t.equal((await reader.next()).value?.sequence, 1);
  t.equal((await reader.next()).value?.sequence, 2);
  for (let round = 1; round <= 3; round++) {
    proxy.hold(true);
    for (let i = 0; i < 20; i++) await owner.step(i); // which use up all credit, and never come
    proxy.cut();
    proxy.hold(false);
    await until(() => events.length === 2 * round);
    await learner.list();
    await learner.list(); // behind the credit that follows from the first
    const before = stream.lost;
    for (let i = 0; i < 4; i++) await owner.step(i);
    for (let i = 0; i < 4; i++) {
      const { value } = await reader.next();
      t.equal(value?.lost, i === 0 ? 20 : 0);
    }
    t.equal(stream.lost - before, 20);
  }
});

t.test('a stream that ends while its subscriber is away', async (t) => {
  const server = await startServer(t);
  const owner = await Owner.make(await client(t, server), 'same_step');
  const proxy = await CuttingProxy.start(() => server.url);
  t.teardown(() => proxy.close());
  const events: string[] = [];
  const learner = await connect(proxy.url, { onConnection: ({ type }) => events.push(type) });
  t.teardown(() => learner.close());
  const watching = takeAll(await learner.subscribe(await owner.env.share()));
  proxy.hold(true);
  await owner.env.close();
  proxy.cut();
  proxy.hold(false);
  t.same(await watching, []);
});

t.test('how streams end', async (t) => {
  const server = await startServer(t);
  const learner = await client(t, server);
  const owner = await connect(server.url);
  const streams = [];
  for (let i = 0; i < 2; i++) streams.push(await learner.subscribe(await (await owner.make(PROBE)).share()));
  owner.close();
  for (const stream of streams) t.same(await takeAll(stream), [], 'the session of the owner has ended');

  const other = await Owner.make(learner, 'same_step');
  const own = await learner.subscribe(await other.env.share());
  await other.reset();
  for await (const sample of own) {
    t.equal(sample.sequence, 1, 'one session may watch itself');
    break;
  }
  await other.step(1);
  t.same(await takeAll(own), [], 'who breaks off has unsubscribed');
  const mine = await learner.subscribe(await other.env.share());
  const watching = takeAll(mine);
  await other.step(1);
  await mine.close();
  t.equal((await watching).length, 1, 'what has come is read');
  const last = await learner.subscribe(await other.env.share());
  learner.close();
  await t.rejects(takeAll(last), { code: 'closed' });
});

t.test('what is refused', async (t) => {
  const server = await startServer(t, { limits: { subscriptions: 2, subscribers: 2 } });
  const owner = await client(t, server);
  const tokens: string[] = [];
  for (let i = 0; i < 3; i++) tokens.push(await (await owner.make(PROBE)).share());
  t.equal(new Set(tokens).size, 3);
  const learner = await client(t, server);
  await t.rejects(learner.subscribe('guess'), { code: 'no_such_stream', message: /no stream of that token/ });
  await learner.subscribe(tokens[0]!);
  await t.rejects(learner.subscribe(tokens[0]!), { code: 'bad_message', message: /already, as 1/ });
  await learner.subscribe(tokens[1]!);
  await t.rejects(learner.subscribe(tokens[2]!), {
    code: 'too_many_subscriptions',
    message: /limits.subscriptions is 2/,
  });
  await (await client(t, server)).subscribe(tokens[0]!);
  await t.rejects((await client(t, server)).subscribe(tokens[0]!), {
    code: 'too_many_subscriptions',
    message: /limits.subscribers is 2/,
  });
  const raw = await RawClient.welcomed(t, server.url);
  for (const [request, code, message] of [
    [{ type: 'share', id: 9, env: 5 }, 'no_such_env', /share: no env 5/],
    [{ type: 'credit', id: 9, stream: 1, credits: 1 }, 'no_such_stream', /no subscription to stream 1/],
    [{ type: 'unsubscribe', id: 9, stream: 1 }, 'no_such_stream', /unsubscribe: .* this session has: none/],
    [{ type: 'subscribe', id: 9, token: tokens[2], credits: -1 }, 'bad_message', /subscribe.credits/],
    [{ type: 'subscribe', id: 9, token: 1, credits: 1 }, 'bad_message', /subscribe.token/],
    [{ type: 'credit', id: 9, stream: 'x', credits: 1 }, 'bad_message', /credit.stream/],
  ] as readonly (readonly [Message, string, RegExp])[]) {
    t.match(await raw.ask(request), { type: 'error', id: 9, code, message, recoverable: true });
  }
});

t.test('a world is watched by its creator’s leave', async (t) => {
  const server = await startServer(t);
  const creator = await client(t, server);
  const world = await creator.create(CHAIRS, { seed: 3 });
  const stream = await creator.subscribe(await world.share());
  await world.reset();
  await world.step({ alice: 1, bob: 0, carol: 1 });
  await world.step({ carol: 0, alice: 1 });
  const [reset, first, second] = await take(stream, 3);
  t.match(reset, { type: 'reset', result: { n: 3 } });
  t.match(first, { type: 'step', result: { n: 3 } });
  t.equal(second!.type, 'step');
  if (second!.type === 'step') {
    t.same([...second!.ids!], [2, 0]);
    t.same([...second!.actions[0]!], [0, 1]);
    t.same([...second!.result.rewards], [1, 0, -1]);
  }
  const joined = await creator.create(CHAIRS);
  const raw = await RawClient.welcomed(t, server.url);
  await raw.ask({ type: 'join', id: 1, world: joined.token });
  t.match(await raw.ask({ type: 'share', id: 2, env: 1 }), { code: 'not_supported', message: /creator/ });
});
