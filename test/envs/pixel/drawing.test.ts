import t from 'tap';
import { createRng, resolveOptions } from '../../../envs/index.js';
import { pixelEnvs } from '../../../envs/pixel/index.js';
import { rally } from '../../../envs/pixel/rally/rally.js';
import type { Discrete } from '../../../protocol/spaces/index.js';

/** A few hundred steps of chance in each game, so that everything that can move or change on the screen does. */
const STEPS = 400;

const CASES = [
  ...pixelEnvs.map((definition) => ({ definition, options: {} })),
  { definition: rally, options: { camera: 'car' } },
];

for (const { definition, options } of CASES) {
  const name = [definition.spec.id, ...Object.values(options)].join(' ');
  t.test(`${name}: what is drawn of the changes is the same as drawn anew`, async (t) => {
    const make = () => definition.create(resolveOptions(definition.spec, { preprocess: true, ...options }));
    const env = make();
    const other = make();
    const rng = createRng('pcg64', 2);
    const elsewhere = createRng('pcg64', 3);
    env.reset(rng);
    const picture = new Uint8Array(84 * 84);
    const anew = new Uint8Array(84 * 84);
    let mismatches = 0;
    for (let i = 0; i < STEPS; i++) {
      env.step(rng.integers(0, (env.actionSpace as Discrete).n));
      if (env.terminated) env.reset(rng);
      env.observe(picture);
      other.reset(elsewhere); // so that it comes from somewhere else on the screen
      other.restore(env.snapshot());
      other.observe(anew);
      if (Buffer.compare(picture, anew) !== 0) mismatches++;
      if (Buffer.compare(env.render!().data, other.render!().data) !== 0) mismatches++;
    }
    t.equal(mismatches, 0);
  });
}
