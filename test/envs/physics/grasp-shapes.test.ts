import t from 'tap';
import { OBJECT_SETS, type Point, SHAPES, type Shape } from '../../../envs/physics/grasp-shapes.js';

const sideLengths = ({ points }: Shape): number[] =>
  points
    .map((point, i) =>
      Math.hypot(points[(i + 1) % points.length]!.x - point.x, points[(i + 1) % points.length]!.y - point.y),
    )
    .sort((a, b) => a - b);

/**
 * Whether two shapes are alike, however they are turned or mirrored: no side of one differs much from the other's.
 */
function areAlike(a: Shape, b: Shape): boolean {
  const [as, bs] = [sideLengths(a), sideLengths(b)];
  return as.length === bs.length && as.every((length, i) => Math.abs(length - bs[i]!) < 0.005);
}

t.test('the held-out shapes are none of those for training', async (t) => {
  const of = ([from, to]: readonly [number, number]) => SHAPES.slice(from, to);
  const [train, test] = [of(OBJECT_SETS.train), of(OBJECT_SETS.test)];
  t.equal(train.length, 48);
  t.equal(test.length, 16);
  t.same(of(OBJECT_SETS.all), [...train, ...test]);
  for (const shape of test) t.notOk(train.some((other) => areAlike(shape, other)));
});

/** Twice the area of the triangle of three points; positive if they turn clockwise with y down. */
const turn = (a: Point, b: Point, c: Point): number => (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);

t.test('shapes are convex, fit between the fingers and stand', async (t) => {
  for (const [i, { points, stances, width, length }] of SHAPES.entries()) {
    const at = (index: number) => points[index % points.length]!;
    t.ok(
      points.every((_, j) => turn(at(j), at(j + 1), at(j + 2)) > 0),
      `shape ${i} is convex`,
    );
    t.ok(width >= 0.12 && width <= length + 1e-9 && length <= 0.37, `shape ${i}: ${width} by ${length}`);
    for (const { angle, left, right, down } of stances) {
      const ys = points.map(({ x, y }) => x * Math.sin(angle) + y * Math.cos(angle)).sort((a, b) => b - a);
      t.ok(Math.abs(ys[0]! - down) < 1e-9 && Math.abs(ys[1]! - down) < 1e-9, 'two corners are on the floor');
      t.ok(left > 0 && right > 0 && left + right <= 0.37);
    }
    t.ok(stances.length > 0);
  }
});

t.test('a shape is where its centre of mass is', async (t) => {
  for (const { points } of SHAPES) {
    let [x, y] = [0, 0];
    for (const [i, a] of points.entries()) {
      const b = points[(i + 1) % points.length]!;
      x += (a.x + b.x) * (a.x * b.y - b.x * a.y);
      y += (a.y + b.y) * (a.x * b.y - b.x * a.y);
    }
    t.ok(Math.abs(x) < 1e-12 && Math.abs(y) < 1e-12);
  }
});
