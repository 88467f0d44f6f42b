import t from 'tap';
import { ActionCheck } from '../../envs/action-check.js';
import type { TypedArray } from '../../protocol/dtypes.js';
import {
  Box,
  Dict,
  Discrete,
  MultiBinary,
  MultiDiscrete,
  type Space,
  Text,
  Tuple,
} from '../../protocol/spaces/index.js';

/** What a check says of the second of two rows: undefined, or what is wrong. */
function verdict(space: Space, slabs: readonly TypedArray[]): string | undefined {
  const check = new ActionCheck(space, slabs);
  return check.contains(1) ? undefined : check.explain(1);
}

t.test('Discrete', async (t) => {
  const of = (action: number) => verdict(new Discrete(3, 5), [Int32Array.of(0, action)]);
  t.same([5, 6, 7].map(of), [undefined, undefined, undefined]);
  t.equal(of(4), 'action = 4 is outside Discrete(3, start=5)');
  t.equal(of(8), 'action = 8 is outside Discrete(3, start=5)');
});

t.test('Box: bounds belong to the space, NaN does not', async (t) => {
  const of = (...action: readonly number[]) =>
    verdict(new Box([-1, 0], [1, 0.1], [2]), [Float32Array.of(9, 9, ...action)]);
  t.equal(of(-1, 0.1), undefined);
  t.match(of(0, 0.11), /^action\[1\] = 0.1\d+ is outside Box\(/);
  t.match(of(Number.NaN, 0), /^action\[0\] = NaN is outside/);
  t.match(of(0, -Infinity), /^action\[1\] = -Infinity is outside/);
});

t.test('Box of 64-bit integers', async (t) => {
  const of = (action: bigint) => verdict(new Box(0, 2 ** 40, [1], 'int64'), [BigInt64Array.of(0n, action)]);
  t.equal(of(2n ** 40n), undefined);
  t.match(of(2n ** 40n + 1n), /action\[0\] = 1099511627777 is outside/);
});

t.test('MultiDiscrete and MultiBinary', async (t) => {
  t.equal(verdict(new MultiDiscrete([2, 3]), [Int32Array.of(0, 0, 1, 2)]), undefined);
  t.equal(
    verdict(new MultiDiscrete([2, 3]), [Int32Array.of(0, 0, 1, 3)]),
    'action[1] = 3 is outside MultiDiscrete([2, 3])',
  );
  t.match(
    verdict(new MultiBinary([2]), [Int8Array.of(0, 0, 2, 0)]),
    /action\[0\] = 2 is outside MultiBinary/,
  );
});

t.test('Tuple and Dict name the place', async (t) => {
  const space = new Dict({ arm: new Tuple([new Discrete(2), new Box(0, 1, [1])]), go: new Discrete(2) });
  const of = (arm: number, force: number, go: number) =>
    verdict(space, [Int32Array.of(0, arm), Float32Array.of(0, force), Int32Array.of(0, go)]);
  t.equal(of(1, 1, 1), undefined);
  t.equal(of(2, 1, 1), 'action.arm[0] = 2 is outside Discrete(2)');
  t.equal(of(1, 2, 1), 'action.arm[1][0] = 2 is outside Box(0, 1, (1), float32)');
  t.equal(of(1, 1, -1), 'action.go = -1 is outside Discrete(2)');
});

t.test('a text is no action', async (t) => {
  t.throws(() => new ActionCheck(new Text(3), [new Uint32Array(3)]), TypeError);
});
