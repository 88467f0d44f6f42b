import { readdirSync } from 'node:fs';
import t from 'tap';
import { replay, type Tolerance } from './recording.js';

const FIXTURES = new URL('../../../test/fixtures/originals/', import.meta.url);

/**
 * The original squares the torque of the pendulum with the C library's float32 `pow`, which is now and then off by its
 * last bit. All other runs are exact.
 */
const TOLERANCES: Readonly<Record<string, Tolerance>> = {
  pendulum: { reward: 5e-11 },
  'pendulum-g': { reward: 5e-11 },
  'pendulum-bounds': { reward: 5e-11 },
};

const names = readdirSync(FIXTURES)
  .map((file) => file.replace('.json', ''))
  .filter((name) => name !== 'generators' && name !== 'tables');

for (const name of names) {
  t.test(`${name}: the original's trajectories`, async (t) => {
    const { mismatch, worst } = replay(name, TOLERANCES[name]);
    t.equal(mismatch, undefined, `greatest difference ${worst}`);
  });
}
