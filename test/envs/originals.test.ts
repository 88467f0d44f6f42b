import { readdirSync } from 'node:fs';
import t from 'tap';
import { replay, type Tolerance } from './recording.js';

const FIXTURES = new URL('../../../test/fixtures/originals/', import.meta.url);

/**
 * All runs are exact but for the last bit of two float32 functions of the original's libraries: the pendulum's torque is
 * squared by the C library's `pow`, and the acrobot's first observation takes NumPy's float32 sine and cosine.
 */
const TOLERANCES: Readonly<Record<string, Tolerance>> = {
  acrobot: { observation: 6e-8 },
  'acrobot-bounds': { observation: 6e-8 },
  pendulum: { reward: 5e-11 },
  'pendulum-g': { reward: 5e-11 },
  'pendulum-bounds': { reward: 5e-11 },
};

/** What is no run of a vector env. */
const OTHERS = ['connect-four', 'generators', 'tables'];
const names = readdirSync(FIXTURES)
  .map((file) => file.replace('.json', ''))
  .filter((name) => !OTHERS.includes(name));

for (const name of names) {
  t.test(`${name}: the original's trajectories`, async (t) => {
    const { mismatch, worst } = replay(name, TOLERANCES[name]);
    t.equal(mismatch, undefined, `greatest difference ${worst}`);
  });
}
