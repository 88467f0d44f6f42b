/** The same seed and actions give the same bytes, whether an env is stepped in this process or over the wire. */
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { getEnv } from '../../envs/index.js';
import { Pcg64 } from '../../envs/rng/pcg64.js';
import { arrayType, sizeOf, type TypedArray } from '../../protocol/dtypes.js';
import { AUTORESET_MODES } from '../../protocol/messages.js';
import { type DrivenEnv, makeInProcess } from '../envs/driver.js';
import { PROBE } from './probe-env.js';
import { TEST_ENVS } from './test-host.js';
import { makeOverWire } from './wire-driver.js';

const NUM_ENVS = 3;
const STEPS = 60;

/** A random action for each of `n` rows; kind 2 of the probe would make it throw. */
function randomActions({ actionSpace, spec }: DrivenEnv, n: number, rng: Pcg64): TypedArray[] {
  const slabs = actionSpace.leaves.map(({ dtype, shape }) => new (arrayType(dtype))(n * sizeOf(shape)));
  for (let row = 0; row < n; row++) actionSpace.write(actionSpace.sample(rng), slabs, row);
  return spec.id.startsWith('Test/')
    ? slabs.map((slab, i) => (i === 0 ? (slab as Int32Array).map((x) => x % 2) : slab))
    : slabs;
}

/** Resets, whole and partial steps, partial resets: everything that comes out of them. */
async function run(env: DrivenEnv, autoreset: string): Promise<unknown[]> {
  const rng = new Pcg64(5);
  const results: unknown[] = [await env.reset({ seeds: [11, 12, 13] })];
  for (let i = 0; i < STEPS; i++) {
    const ids = i % 3 === 2 ? Uint32Array.of(2, 0) : undefined;
    const step = await env.step(randomActions(env, ids?.length ?? NUM_ENVS, rng), ids);
    results.push(step);
    const over = step.ended && Uint32Array.from(step.ended.rows, (row) => ids?.[row] ?? row);
    if (autoreset === 'disabled' && over) results.push(await env.reset({ ids: over }));
    if (i % 20 === 10) results.push(await env.reset({ ids: Uint32Array.of(1), seeds: [i] }));
  }
  return results;
}

for (const { spec } of [...TEST_ENVS, getEnv(PROBE)]) {
  for (const autoreset of AUTORESET_MODES) {
    t.test(`${spec.id}, ${autoreset}`, async (t) => {
      const config = { numEnvs: NUM_ENVS, autoreset, maxEpisodeSteps: 25 };
      const [here, there] = [await makeInProcess(spec.id, config), await makeOverWire(spec.id, config)];
      t.teardown(() => there.close());
      const [expected, got] = [await run(here, autoreset), await run(there, autoreset)];
      t.equal(got.length, expected.length);
      const differing = expected.findIndex((result, i) => !isDeepStrictEqual(got[i], result));
      if (differing < 0) t.pass('every byte');
      else t.same(got[differing], expected[differing], `result ${differing}`);
    });
  }
}
