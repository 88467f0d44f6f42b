import t from 'tap';
import { StateIndex } from '../../../agents/tabular/state-index.js';
import {
  Box,
  Dict,
  Discrete,
  MultiBinary,
  MultiDiscrete,
  type Space,
  Tuple,
  type Value,
} from '../../../protocol/spaces/index.js';

/** The numbers of these values. */
function numbersOf(space: Space, values: readonly Value[]): number[] {
  const batch = space.leaves.map(
    ({ dtype, shape }) =>
      new (dtype === 'int8' ? Int8Array : Int32Array)(
        values.length * shape.reduce((size, length) => size * length, 1),
      ),
  );
  for (const [row, value] of values.entries()) space.write(value, batch, row);
  return Array.from(new StateIndex(space).read(batch));
}

t.test('one integer counts from where it starts', async (t) => {
  t.same(numbersOf(new Discrete(4, -2), [-2, 0, 1]), [0, 2, 3]);
});

t.test('several are the digits of a number, the first counting most', async (t) => {
  // Blackjack's: a sum, a card, an ace.
  const hand = new Tuple([new Discrete(32), new Discrete(11), new Discrete(2)]);
  t.equal(new StateIndex(hand).size, 704);
  t.same(
    numbersOf(hand, [
      [0, 0, 1],
      [0, 1, 0],
      [21, 10, 1],
      [31, 10, 1],
    ]),
    [1, 2, 483, 703],
  );
  t.same(
    numbersOf(new MultiDiscrete([3, 5], [1, 10]), [Int32Array.of(1, 12), Int32Array.of(3, 14)]),
    [2, 14],
  );
  t.same(numbersOf(new MultiBinary([2, 2]), [Int8Array.of(1, 0, 1, 1)]), [0b1011]);
});

t.test('every value of a nested space has a number of its own', async (t) => {
  const space = new Dict({
    door: new Discrete(2),
    place: new Tuple([new MultiDiscrete([3, 2]), new Discrete(2, 5)]),
  });
  const values: Value[] = [];
  for (const door of [0, 1]) {
    for (const x of [0, 1, 2]) {
      for (const y of [0, 1]) for (const z of [5, 6]) values.push({ door, place: [Int32Array.of(x, y), z] });
    }
  }
  t.same(
    numbersOf(space, values),
    Array.from({ length: 24 }, (_, i) => i),
  );
});

t.test('what cannot be counted is refused', async (t) => {
  t.throws(() => new StateIndex(new Box(-1, 1, [2])), {
    message:
      'a tabular agent takes observations that can be counted: Discrete, MultiDiscrete, MultiBinary, or a Tuple or ' +
      'Dict of them; the env has Box(-1, 1, (2), float32)',
  });
  t.throws(
    () => new StateIndex(new Tuple([new Discrete(2), new Box(0, 1, [1])])),
    /the env has Tuple\(Discrete\(2\), Box\(0, 1, \(1\), float32\)\), with Box\(0, 1, \(1\), float32\) in it/,
  );
});
