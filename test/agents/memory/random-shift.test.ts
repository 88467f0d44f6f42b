import t from 'tap';
import { RandomShift } from '../../../agents/memory/random-shift.js';
import { Random } from '../../../agents/random.js';

/** Gives these numbers one after the other. */
const drawing = (...numbers: number[]) => ({
  random: () => 0,
  integers: (low: number, high: number) => {
    const drawn = numbers.shift()!;
    t.ok(low <= drawn && drawn < high);
    return drawn;
  },
});

t.test('pictures move with all their channels, and the border fills in', async (t) => {
  // Two pictures of 2 × 3 pixels and two channels; the second channel is 10 more than the first.
  const picture = [1, 11, 2, 12, 3, 13, 4, 14, 5, 15, 6, 16];
  const slab = Uint8Array.from([...picture, ...picture]);
  new RandomShift([2, 3, 2], 1).move(slab, drawing(1, -1, 0, 1) as never);
  t.same([...slab.subarray(0, 12)], [2, 12, 3, 13, 3, 13, 2, 12, 3, 13, 3, 13], 'down and to the left');
  t.same([...slab.subarray(12)], [1, 11, 1, 11, 2, 12, 4, 14, 4, 14, 5, 15], 'to the right');
});

t.test('every shift up to the largest comes about as often as any other', async (t) => {
  const [size, most, pictures] = [7, 2, 5000];
  const one = Uint8Array.from({ length: size * size }, (_, i) => i);
  const slab = new Uint8Array(pictures * one.length);
  for (let i = 0; i < pictures; i++) slab.set(one, i * one.length);
  new RandomShift([size, size, 1], most).move(slab, new Random(3, 'shift'));
  const times = new Map<string, number>();
  for (let i = 0; i < pictures; i++) {
    const moved = slab.subarray(i * one.length, (i + 1) * one.length);
    // What is in the middle now tells where it came from.
    const [y, x] = [Math.floor(moved[24]! / size), moved[24]! % size];
    for (let to = 0; to < one.length; to++) {
      const inside = (at: number) => Math.min(size - 1, Math.max(0, at));
      const from = inside(Math.floor(to / size) + y - 3) * size + inside((to % size) + x - 3);
      if (moved[to] !== from) t.fail(`pixel ${to}: expected ${from}, got ${moved[to]}`);
    }
    times.set(`${y},${x}`, (times.get(`${y},${x}`) ?? 0) + 1);
  }
  t.equal(times.size, (2 * most + 1) ** 2);
  for (const [shift, n] of times) t.ok(n > 140 && n < 260, `${shift}: ${n} of 200`);
});
