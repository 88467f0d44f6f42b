import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import t from 'tap';
import { createRng } from '../../../envs/index.js';
import { AreaResize } from '../../../envs/pixel/area-resize.js';
import { HEIGHT, WIDTH } from '../../../envs/pixel/size.js';
import { Tiles } from '../../../envs/pixel/tiles.js';

/** What scripts/record-area-resize.py wrote. */
const { pictures } = JSON.parse(
  readFileSync(new URL('../../../../test/fixtures/pixel/area-resize.json', import.meta.url), 'utf8'),
) as { pictures: Record<string, string> };

/** The screen that was recorded. */
const rng = createRng('pcg64', 7);
const SCREEN = Uint8Array.from({ length: WIDTH * HEIGHT }, () => rng.integers(0, 256));

function shrink(screen: Uint8Array, size: number): Uint8ClampedArray {
  const all = new Tiles();
  all.fill();
  const out = new Uint8ClampedArray(size * size);
  new AreaResize(size).resize(new Int32Array(screen.slice().buffer), all, out, 0, 1);
  return out;
}

/** The mean over the area of a pixel of the result, summed with exact weights: a numerator and a denominator. */
function exactMean(size: number, x: number, y: number): [sum: number, area: number] {
  const overlap = (i: number, from: number, pixel: number) =>
    Math.max(0, Math.min((i + 1) * from, (pixel + 1) * size) - Math.max(i * from, pixel * size));
  let sum = 0;
  for (let row = Math.floor((y * HEIGHT) / size); row * size < (y + 1) * HEIGHT; row++) {
    for (let column = Math.floor((x * WIDTH) / size); column * size < (x + 1) * WIDTH; column++) {
      sum += overlap(x, WIDTH, column) * overlap(y, HEIGHT, row) * SCREEN[row * WIDTH + column]!;
    }
  }
  return [sum, WIDTH * HEIGHT];
}

for (const [name, packed] of Object.entries(pictures)) {
  const size = Number(name);
  t.test(`${size} by ${size} is what cv2 makes of it, and halves go to the even number`, async (t) => {
    const ours = shrink(SCREEN, size);
    const theirs = inflateSync(Buffer.from(packed, 'base64'));
    let ties = 0;
    let otherTies = 0;
    for (let i = 0; i < size * size; i++) {
      const [sum, area] = exactMean(size, i % size, Math.floor(i / size));
      if ((2 * sum) % (2 * area) !== area) {
        if (ours[i] !== theirs[i]) t.fail(`pixel ${i}: ${ours[i]}, cv2 has ${theirs[i]}`);
        continue;
      }
      ties++;
      if (ours[i]! % 2 !== 0) t.fail(`pixel ${i}: the mean is ${sum / area}, rounded to ${ours[i]}`);
      if (ours[i] !== theirs[i]) otherTies++;
    }
    t.ok(otherTies <= ties * 0.15, `${otherTies} of ${ties} halves are rounded otherwise`);
  });
}

t.test('hand-computed: a pixel of 84 by 84 covers 40/21 columns and 5/2 rows', async (t) => {
  const screen = new Uint8Array(WIDTH * HEIGHT);
  screen[0] = 255; // wholly in the first pixel: 21 of 40 parts across, 2 of 5 down
  screen[WIDTH + 1] = 200; // column 1: 19 parts to the first pixel, 2 to the second
  screen[2 * WIDTH] = 104; // row 2: 1 part to the first pixel, 1 to the one below
  const out = shrink(screen, 84);
  t.equal(out[0], Math.round((255 * 21 * 2 + 200 * 19 * 2 + 104 * 21 * 1) / 200));
  t.equal(out[1], Math.round((200 * 2 * 2) / 200));
  t.equal(out[84], Math.round((104 * 21 * 1) / 200));
  t.same(shrink(new Uint8Array(WIDTH * HEIGHT).fill(77), 84), new Uint8ClampedArray(84 * 84).fill(77));
});

t.test('the least and the greatest size', async (t) => {
  t.equal(shrink(SCREEN, 8).length, 64);
  t.same(shrink(new Uint8Array(WIDTH * HEIGHT).fill(9), 160), new Uint8ClampedArray(160 * 160).fill(9));
});
