/**
 * Tanks: two tanks hunt each other among walls; a hit is a point, and who first has 10 wins.
 *
 * - The agent has the green tank, which begins on the left, a script the red one (option `opponent`). In TanksDuel the
 *   second player has it.
 * - Actions, as in ALE: 0 NOOP, 1 FIRE, 2 UP (drive on), 3 RIGHT, 4 LEFT (turn), 5 UPRIGHT, 6 UPLEFT, 7 UPFIRE,
 *   8 RIGHTFIRE, 9 LEFTFIRE, 10 UPRIGHTFIRE, 11 UPLEFTFIRE. A tank drives 1 pixel a frame and turns by a 16th of a turn
 *   every 5 frames. It slides along walls and does not pass through the other.
 * - A shell flies 3 pixels a frame until it meets a wall or a tank. Each tank has one at a time, and half a second to load
 *   the next after firing.
 * - After a hit the game stands still for 0.7 seconds, then both begin again at their sides, each at one of three places.
 * - Reward: 1 for a hit, -1 for being hit.
 * - Terminated: someone has 10 points, or 7200 frames (two minutes) are over.
 * - State, 29 numbers. Of the own tank, then of the other: x, y (over the screen, 160 and 210), sine and cosine of the
 *   heading (clockwise from up), whether it is loaded, whether its shell flies, the shell's x, y, and its velocity in x
 *   and y (over 3): 20 numbers. Then how far the other is straight ahead and to the right, as parts of the distance; the
 *   distance (over 256); whether no wall is between; own points and the other's (over 10); frames left (over 7200);
 *   whether the game stands still; whether the other would be hit by a shell fired now, if it stood still.
 *
 * Source: own game, after Tank in Combat (Atari, 1977).
 */
import { Box } from '../../../protocol/spaces/index.js';
import type { Rng } from '../../rng/rng.js';
import { pixelEnv } from '../define.js';
import { AgainstScript, type Duel, OPPONENT_OPTION, type Strength } from '../duel.js';
import { duelWorld } from '../duel-world.js';
import { axis, FIRE, joysticks, LEFT, RIGHT, UP } from '../joystick.js';
import { pixel, UNIT } from '../motion.js';
import { palette } from '../palette.js';
import { type Limits, type Numbers, readMap, readNumbers } from '../saved.js';
import { Screen } from '../screen.js';
import { HEIGHT, WIDTH } from '../size.js';
import { sprite, turned } from '../sprite.js';
import { ARENA_TOP, canHit, canSee, DX, DY, HEADINGS, isClear, isWall, MAP, TILE_SIZE } from './arena.js';
import { Gunner } from './gunner.js';

const GAME = 10;
const FRAMES = 7200;
const PAUSE = 42;
const TURN_FRAMES = 5;
const RELOAD = 30;
const SHELL_SPEED = 3;
/** Half the side of a tank. */
const HALF = 5;
/** How far from its middle a tank's muzzle is. */
const MUZZLE = 7;
const SHELL = 2;

/** Where the tanks begin: at a distance from their sides, in one of three rows. */
const START_X = 16;
const START_ROWS = [40, 116, 192] as const;

/** What is not on the screen is at x = OUT. */
const OUT = -1;

const TANK_LIMITS = {
  x: [0, WIDTH * UNIT],
  y: [0, HEIGHT * UNIT],
  heading: [0, HEADINGS - 1],
  turnIn: [0, TURN_FRAMES],
  reload: [0, RELOAD],
  shellX: [OUT, WIDTH * UNIT],
  shellY: [0, HEIGHT * UNIT],
  shellHeading: [0, HEADINGS - 1],
  points: [0, GAME],
} as const satisfies Limits<string>;

const LIMITS = { pause: [0, PAUSE], framesLeft: [0, FRAMES], hit: [0, 1] } as const satisfies Limits<string>;

/** Positions are middles, in 1/256 of a pixel. */
export type Tank = Numbers<keyof typeof TANK_LIMITS>;

