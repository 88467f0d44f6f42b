import t from 'tap';
import { pong } from '../../../envs/pixel/pong.js';
import { bench } from './game-bench.js';

const [NOOP, FIRE, UP, DOWN] = [0, 1, 2, 3];
const UNIT = 256;
const court = () => bench(pong, {}, 'duel');

t.test('the ball comes a second after the point, or with fire', async (t) => {
  const game = court();
  const { ballX } = game.state();
  game.play(NOOP, 60);
  t.equal(game.state().ballX, ballX);
  game.play(NOOP);
  t.not(game.state().ballX, ballX);

  const hasty = court();
  hasty.play(FIRE);
  hasty.play(NOOP);
  t.not(hasty.state().ballX, ballX);
});

t.test('who misses the ball loses the point, and the winner gets the next ball', async (t) => {
  const game = court();
  game.set({ serveIn: 0, ballX: 150 * UNIT, ballY: 40 * UNIT, ballVx: 3 * UNIT, ballVy: 0 });
  t.equal(game.play(NOOP, 3), -1);
  t.match(game.state(), { leftPoints: 1, rightPoints: 0, serveIn: 60, ballVx: -1.5 * UNIT });
  game.set({ serveIn: 0, ballX: 6 * UNIT, ballY: 40 * UNIT, ballVx: -3 * UNIT, ballVy: 0 });
  t.equal(game.play(NOOP, 3), 1);
  t.match(game.state(), { leftPoints: 1, rightPoints: 1, ballVx: 1.5 * UNIT });
});

t.test('21 points win the game', async (t) => {
  const game = court();
  game.set({ leftPoints: 20, serveIn: 0, ballX: 157 * UNIT, ballVx: 3 * UNIT });
  t.equal(game.play(NOOP), -1);
  t.ok(game.isOver());
});

t.test('where the ball meets the paddle decides how steeply it leaves', async (t) => {
  const slopes = [0, 2, 4, 6, 8, 10, 12, 14].map((offset) => {
    const game = court();
    const ball = { ballX: 137 * UNIT, ballY: (100 + offset - 2) * UNIT, ballVx: 1.5 * UNIT, ballVy: 0 };
    game.set({ ...ball, serveIn: 0, rightY: 100 });
    game.play(NOOP);
    const { ballVx, ballVy } = game.state() as Record<string, number>;
    t.equal(ballVx, -1.5 * UNIT);
    return ballVy! / UNIT;
  });
  t.same(slopes, [-2.5, -1.75, -1, -0.375, 0.375, 1, 1.75, 2.5]);
  const game = court();
  game.set({ serveIn: 0, ballX: 137 * UNIT, ballY: 118 * UNIT, ballVx: 1.5 * UNIT, rightY: 100 });
  game.play(NOOP, 3);
  t.equal(game.state().ballVx, 1.5 * UNIT, 'past its end the ball goes on');
});

t.test('every fourth stroke makes the ball faster', async (t) => {
  const speeds = [2, 3, 7, 11, 12].map((strokes) => {
    const game = court();
    const ball = { ballX: 137 * UNIT, ballY: 106 * UNIT, ballVx: 1.5 * UNIT, ballVy: 0 };
    game.set({ ...ball, strokes, serveIn: 0, rightY: 100 });
    game.play(NOOP);
    return -(game.state().ballVx as number) / UNIT;
  });
  t.same(speeds, [1.5, 2, 2.5, 3, 3]);
});

t.test('walls reflect the ball', async (t) => {
  const game = court();
  game.set({ serveIn: 0, ballX: 80 * UNIT, ballY: 35 * UNIT, ballVx: 0, ballVy: -3 * UNIT });
  game.play(NOOP);
  t.match(game.state(), { ballY: 36 * UNIT, ballVy: 3 * UNIT });
});

t.test('paddles pick up speed, coast, and stay in the court', async (t) => {
  const game = court();
  const y = () => game.state().rightY as number;
  const start = y();
  const way = [UP, UP, UP, UP, NOOP, NOOP, DOWN].map((action) => {
    game.play(action);
    return y() - start;
  });
  t.same(way, [-1, -3, -6, -9, -10, -10, -9]);
  game.play(UP, 100);
  t.equal(y(), 34);
  game.play(DOWN, 100);
  t.equal(y(), 178);
});
