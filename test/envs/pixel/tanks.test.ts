import t from 'tap';
import {
  canHit,
  canSee,
  headingOf,
  isClear,
  Pathfinder,
  turnBetween,
} from '../../../envs/pixel/tanks/arena.js';
import { tanks } from '../../../envs/pixel/tanks/tanks.js';
import { type Bench, bench } from './game-bench.js';

const [NOOP, FIRE, UP, RIGHT] = [0, 1, 2, 3];
const UNIT = 256;
const arena = () => bench(tanks, { opponent: 'easy' }, 'duel');
type Tank = Record<string, number>;
const first = (game: Bench) => game.state().first as Tank;
const second = (game: Bench) => game.state().second as Tank;
/** Puts the tanks somewhere: positions in pixels, headings in 16ths of a turn. */
const place = (game: Bench, one: Tank, two: Tank): void => {
  const at = ({ x, y, ...rest }: Tank) => ({ x: x! * UNIT, y: y! * UNIT, ...rest });
  game.set({ first: { ...first(game), ...at(one) }, second: { ...second(game), ...at(two) } });
};

t.test('a hit is a point; the game stands still, then both begin anew', async (t) => {
  const game = arena();
  place(game, { x: 30, y: 45, heading: 4 }, { x: 60, y: 45, heading: 0 });
  t.equal(game.play(FIRE) + game.play(NOOP, 6), 1);
  t.match(game.state(), { hit: 1 });
  t.equal(first(game).points, 1);
  const standing = first(game).x;
  game.play(UP, 30);
  t.equal(first(game).x, standing);
  game.play(NOOP, 14);
  t.equal(first(game).x, 16 * UNIT);
});

t.test('being hit is a point for the other', async (t) => {
  const game = arena();
  const shell = { shellX: 50 * UNIT, shellY: 45 * UNIT, shellHeading: 12, reload: 30 };
  place(game, { x: 30, y: 45, heading: 4 }, { x: 60, y: 45, heading: 12, ...shell });
  t.equal(game.play(NOOP, 6), -1);
  t.equal(second(game).points, 1);
});

t.test('10 points win, and two minutes end the game', async (t) => {
  const game = arena();
  place(game, { x: 30, y: 45, heading: 4, points: 9 }, { x: 60, y: 45, heading: 0 });
  game.play(FIRE);
  game.play(NOOP, 6);
  t.ok(game.isOver());
  const slow = arena();
  slow.set({ framesLeft: 1 });
  t.equal(slow.play(NOOP), 0);
  t.ok(slow.isOver());
});

t.test('walls stop shells and tanks, and tanks slide along them', async (t) => {
  const game = arena();
  // The wall at columns 5 to 8, row 3 of the map covers y = 48 to 55.
  place(game, { x: 56, y: 72, heading: 0 }, { x: 140, y: 190, heading: 8 });
  game.play(FIRE);
  game.play(NOOP, 8);
  t.equal(first(game).shellX, -1);
  game.play(UP, 60);
  t.equal(first(game).y! >> 8, 61, 'five pixels from the wall');
  const { x } = first(game);
  game.set({ first: { ...first(game), heading: 2 } });
  game.play(UP, 5);
  t.ok(first(game).x! > x! && first(game).y! >> 8 === 61);
});

t.test('tanks do not pass through each other', async (t) => {
  const game = arena();
  game.set({ pause: 0 });
  place(game, { x: 30, y: 45, heading: 4 }, { x: 44, y: 45, heading: 12 });
  game.play(UP, 12);
  t.ok(second(game).x! - first(game).x! >= 10 * UNIT);
});

t.test('a tank turns every 5 frames and loads for 30', async (t) => {
  const game = arena();
  place(game, { x: 30, y: 45, heading: 4 }, { x: 140, y: 190, heading: 8 });
  game.play(RIGHT, 11);
  t.equal(first(game).heading, 7);
  game.play(FIRE);
  t.match(first(game), { reload: 30, shellHeading: 7 });
});

t.test('headings', async (t) => {
  t.equal(headingOf(0, -5), 0);
  t.equal(headingOf(5, 0), 4);
  t.equal(headingOf(-5, 5), 10);
  t.equal(turnBetween(15, 1), 2);
  t.equal(turnBetween(1, 15), -2);
});

t.test('sight and aim', async (t) => {
  t.ok(canSee(20, 40, 140, 40));
  t.notOk(canSee(56, 72, 56, 40), 'through a wall');
  t.ok(canHit(20, 40, 4, 140, 40, 5));
  t.ok(canHit(20, 40, 4, 140, 44, 5));
  t.notOk(canHit(20, 40, 4, 140, 46, 5), 'passes beside');
  t.notOk(canHit(20, 40, 12, 140, 40, 5), 'behind');
});

t.test('the way to every place is found', async (t) => {
  const pathfinder = new Pathfinder();
  for (const [goalX, goalY] of [
    [24, 116],
    [136, 40],
    [80, 72],
    [20, 190],
  ] as const) {
    let [x, y] = [16, 40];
    let steps = 0;
    while ((Math.abs(x - goalX) > 8 || Math.abs(y - goalY) > 8) && steps++ < 60) {
      const heading = pathfinder.headingTo(x, y, goalX, goalY);
      // Corner by corner: the four main headings are ways of a whole tile.
      t.equal(heading % 4, 0);
      x += [0, 8, 0, -8][heading / 4]!;
      y += [-8, 0, 8, 0][heading / 4]!;
      t.ok(isClear(x, y, 5));
    }
    t.ok(steps < 60, `to ${goalX}, ${goalY} in ${steps} tiles`);
  }
});