const newTank = (): Tank => ({
  x: 0,
  y: 0,
  heading: 0,
  turnIn: 0,
  reload: 0,
  shellX: OUT,
  shellY: 0,
  shellHeading: 0,
  points: 0,
});

const COLORS = palette(
  [52, 60, 50],
  [128, 118, 96],
  [150, 140, 116],
  [126, 226, 120],
  [58, 122, 62],
  [206, 66, 58],
  [250, 172, 150],
  [250, 236, 190],
  [22, 24, 22],
  [250, 196, 84],
);
const FLOOR = 0;
const WALL = 1;
const WALL_TOP = 2;
const FIRST_COLORS = [3, 5] as const;
const SHELL_COLOR = 7;
const PANEL = 8;
const CLOCK = 9;

const SPRITES = FIRST_COLORS.map((color) => {
  const tank = sprite(
    [
      '......#......',
      '......#......',
      '..oo..#..oo..',
      '..oo..#..oo..',
      '..oo##.##oo..',
      '..oo#ooo#oo..',
      '..oo#ooo#oo..',
      '..oo#ooo#oo..',
      '..oo#####oo..',
      '..oo#####oo..',
      '..oo.....oo..',
      '.............',
      '.............',
    ],
    { '#': color, o: color + 1 },
  );
  return turned(
    tank,
    Array.from({ length: HEADINGS }, (_, i) => i / HEADINGS),
  );
});
const EXPLOSION = sprite(
  [
    '.#....#....#.',
    '..#..##...#..',
    '...#.###.#...',
    '....#####....',
    '.##.#####.##.',
    '...#######...',
    '#############',
    '...#######...',
    '.##.#####.##.',
    '....#####....',
    '...#.###.#...',
    '..#...##..#..',
    '.#....#....#.',
  ],
  { '#': CLOCK },
);

/** The game between two joysticks; the first player has the green tank. */
export class TankArena implements Duel {
  readonly screen = new Screen();
  readonly palette = COLORS;
  readonly stateSpace = new Box(-1, 1, [29]);
  readonly first = newTank();
  readonly second = newTank();
  /** `hit` is 0 if the first tank was hit last, 1 if the second was. */
  readonly #now = { pause: 0, framesLeft: 0, hit: 0 };
  #rng: Rng | undefined;
  /** The points that the screen shows. */
  #shownFirst = -1;
  #shownSecond = -1;

  constructor() {
    const { screen } = this;
    screen.paintRect(0, ARENA_TOP, WIDTH, HEIGHT - ARENA_TOP, WALL);
    for (const [row, tiles] of MAP.entries()) {
      for (const [column, tile] of [...tiles].entries()) {
        const x = column * TILE_SIZE;
        const y = ARENA_TOP + row * TILE_SIZE;
        if (tile === '#') screen.paintRect(x + 1, y + 1, TILE_SIZE - 2, TILE_SIZE - 2, WALL_TOP);
        else screen.paintRect(x, y, TILE_SIZE, TILE_SIZE, FLOOR);
      }
    }
  }

  get isOver(): boolean {
    return this.first.points === GAME || this.second.points === GAME || this.#now.framesLeft === 0;
  }

  get isPaused(): boolean {
    return this.#now.pause > 0;
  }

  start(rng: Rng): void {
    this.#rng = rng;
    this.first.points = this.second.points = 0;
    this.#now.framesLeft = FRAMES;
    this.#now.pause = 0;
    this.#beginRound();
  }

  playFrame(first: number, second: number): number {
    const now = this.#now;
    now.framesLeft--;
    if (now.pause > 0) {
      now.pause--;
      if (now.pause === 0) this.#beginRound();
      return 0;
    }
    drive(this.first, first, this.second);
    drive(this.second, second, this.first);
    const hits = fly(this.first, this.second);
    const isHit = fly(this.second, this.first);
    // Of two hits in one frame the first player's counts in every other round, so that neither side has an edge.
    const counts = hits && !(isHit && now.hit === 1);
    if (!hits && !isHit) return 0;
    now.hit = counts ? 1 : 0;
    now.pause = PAUSE;
    if (counts) this.first.points++;
    else this.second.points++;
    return counts ? 1 : -1;
  }

