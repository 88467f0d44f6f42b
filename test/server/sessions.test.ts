/** Several vector envs in a session, several sessions on a server: none disturbs another. */
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { connect, type RemoteVectorEnv, type StepResult } from '../../protocol/index.js';
import { undisturbed } from './bystander.js';
import { startServer, until } from './rig.js';

/** Twenty steps, several of them under way at once. */
async function walk(env: RemoteVectorEnv, seed: number): Promise<StepResult[]> {
  await env.reset({ seed });
  return Promise.all(Array.from({ length: 20 }, (_, i) => env.step(new Int32Array(env.numEnvs).fill(i % 2))));
}

t.test('vector envs of a session step side by side', async (t) => {
  const server = await startServer(t);
  const client = await connect(server.url);
  t.teardown(() => client.close());
  const alone = await walk(await client.make('CartPole-v1', { numEnvs: 2 }), 7);
  const envs = await Promise.all([1, 2, 3].map(() => client.make('CartPole-v1', { numEnvs: 2 })));
  const [a, b, c] = await Promise.all(envs.map((env, i) => walk(env, i === 1 ? 8 : 7)));
  t.ok(isDeepStrictEqual(a, alone));
  t.ok(isDeepStrictEqual(c, alone));
  t.notOk(isDeepStrictEqual(b, alone), 'another seed');
});

t.test('sessions come and go while others step', async (t) => {
  const server = await startServer(t);
  await undisturbed(t, server.url, async () => {
    const clients = await Promise.all(Array.from({ length: 8 }, () => connect(server.url)));
    const walks = await Promise.all(
      clients.map(async (client) => walk(await client.make('CartPole-v1', { numEnvs: 2 }), 7)),
    );
    t.ok(walks.every((one) => isDeepStrictEqual(one, walks[0])));
    t.equal(server.sessions, 9);
    t.equal(server.numEnvs, 8 * 2 + 4);
    for (const client of clients) client.close();
    await until(() => server.sessions === 1);
    t.equal(server.numEnvs, 4, 'what a session made goes with it');
  });
});

t.test('a handle of one session means nothing in another', async (t) => {
  const server = await startServer(t);
  const [one, two] = await Promise.all([connect(server.url), connect(server.url)]);
  const mine = await one.make('CartPole-v1');
  await mine.reset();
  const theirs = await two.make('CartPole-v1');
  await theirs.close();
  await mine.step(Int32Array.of(1));
  one.close();
  two.close();
});
