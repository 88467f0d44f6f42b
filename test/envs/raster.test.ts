import t from 'tap';
import { BLACK, Canvas, place, WHITE } from '../../envs/raster.js';

/** The picture as text: '.' where it is white, '#' where it is not. */
function dots({ width, height, data }: Canvas): string[] {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => (data[(y * width + x) * 3] === WHITE[0] ? '.' : '#')).join(''),
  );
}

t.test('a new canvas is its background', async (t) => {
  t.same([...new Canvas(2, 1, [1, 2, 3]).data], [1, 2, 3, 1, 2, 3]);
});

t.test('rectangles end before the next pixel and are cut at the edges', async (t) => {
  const canvas = new Canvas(4, 3);
  canvas.rect(2, 1, 9, 9, BLACK);
  canvas.rect(-5, -5, 6, 6, BLACK);
  t.same(dots(canvas), ['#...', '..##', '..##']);
});

t.test('a circle', async (t) => {
  const canvas = new Canvas(6, 6);
  canvas.circle(3, 3, 2.6, BLACK);
  t.same(dots(canvas), ['..##..', '.####.', '######', '######', '.####.', '..##..']);
});

t.test('a polygon, by the even-odd rule where it crosses itself', async (t) => {
  const canvas = new Canvas(6, 4);
  canvas.polygon(
    [
      [0, 0],
      [6, 0],
      [6, 4],
      [0, 4],
      [0, 0],
      [2, 1],
      [4, 1],
      [4, 3],
      [2, 3],
      [2, 1],
    ],
    BLACK,
  );
  t.same(dots(canvas), ['######', '##..##', '##..##', '######']);
});

t.test('lines have a thickness, and a point paints nothing', async (t) => {
  const canvas = new Canvas(4, 4);
  canvas.line([0, 2], [4, 2], BLACK, 2);
  canvas.line([1, 0], [1, 0], BLACK);
  t.same(dots(canvas), ['....', '####', '####', '....']);
});

t.test('text in dots of any size; unknown characters are question marks', async (t) => {
  const canvas = new Canvas(11, 5);
  canvas.text('i7~', 0, 0, BLACK, 1);
  t.same(dots(canvas), ['###.###.##.', '.#....#...#', '.#...#...#.', '.#...#.....', '###..#...#.']);
  t.same(Canvas.textSize('i7', 2), [14, 10]);
});

t.test('place turns, then moves', async (t) => {
  const [x, y] = place([1, 0], Math.PI / 2, 10, 20);
  t.ok(Math.abs(x - 10) < 1e-12 && Math.abs(y - 21) < 1e-12);
});