  observe(out: Float32Array, player: 0 | 1): void {
    const first = player === 0 ? this.first : this.second;
    const second = player === 0 ? this.second : this.first;
    observeTank(out, 0, first);
    observeTank(out, 10, second);
    const dx = second.x - first.x;
    const dy = second.y - first.y;
    const distance = Math.max(Math.sqrt(dx * dx + dy * dy), 1);
    const ahead = (dx * DX[first.heading]! + dy * DY[first.heading]!) / UNIT;
    const aside = (dy * DX[first.heading]! - dx * DY[first.heading]!) / UNIT;
    const x = pixel(first.x);
    const y = pixel(first.y);
    const toX = pixel(second.x);
    const toY = pixel(second.y);
    out[20] = Math.max(-1, Math.min(ahead / distance, 1));
    out[21] = Math.max(-1, Math.min(aside / distance, 1));
    out[22] = distance / (256 * UNIT);
    out[23] = canSee(x, y, toX, toY) ? 1 : 0;
    out[24] = first.points / GAME;
    out[25] = second.points / GAME;
    out[26] = this.#now.framesLeft / FRAMES;
    out[27] = this.isPaused ? 1 : 0;
    out[28] = canHit(x, y, first.heading, toX, toY, HALF) ? 1 : 0;
  }

  draw(): void {
    const { screen, first, second } = this;
    const now = this.#now;
    screen.clear();
    if (this.#shownFirst !== first.points || this.#shownSecond !== second.points) this.#paintPoints();
    screen.drawRect(56, 10, Math.ceil((now.framesLeft * 48) / FRAMES), 4, CLOCK);
    this.#drawTank(first, 0);
    this.#drawTank(second, 1);
  }

  save(): unknown {
    return { ...this.#now, first: { ...this.first }, second: { ...this.second } };
  }

  load(saved: unknown): void {
    const map = readMap(saved);
    const numbers = readNumbers(map, LIMITS);
    const first = readNumbers(map.first, TANK_LIMITS);
    const second = readNumbers(map.second, TANK_LIMITS);
    Object.assign(this.#now, numbers);
    Object.assign(this.first, first);
    Object.assign(this.second, second);
  }

  #beginRound(): void {
    this.#place(this.first, START_X, HEADINGS / 4);
    this.#place(this.second, WIDTH - START_X, (3 * HEADINGS) / 4);
  }

  #place(tank: Tank, x: number, heading: number): void {
    tank.x = x * UNIT;
    tank.y = START_ROWS[this.#rng!.integers(0, START_ROWS.length)]! * UNIT;
    tank.heading = heading;
    tank.turnIn = 0;
    tank.reload = 0;
    tank.shellX = OUT;
  }

  /** Draws the tank of player `i`, or what is left of it, and its shell. */
  #drawTank(tank: Tank, i: number): void {
    const { screen } = this;
    const isWrecked = this.isPaused && this.#now.hit === i;
    const figure = isWrecked ? EXPLOSION : SPRITES[i]![tank.heading]!;
    screen.drawSprite(figure, pixel(tank.x) - (figure.width >> 1), pixel(tank.y) - (figure.height >> 1));
    if (tank.shellX === OUT) return;
    screen.drawRect(pixel(tank.shellX) - 1, pixel(tank.shellY) - 1, SHELL, SHELL, SHELL_COLOR);
  }

  #paintPoints(): void {
    const { screen, first, second } = this;
    screen.paintRect(0, 0, WIDTH, ARENA_TOP, PANEL);
    screen.paintText(String(first.points), 24, 5, FIRST_COLORS[0], 3);
    screen.paintText(String(second.points), 120, 5, FIRST_COLORS[1], 3);
    this.#shownFirst = first.points;
    this.#shownSecond = second.points;
  }
}

