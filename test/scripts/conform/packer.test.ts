import fc from 'fast-check';
import { Unpackr } from 'msgpackr';
import t from 'tap';
import { checkWellFormed } from '../../../protocol/msgpack.js';
import { CASES } from '../../../scripts/conform/client/cases.js';
import { INTEGER_FORMS, pack } from '../../../scripts/conform/client/packer.js';
import { EVERY_DTYPE, ScriptedEnvs } from '../../../scripts/conform/client/scripted-env.js';
import { parseTree, plain } from '../../../scripts/conform/msgpack-tree.js';
import { FORMS } from '../../../scripts/conform/scenarios/frames.js';

const unpackr = new Unpackr({ useRecords: false, int64AsType: 'number' });

const style = fc.record({
  integers: fc.array(fc.constantFrom(...INTEGER_FORMS), { minLength: 1, maxLength: 3 }),
  lengths: fc.constantFrom(0 as const, 2 as const, 4 as const),
});
const value = fc.anything({
  withNullPrototype: false,
  values: [
    fc.maxSafeInteger(),
    fc.integer({ min: -40, max: 300 }),
    fc.double({ noNaN: true }).filter((x) => !Object.is(x, -0)),
    fc.boolean(),
    fc.constant(null),
    fc.string({ unit: 'binary' }),
    fc.uint8Array().map((data) => Buffer.from(data)),
  ],
  key: fc.string({ unit: 'binary' }).filter((key) => key !== '__proto__'),
  maxDepth: 3,
});

t.test('whatever the style, others read the same value', async (t) => {
  fc.assert(
    fc.property(value, style, (x, how) => {
      const frame = pack(x, how);
      checkWellFormed(frame);
      t.same(unpackr.unpack(frame), x);
      t.same(plain(parseTree(frame)), x);
    }),
    { numRuns: 300 },
  );
});

t.test('every form of integer and header is written', async (t) => {
  const forms = INTEGER_FORMS.map((form) => pack(7, { integers: [form], lengths: 0 }).toString('hex'));
  t.same(new Set(forms), new Set(Object.values(FORMS)));
  const wide = (lengths: 0 | 2 | 4) =>
    pack({ a: ['b', Buffer.of(1)] }, { integers: ['short'], lengths }).toString('hex');
  t.equal(wide(0), '81a16192a162c40101');
  t.equal(wide(2), 'de0001da000161dc0002da000162c5000101');
  t.equal(wide(4), 'df00000001db0000000161dd00000002db0000000162c60000000101');
});

t.test('slabs of the case for alignment begin at every byte', async (t) => {
  const { style, task } = CASES.find(({ name }) => name === 'alignment')!;
  const envs = new ScriptedEnvs(EVERY_DTYPE, 3, 'same_step', 7);
  envs.reset([0, 1, 2]);
  const starts = new Set<number>();
  // Welcome, made and started come before the steps.
  for (let n = 3; n < 3 + task!.steps!; n++) {
    const { observations, rewards } = envs.step([0, 1, 2]);
    const frame = pack([2, n, 3, observations, rewards], style!(n));
    const slab = parseTree(frame).elements!.at(-1)!;
    starts.add((slab.end - rewards.length) % 8);
  }
  t.equal(starts.size, 8, `float64 begin at ${[...starts].join(', ')}`);
});
