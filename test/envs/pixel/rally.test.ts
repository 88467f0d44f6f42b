import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { createRng, resolveOptions } from '../../../envs/index.js';
import { LEVELS, TRAIN_LEVELS } from '../../../envs/levels.js';
import { CAR_Y } from '../../../envs/pixel/rally/landscape.js';
import { rally } from '../../../envs/pixel/rally/rally.js';
import { Road } from '../../../envs/pixel/rally/road.js';
import { bench } from './game-bench.js';

const [NOOP, UP, RIGHT, , , UPRIGHT] = [0, 1, 2, 3, 4, 5];
const UNIT = 256;

t.test('progress pays in the right lane, half in the left one', async (t) => {
  const game = bench(rally);
  const x = game.state().x as number;
  game.set({ speed: 2 * UNIT });
  t.equal(game.play(UP), ((2 * UNIT + 8) / UNIT) * 0.01);
  game.set({ x: x - 24 * UNIT, speed: 2 * UNIT });
  t.equal(game.play(UP), ((2 * UNIT + 8) / UNIT) * 0.005);
});

t.test('beside the road every frame costs, and the car slows', async (t) => {
  const game = bench(rally);
  game.set({ x: (game.state().x as number) + 18 * UNIT, speed: 3 * UNIT });
  t.equal(game.play(UP), -0.02);
  t.equal(game.observe()[6], 1);
  game.play(UP, 30);
  t.equal(game.state().speed, UNIT);
});

t.test('too far off it crashes', async (t) => {
  const game = bench(rally);
  game.set({ x: (game.state().x as number) + 25 * UNIT });
  t.equal(game.play(NOOP), -5);
  t.ok(game.isOver());
});

t.test('a camera on the car moves and turns with it', async (t) => {
  /** The screen with the car so many pixels off its lane and at a heading; the lane begins at column 92. */
  const screen = (camera: string, off: number, heading: number) => {
    const env = rally.create(resolveOptions(rally.spec, { camera }));
    env.reset(createRng('pcg64', 1));
    const snapshot = env.snapshot() as { game: { x: number; heading: number } };
    snapshot.game.x += off * UNIT;
    snapshot.game.heading = heading;
    env.restore(snapshot);
    const { width, data } = env.render!();
    return (x: number, y: number) => data.slice((y * width + x) * 3, (y * width + x + 1) * 3).join();
  };
  for (const off of [0, 7, -9]) {
    const [road, car] = [screen('road', off, 0), screen('car', off, 0)];
    const by = 92 + off - 80;
    const row = (at: typeof road, y: number, from: number, to: number) =>
      Array.from({ length: to - from }, (_, x) => at(from + x, y));
    t.strictSame(row(car, CAR_Y, 0, 160 - by), row(road, CAR_Y, by, 160), `the car ${off} pixels off`);
    t.equal(new Set(row(car, 100, 160 - by, 160)).size, 1, 'beyond the side is land');
  }
  // Turned by an eighth, what was 40 to the right and 40 ahead of the car is 57 ahead of it.
  const [road, car] = [screen('road', -9, 0), screen('car', -9, 65536 / 8)];
  for (const ahead of [28, 57, 85]) {
    const [x, y] = [Math.round(ahead * Math.SQRT1_2), Math.round(ahead * Math.SQRT1_2)];
    t.equal(car(80, CAR_Y - ahead), road(83 + x, CAR_Y - y), `${ahead} pixels ahead`);
  }
});

t.test('a minute is 3600 frames', async (t) => {
  const game = bench(rally);
  game.set({ framesLeft: 2 });
  game.play(NOOP);
  t.notOk(game.isOver());
  game.play(NOOP);
  t.ok(game.isOver());
});

t.test('wheel, heading and speed', async (t) => {
  const game = bench(rally);
  game.play(RIGHT, 2);
  t.equal(game.state().wheel, 128, 'a quarter of its way a frame');
  game.play(RIGHT, 10);
  t.equal(game.state().wheel, 256);
  game.play(NOOP, 4);
  t.equal(game.state().wheel, 0, 'returns by itself');
  // Full lock at 1 pixel a frame turns by 1/40 radian: 65536 / (2 pi 40) = 261 units of the heading.
  game.set({ heading: 0, wheel: 256, speed: UNIT });
  game.play(UPRIGHT);
  t.equal(game.state().heading, Math.trunc((256 * UNIT) / 251));
  game.set({ speed: 0.5 * UNIT });
  game.play(NOOP);
  t.equal(game.state().speed, 0.5 * UNIT, 'never stops');
});

t.test('continuous actions are the joystick in between', async (t) => {
  const joystick = bench(rally);
  const pedals = bench(rally, { continuous: true });
  joystick.play(UPRIGHT, 10);
  pedals.play(Float32Array.of(1, 1), 10);
  t.same(pedals.state(), { ...joystick.state() });
  pedals.play(Float32Array.of(-0.5, -0.25));
  t.match(pedals.state(), { steering: -128, throttle: -64 });
});

t.test('levels to train and to test on are different ones', async (t) => {
  const drawn = (levels: string) => {
    const env = rally.create(resolveOptions(rally.spec, { levels, obs_type: 'state' }));
    const rng = createRng('pcg64', 0);
    return Array.from({ length: 300 }, () => {
      env.reset(rng);
      return (env.snapshot() as { game: { level: number } }).game.level;
    });
  };
  t.ok(drawn('train').every((level) => level >= 0 && level < TRAIN_LEVELS));
  t.ok(drawn('test').every((level) => level >= TRAIN_LEVELS && level < LEVELS));
  t.ok(new Set(drawn('all').map((level) => level < TRAIN_LEVELS)).size === 2);
});

t.test(
  'a level has one road, which keeps on the screen and bends gently, however it is laid out',
  async (t) => {
    const whole = new Road(4000);
    const pieces = new Road(4000);
    for (const level of [0, 1, 999]) {
      whole.begin(level);
      whole.reach(4000);
      pieces.begin(level);
      for (let distance = 0; distance < 4000; distance += 7) pieces.reach(distance);
      pieces.reach(5000);
      t.same(pieces.middle, whole.middle);
      t.same(pieces.objectX, whole.objectX);
      t.ok(whole.middle.every((x) => x >= 40 * UNIT && x <= 120 * UNIT));
      const slopes = whole.middle.map((x, i) => x - (whole.middle[i - 1] ?? x)).subarray(1);
      t.ok(slopes.every((slope) => Math.abs(slope) <= 218));
      t.ok(slopes.every((slope, i) => i === 0 || Math.abs(slope - slopes[i - 1]!) <= 5));
    }
    const first = whole.middle.slice();
    whole.begin(5);
    whole.reach(4000);
    t.notOk(isDeepStrictEqual(whole.middle, first));
  },
);
