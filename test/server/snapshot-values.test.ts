import { pack } from 'msgpackr';
import t from 'tap';
import { createRng, listEnvs, resolveOptions, VectorEnv } from '../../envs/index.js';
import { checkWellFormed } from '../../protocol/msgpack.js';
import { DEFAULT_LIMITS } from '../../server/limits.js';

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
