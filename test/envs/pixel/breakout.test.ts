import t from 'tap';
import { breakout } from '../../../envs/pixel/breakout.js';
import { bench } from './game-bench.js';

const [NOOP, FIRE, RIGHT] = [0, 1, 2];
const UNIT = 256;
const WALL = '1'.repeat(108);
/** A wall of which only some bricks stand. */
const only = (...bricks: number[]): string =>
  Array.from(WALL, (_, i) => (bricks.includes(i) ? '1' : '0')).join('');
/** The ball just below row `row` of column 9, on its way up. */
const below = (row: number) => ({
  inPlay: 1,
  ballX: 83 * UNIT,
  ballY: (57 + (row + 1) * 6) * UNIT,
  ballVx: 0,
  ballVy: -UNIT,
});

t.test('fire throws the ball in', async (t) => {
  const game = bench(breakout);
  game.play(NOOP, 100);
  t.equal(game.state().inPlay, 0);
  game.play(FIRE);
  t.match(game.state(), { inPlay: 1, ballY: 120 * UNIT });
  t.ok((game.state().ballVy as number) > 0, 'downwards');
});

t.test('bricks are worth 7, 7, 4, 4, 1, 1 and send the ball back', async (t) => {
  for (const [row, value] of [7, 7, 4, 4, 1, 1].entries()) {
    const game = bench(breakout);
    const brick = row * 18 + 9;
    game.set({ ...below(row), bricks: only(brick, 0) });
    t.equal(game.play(NOOP), value);
    t.equal(game.state().bricks, only(0));
    t.ok((game.state().ballVy as number) > 0);
    t.equal(game.state().score, value);
  }
});

t.test('a brick met from the side sends the ball aside', async (t) => {
  const game = bench(breakout);
  game.set({
    inPlay: 1,
    ballX: 77 * UNIT,
    ballY: 64 * UNIT,
    ballVx: 2 * UNIT,
    ballVy: 0,
    bricks: only(27, 0),
  });
  t.equal(game.play(NOOP), 7);
  t.match(game.state(), { ballVx: Math.trunc((-2 * UNIT * 1.75) / 1.25), ballVy: 0 });
});

t.test('strokes and the upper rows make the ball faster', async (t) => {
  const speed = (changes: Record<string, unknown>) => {
    const game = bench(breakout);
    const ball = { inPlay: 1, ballX: 78 * UNIT, ballY: 184 * UNIT, ballVx: 0, ballVy: UNIT };
    game.set({ ...ball, paddleX: 70, ...changes });
    game.play(NOOP, 2);
    const { ballVx, ballVy } = game.state() as Record<string, number>;
    return Math.round((Math.hypot(ballVx!, ballVy!) / UNIT) * 20) / 20;
  };
  t.equal(speed({}), 1.25);
  t.equal(speed({ strokes: 3 }), 1.75, 'the 4th stroke');
  t.equal(speed({ strokes: 11 }), 2.25, 'the 12th');
  t.equal(speed({ strokes: 3, touched4: 1 }), 2.25);
  t.equal(speed({ strokes: 11, touched4: 1, touched7: 1 }), 3);
});

t.test('six sections of the paddle give six directions', async (t) => {
  const directions = [70, 73, 76, 79, 82, 85].map((x) => {
    const game = bench(breakout);
    game.set({ inPlay: 1, ballX: x * UNIT, ballY: 184 * UNIT, ballVx: 0, ballVy: UNIT, paddleX: 70 });
    game.play(NOOP, 2);
    const { ballVx, ballVy } = game.state() as Record<string, number>;
    return Math.round((Math.atan2(ballVx!, -ballVy!) * 180) / Math.PI);
  });
  t.same(directions, [-60, -40, -20, 20, 40, 60]);
});

t.test('the ceiling halves the paddle until the ball is lost', async (t) => {
  const game = bench(breakout);
  game.set({ inPlay: 1, ballX: 80 * UNIT, ballY: 33 * UNIT, ballVx: 0, ballVy: -2 * UNIT, bricks: only(0) });
  game.play(NOOP);
  t.match(game.state(), { paddleWidth: 8, ballVy: 2 * UNIT });
  game.set({ ballY: 205 * UNIT });
  game.play(NOOP);
  t.match(game.state(), { paddleWidth: 16, lives: 4, inPlay: 0 });
  t.equal(game.lives(), 4);
});

t.test('the fifth ball is the last', async (t) => {
  const game = bench(breakout);
  game.set({ lives: 1, inPlay: 1, ballX: 20 * UNIT, ballY: 205 * UNIT, ballVx: 0, ballVy: 2 * UNIT });
  game.play(NOOP);
  t.equal(game.lives(), 0);
  t.ok(game.isOver());
});

t.test('a second wall stands up as the ball meets the paddle, and with it the game is won', async (t) => {
  const game = bench(breakout);
  game.set({ ...below(5), bricks: only(99) });
  t.equal(game.play(NOOP), 1);
  t.notOk(game.isOver());
  game.set({ ballX: 78 * UNIT, ballY: 184 * UNIT, ballVx: 0, ballVy: UNIT, paddleX: 70 });
  game.play(NOOP, 2);
  t.match(game.state(), { bricks: WALL, walls: 1 });
  game.set({ ...below(5), bricks: only(99) });
  t.equal(game.play(NOOP), 1);
  t.ok(game.isOver());
});

t.test('the paddle stays between the walls', async (t) => {
  const game = bench(breakout);
  game.play(RIGHT, 100);
  t.equal(game.state().paddleX, 152 - 16);
});
