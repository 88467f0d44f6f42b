import { readdirSync } from 'node:fs';
import t from 'tap';
import { replay, type Tolerance } from './recording.js';

const FIXTURES = new URL('../../../test/fixtures/originals/', import.meta.url);

/** Where the original computes sines and cosines, whose last bit depends on the machine. All other runs are exact. */
const TOLERANCES: Readonly<Record<string, Tolerance>> = {};

const names = readdirSync(FIXTURES)
  .map((file) => file.replace('.json', ''))
  .filter((name) => name !== 'generators');

for (const name of names) {
  t.test(`${name}: the original's trajectories`, async (t) => {
    const { mismatch, worst } = replay(name, TOLERANCES[name]);
    t.equal(mismatch, undefined, `greatest difference ${worst}`);
  });
}
