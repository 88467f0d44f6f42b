import t from 'tap';
import { FAULT_NAMES } from '../../scripts/soak/faults.js';
import { soak } from '../../scripts/soak/soak.js';

t.setTimeout(300_000);

t.test(
  'seconds of a soak: each step once, and nothing is left behind',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const { broken, tally, cuts, calms } = await soak({ seconds: 4, sessions: 6, seed: 1 });
    t.same(broken, []);
    t.same([...tally.faults.keys()].sort(), [...FAULT_NAMES].sort(), 'every kind of fault');
    t.ok(tally.steps > 100, `${tally.steps} steps`);
    t.ok(cuts > 5, `${cuts} connections cut`);
    t.ok(tally.resumed > 5, `${tally.resumed} times resumed`);
    t.equal(calms.length, 2);
  },
);
