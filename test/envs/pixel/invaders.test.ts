import t from 'tap';
import { invaders } from '../../../envs/pixel/invaders/invaders.js';
import { type Bench, bench } from './game-bench.js';

const [NOOP, FIRE, RIGHT] = [0, 1, 2];
const UNIT = 256;
const OUT = -1000;
const ALL = '1'.repeat(36);
const only = (...alive: number[]): string =>
  Array.from(ALL, (_, i) => (alive.includes(i) ? '1' : '0')).join('');

/** Changes the formation, which lies within the state. */
const setFormation = (game: Bench, changes: Record<string, unknown>): void =>
  game.set({ formation: { ...(game.state().formation as object), ...changes } });
const formation = (game: Bench) => game.state().formation as Record<string, number | string>;

t.test('invaders are worth 30 to 5 from the top', async (t) => {
  for (const [row, value] of [30, 25, 20, 15, 10, 5].entries()) {
    const game = bench(invaders);
    setFormation(game, { alive: only(row * 6 + 2, 35) });
    // Invader (row, 2) stands at (64, 36 + 12 row).
    game.set({ shotX: 68, shotY: 36 + 12 * row + 8 });
    t.equal(game.play(NOOP), value);
    t.equal(formation(game).alive, only(35));
    t.equal(game.state().shotX, OUT);
  }
});

t.test('one shot flies at a time', async (t) => {
  const game = bench(invaders);
  game.play(FIRE);
  t.match(game.state(), { shotX: 20, shotY: 170 });
  game.play(FIRE, 5);
  t.match(game.state(), { shotX: 20, shotY: 150 });
});

t.test('they march faster the fewer they are, and down at the edge', async (t) => {
  const game = bench(invaders);
  const marches = (frames: number) => {
    const before = formation(game).x as number;
    game.play(NOOP, frames);
    return ((formation(game).x as number) - before) / 2;
  };
  t.equal(marches(90), 3);
  setFormation(game, { alive: only(0), marchIn: 1 });
  t.equal(marches(10), 5);
  setFormation(game, { x: 144, y: 40, alive: only(0), marchIn: 1 });
  game.play(NOOP);
  t.match(formation(game), { x: 144, y: 46, direction: -1 });
});

t.test('the game is over when they land', async (t) => {
  const game = bench(invaders);
  setFormation(game, { x: 144, y: 167, alive: only(0), marchIn: 1 });
  game.play(NOOP);
  t.ok(game.isOver());
  t.equal(game.lives(), 0);
});

t.test('a bomb that hits costs a life, and the game stands still for 48 frames', async (t) => {
  const game = bench(invaders);
  game.set({ cannonX: 80 * UNIT, bombX: [84, OUT, OUT], bombY: [176 * UNIT, 0, 0] });
  game.play(NOOP);
  t.match(game.state(), { lives: 2, pause: 48, bombX: [OUT, OUT, OUT] });
  const before = JSON.stringify(formation(game));
  game.play(RIGHT, 48);
  t.equal(JSON.stringify(formation(game)), before);
  t.match(game.state(), { cannonX: 16 * UNIT, pause: 0 });
});

t.test('shots and bombs break pieces out of the shields', async (t) => {
  const game = bench(invaders);
  const whole = game.observe()[19]!;
  t.equal(whole, 1);
  game.set({ shotX: 30, shotY: 170 });
  game.play(NOOP, 5);
  t.equal(game.state().shotX, OUT);
  const shot = game.observe()[19]!;
  t.ok(shot < 1);
  game.set({ bombX: [38, OUT, OUT], bombY: [148 * UNIT, 0, 0] });
  game.play(NOOP, 5);
  t.ok(game.observe()[19]! < shot);
  t.equal(game.observe()[20], 1, 'the others are whole');
});

t.test('invaders trample the shields', async (t) => {
  const game = bench(invaders);
  setFormation(game, { x: 26, y: 150, alive: only(0), marchIn: 1 });
  game.play(NOOP);
  t.ok(game.observe()[19]! < 1);
});

t.test('a shot and a bomb that meet are both gone', async (t) => {
  const game = bench(invaders);
  game.set({ shotX: 100, shotY: 140, bombX: [101, OUT, OUT], bombY: [134 * UNIT, 0, 0], bombIn: 40 });
  t.equal(game.play(NOOP), 0);
  t.match(game.state(), { shotX: OUT, bombX: [OUT, OUT, OUT] });
});

t.test('the ship is worth 200', async (t) => {
  const game = bench(invaders);
  game.set({ shipX: 60, shipDirection: 1, shotX: 70, shotY: 28 });
  t.equal(game.play(NOOP), 200);
  t.equal(game.state().shipX, OUT);
});

t.test('the next wave begins lower, with new shields', async (t) => {
  const game = bench(invaders);
  game.set({ shotX: 30, shotY: 170 });
  game.play(NOOP, 5);
  setFormation(game, { alive: only(2) });
  game.set({ shotX: (formation(game).x as number) + 36, shotY: 44 });
  t.equal(game.play(NOOP), 30);
  t.match(formation(game), { alive: ALL, y: 44 });
  t.equal(game.observe()[19], 1);
  t.equal(game.state().wave, 1);
});
