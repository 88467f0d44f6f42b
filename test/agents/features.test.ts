import t from 'tap';
import { featuresOf } from '../../agents/features.js';
import { Box, Dict, Discrete, MultiBinary, Text, Tuple } from '../../protocol/spaces/index.js';

t.test('a Box is taken as it is', async (t) => {
  const features = featuresOf(new Box(-1, 1, [2, 3]));
  t.same([features.shape, features.size, features.scale], [[6], 6, 1]);
  const slab = new Float32Array(12);
  t.equal(features.read([slab]), slab);
  t.strictSame(
    featuresOf(new Box(-1, 1, [2], 'float64')).read([Float64Array.of(0.5, 2)]),
    Float32Array.of(0.5, 2),
  );
});

t.test('pictures keep their shape; pixels are scaled to 0..1, zeros and ones are not', async (t) => {
  const [colour, gray, cells] = [
    featuresOf(new Box(0, 255, [84, 84, 4], 'uint8')),
    featuresOf(new Box(0, 255, [84, 84], 'uint8')),
    featuresOf(new Box(0, 1, [10, 10, 4], 'bool')),
  ];
  t.same([colour.shape, colour.scale], [[84, 84, 4], 1 / 255]);
  t.same([gray.shape, gray.scale], [[84, 84, 1], 1 / 255]);
  t.same([cells.shape, cells.scale], [[10, 10, 4], 1]);
  const bytes = new Uint8Array(84 * 84);
  t.equal(gray.read([bytes]), bytes);
});

t.test('a Discrete is one 1 among zeros', async (t) => {
  const features = featuresOf(new Discrete(3, 5));
  t.strictSame(features.read([Int32Array.of(7, 5)]), Float32Array.of(0, 0, 1, 1, 0, 0));
});

t.test('parts lie side by side, an action mask apart', async (t) => {
  const space = new Dict({
    action_mask: new MultiBinary([2]),
    goal: new Box(-9, 9, [2]),
    place: new Tuple([new Discrete(2), new Box(0, 9, [], 'uint8')]),
  });
  const slabs = [
    Int8Array.of(1, 0, 1, 1),
    Float32Array.of(1, 2, 3, 4),
    Int32Array.of(1, 0),
    Uint8Array.of(7, 8),
  ];
  const features = featuresOf(space);
  t.same(features.shape, [5]);
  t.strictSame(features.read(slabs), Float32Array.of(1, 2, 0, 1, 7, 3, 4, 1, 0, 8));
});

t.test('a masked picture is a picture', async (t) => {
  const space = new Dict({
    action_mask: new MultiBinary([2]),
    observation: new Box(0, 1, [4, 4, 2], 'bool'),
  });
  const picture = new Uint8Array(32);
  const features = featuresOf(space);
  t.same(features.shape, [4, 4, 2]);
  t.equal(features.read([Int8Array.of(1, 1), picture]), picture);
});

t.test('what no network takes is refused', async (t) => {
  t.throws(() => featuresOf(new Dict({ word: new Text(3) })), /takes numbers, or one picture/);
  const two = new Box(0, 255, [8, 8, 3], 'uint8');
  t.throws(() => featuresOf(new Dict({ left: two, right: two })), /among others/);
});
