import { pack } from 'msgpackr';
import t from 'tap';
import { createRng, listEnvs, resolveOptions, VectorEnv } from '../../envs/index.js';
import { checkWellFormed } from '../../protocol/msgpack.js';
import { DEFAULT_LIMITS } from '../../server/limits.js';
import { type Message, RawClient, startServer } from './rig.js';

t.test('no env takes more values in a message than each may', async (t) => {
  for (const definition of listEnvs()) {
    const { id, options: known } = definition.spec;
    const options = known !== undefined && 'preprocess' in known ? { preprocess: true } : {};
    const env = new VectorEnv(definition, {
      numEnvs: 1,
      options: resolveOptions(definition.spec, options),
      autoreset: 'same_step',
    });
    env.reset({ seeds: [1] });
    const rng = createRng('pcg64', 1);
    for (let step = 0; step < 100; step++) {
      env.actionSpace.write(env.actionSpace.sample(rng), env.actions, 0);
      env.step();
      if (step % 10 !== 0) continue;
      const bytes = pack(env.snapshot(0));
      t.doesNotThrow(() => checkWellFormed(bytes, DEFAULT_LIMITS.valuesPerEnv), id);
    }
  }
});

t.test('a snapshot that could not be sent back is not given', async (t) => {
  const ask = async (valuesPerEnv: number): Promise<Message> => {
    const server = await startServer(t, { limits: { valuesPerEnv } });
    const client = await RawClient.welcomed(t, server.url);
    await client.ask({ type: 'make', id: 1, env: 'MinAtar/Breakout-v1', numEnvs: 2, seed: 1 });
    await client.ask({ type: 'reset', id: 2, env: 1 });
    const reply = await client.ask({ type: 'snapshot', id: 3, env: 1 });
    t.match(await client.ask({ type: 'list', id: 4 }), { type: 'listed' }, 'the session goes on');
    return reply;
  };
  const { snapshots } = (await ask(DEFAULT_LIMITS.valuesPerEnv)) as {
    readonly snapshots: readonly unknown[];
  };
  const bytes = pack(snapshots[0]);
  let values = 1;
  for (; ; values++) {
    try {
      checkWellFormed(bytes, values);
      break;
    } catch {} // more than that
  }
  t.ok(values > 10, `${values} values, as the check of messages counts them`);
  t.match(await ask(values), { type: 'snapshotted', snapshots: [{}, {}] });
  t.match(await ask(values - 1), {
    type: 'error',
    id: 3,
    code: 'not_supported',
    message: `snapshot: that of an env takes ${values} values, limits.valuesPerEnv is ${values - 1}; a large state is kept in bytes`,
    recoverable: true,
  });
});