/** Turns, moves and fires a tank as its joystick says. */
function drive(tank: Tank, joystick: number, other: Tank): void {
  const turn = axis(joystick, RIGHT, LEFT);
  tank.turnIn = Math.max(tank.turnIn - 1, 0);
  if (turn !== 0 && tank.turnIn === 0) {
    tank.heading = (tank.heading + turn + HEADINGS) % HEADINGS;
    tank.turnIn = TURN_FRAMES;
  }
  if ((joystick & UP) !== 0) {
    const x = tank.x + DX[tank.heading]!;
    const y = tank.y + DY[tank.heading]!;
    if (fits(x, tank.y, other)) tank.x = x;
    if (fits(tank.x, y, other)) tank.y = y;
  }
  tank.reload = Math.max(tank.reload - 1, 0);
  if ((joystick & FIRE) !== 0 && tank.reload === 0 && tank.shellX === OUT) {
    tank.shellX = tank.x + MUZZLE * DX[tank.heading]!;
    tank.shellY = tank.y + MUZZLE * DY[tank.heading]!;
    tank.shellHeading = tank.heading;
    tank.reload = RELOAD;
  }
}

/** Whether a tank can stand at a place, the other being where it is. */
const fits = (x: number, y: number, other: Tank): boolean =>
  isClear(pixel(x), pixel(y), HALF) && !covers(x, y, other, 2 * HALF);

/** Whether a point is within `reach` pixels of the middle of a tank, across and down. */
const covers = (x: number, y: number, tank: Tank, reach: number): boolean =>
  Math.abs(x - tank.x) < reach * UNIT && Math.abs(y - tank.y) < reach * UNIT;

/** Moves a tank's shell. Returns whether it hits the other. */
function fly(tank: Tank, other: Tank): boolean {
  if (tank.shellX === OUT) return false;
  tank.shellX += SHELL_SPEED * DX[tank.shellHeading]!;
  tank.shellY += SHELL_SPEED * DY[tank.shellHeading]!;
  const hits = covers(tank.shellX, tank.shellY, other, HALF + 1);
  if (hits || isWall(pixel(tank.shellX), pixel(tank.shellY))) {
    tank.shellX = OUT;
    tank.shellY = 0;
  }
  return hits;
}

/** Writes ten numbers on a tank from `at` on. */
function observeTank(out: Float32Array, at: number, tank: Tank): void {
  const flies = tank.shellX !== OUT;
  out[at] = tank.x / UNIT / WIDTH;
  out[at + 1] = tank.y / UNIT / HEIGHT;
  out[at + 2] = DX[tank.heading]! / UNIT;
  out[at + 3] = -DY[tank.heading]! / UNIT;
  out[at + 4] = tank.reload === 0 ? 1 : 0;
  out[at + 5] = flies ? 1 : 0;
  out[at + 6] = flies ? tank.shellX / UNIT / WIDTH : 0;
  out[at + 7] = flies ? tank.shellY / UNIT / HEIGHT : 0;
  out[at + 8] = flies ? DX[tank.shellHeading]! / UNIT : 0;
  out[at + 9] = flies ? DY[tank.shellHeading]! / UNIT : 0;
}

const JOYSTICKS = joysticks(
  'NOOP',
  'FIRE',
  'UP',
  'RIGHT',
  'LEFT',
  'UPRIGHT',
  'UPLEFT',
  'UPFIRE',
  'RIGHTFIRE',
  'LEFTFIRE',
  'UPRIGHTFIRE',
  'UPLEFTFIRE',
);

export const tanks = pixelEnv({
  name: 'Tanks',
  description: 'Hunt another tank among walls: the first to score 10 hits wins.',
  source: 'own game, after Tank in Combat (Atari 1977)',
  rewardRange: [-1, 1],
  rewardThreshold: 5,
  lives: 0,
  options: { opponent: OPPONENT_OPTION },
  create: ({ opponent }) => {
    const arena = new TankArena();
    return new AgainstScript(arena, new Gunner(arena, opponent as Strength), JOYSTICKS);
  },
});

export const tanksDuel = duelWorld({
  name: 'Tanks',
  description: 'Two players hunt each other in tanks among walls: the first to score 10 hits wins.',
  source: 'own game, after Tank in Combat (Atari 1977)',
  rewardRange: [-1, 1],
  joysticks: JOYSTICKS,
  create: () => new TankArena(),
});
