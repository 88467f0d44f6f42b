/**
 * Invaders: rows of invaders march down, a cannon below shoots at them from behind shields.
 *
 * - Actions, as in ALE: 0 NOOP, 1 FIRE, 2 RIGHT, 3 LEFT, 4 RIGHTFIRE, 5 LEFTFIRE. The cannon moves 1.5 pixels a frame;
 *   one shot of its flies at a time, 4 pixels a frame.
 * - 6 rows of 6 invaders, worth 30, 25, 20, 15, 10, 5 from the top. They march to the side by 2 pixels, and down by 6 at
 *   the edge, every 30 frames when all are there and the faster the fewer they are.
 * - Up to 3 bombs fall at once, each from the lowest invader of a column: every other one from above the cannon, the rest
 *   from anywhere. They fall 1.5 pixels a frame in the first wave and a quarter more in each that follows, up to 2.5.
 * - Shots, bombs and invaders wear the three shields down. A shot and a bomb that meet are both gone.
 * - Every 15 to 25 seconds a ship crosses above, worth 200.
 * - When a wave is shot, the next begins 8 pixels lower (up to 4 times), with new shields.
 * - 3 lives, one lost to every bomb that hits; the game stands still for 0.8 seconds and the cannon returns on the left.
 * - Reward: what was shot. Terminated: no life is left, or an invader reaches the cannon's height.
 * - State, 60 numbers; positions are over the screen (x / 160, y / 210) and 0 for what is not there: cannon x; shot there
 *   (1), x, y; three times bomb there, x, y; the invaders' left and upper ends, direction (-1 or 1), frames between two
 *   marches (over 30); ship x, direction; what is left of each shield; lives (over 3); whether the game stands still; then
 *   for each invader, row by row from the top left, whether it lives.
 *
 * Source: own game, after Space Invaders (Taito 1978; Atari 2600, 1980) as in the Arcade Learning Environment.
 */
import { Box, Discrete } from '../../../protocol/spaces/index.js';
import type { Rng } from '../../rng/rng.js';
import { stateIntegers } from '../../snapshot.js';
import { MAX_FRAME_SKIP, pixelEnv } from '../define.js';
import type { PixelGame } from '../game.js';
import { axis, FIRE, joysticks, LEFT, RIGHT } from '../joystick.js';
import { clamp, pixel, UNIT } from '../motion.js';
import { type Limits, readMap, readNumbers } from '../saved.js';
import { Screen } from '../screen.js';
import { HEIGHT, WIDTH } from '../size.js';
import {
  COLUMNS,
  COUNT,
  Formation,
  INVADER_HEIGHT,
  INVADER_WIDTH,
  MARGIN,
  MAX_VALUE,
  SLOWEST,
} from './formation.js';
import { SHIELDS, Shields } from './shields.js';
import { CANNON, COLORS, GROUND, SHIP, SHOT_COLOR, SKY, TEXT, WRECK } from './sprites.js';

const ACTIONS = joysticks('NOOP', 'FIRE', 'RIGHT', 'LEFT', 'RIGHTFIRE', 'LEFTFIRE');

const CEILING = 16;
const GROUND_Y = 190;
const CANNON_Y = 180;
const CANNON_START = 16;
const CANNON_SPEED = 1.5 * UNIT;
const SHOT_WIDTH = 2;
const SHOT_HEIGHT = 6;
const SHOT_SPEED = 4;
const BOMBS = 3;
/** In the first wave, the second, and so on. */
const BOMB_SPEEDS = [1.5 * UNIT, 1.75 * UNIT, 2 * UNIT, 2.25 * UNIT, 2.5 * UNIT] as const;
const MIN_BOMB_WAIT = 10;
const MAX_BOMB_WAIT = 40;
const SHIP_Y = 20;
const SHIP_VALUE = 200;
const MIN_SHIP_WAIT = 900;
const MAX_SHIP_WAIT = 1500;
const LIVES = 3;
const PAUSE = 48;

/** What is not on the screen is at x = OUT. */
const OUT = -1000;

const LIMITS = {
  action: [0, ACTIONS.length - 1],
  lives: [0, LIVES],
  score: [0, 10 ** 9],
  wave: [0, 10 ** 6],
  pause: [0, PAUSE],
  cannonX: [0, WIDTH * UNIT],
  shotX: [OUT, WIDTH],
  shotY: [0, HEIGHT],
  bombIn: [0, MAX_BOMB_WAIT],
  shipX: [OUT, WIDTH],
  shipDirection: [-1, 1],
  shipIn: [0, MAX_SHIP_WAIT],
} as const satisfies Limits<string>;

class Invaders implements PixelGame<number> {
  readonly screen = new Screen();
  readonly palette = COLORS;
  readonly actionSpace = new Discrete(ACTIONS.length);
  readonly stateSpace = new Box(-1, 1, [24 + COUNT]);

  /** Positions are upper left corners, in pixels; that of the cannon in 1/256 of a pixel. */
  readonly #now = {
    action: 0,
    lives: 0,
    score: 0,
    wave: 0,
    pause: 0,
    cannonX: 0,
    shotX: OUT,
    shotY: 0,
    bombIn: 0,
    shipX: OUT,
    shipDirection: 0,
    shipIn: 0,
  };
  readonly #formation = new Formation();
  readonly #shields = new Shields();
  readonly #bombX = new Int32Array(BOMBS).fill(OUT);
  /** In 1/256 of a pixel. */
  readonly #bombY = new Int32Array(BOMBS);
  #rng: Rng | undefined;
  /** What the background of the screen shows. */
  #shownScore = -1;
  #shownLives = -1;

  constructor() {
    this.screen.paintRect(0, GROUND_Y, WIDTH, 3, GROUND);
  }

  get lives(): number {
    return this.#now.lives;
  }

  get isOver(): boolean {
    return this.#now.lives === 0;
  }

  start(rng: Rng): void {
    this.#rng = rng;
    const now = this.#now;
    now.action = 0;
    now.lives = LIVES;
    now.score = 0;
    now.wave = 0;
    now.pause = 0;
    now.cannonX = CANNON_START * UNIT;
    this.#beginWave();
  }

  hold(action: number): void {
    this.#now.action = action;
  }

  playFrame(): number {
    const now = this.#now;
    if (now.pause > 0) {
      now.pause--;
      if (now.pause === 0) now.cannonX = CANNON_START * UNIT;
      return 0;
    }
    this.#moveCannon(ACTIONS[now.action]!);
    const reward = this.#moveShot();
    now.score += reward;
    this.#moveShip();
    if (this.#formation.march(this.#shields) >= CANNON_Y) now.lives = 0;
    this.#moveBombs();
    if (this.#formation.count === 0) {
      now.wave++;
      this.#beginWave();
    }
    return reward;
  }

  observe(out: Float32Array): void {
    const now = this.#now;
    const { now: formation, period, alive } = this.#formation;
    out[0] = now.cannonX / UNIT / WIDTH;
    observePoint(out, 1, now.shotX, now.shotY);
    for (let i = 0; i < BOMBS; i++) observePoint(out, 4 + 3 * i, this.#bombX[i]!, this.#bombY[i]! / UNIT);
    out[13] = formation.x / WIDTH;
    out[14] = formation.y / HEIGHT;
    out[15] = formation.direction;
    out[16] = period / SLOWEST;
    out[17] = now.shipX === OUT ? 0 : clamp(now.shipX / WIDTH, 0, 1);
    out[18] = now.shipX === OUT ? 0 : now.shipDirection;
    for (let i = 0; i < SHIELDS; i++) out[19 + i] = this.#shields.left(i);
    out[22] = now.lives / LIVES;
    out[23] = now.pause > 0 ? 1 : 0;
    out.set(alive, 24);
  }

  draw(): void {
    const { screen } = this;
    const now = this.#now;
    screen.clear();
    this.#formation.erase(screen);
    this.#shields.paint(screen);
    this.#formation.paint(screen);
    if (now.score !== this.#shownScore || now.lives !== this.#shownLives) this.#paintScore();
    screen.drawSprite(SHIP, now.shipX, SHIP_Y);
    screen.drawSprite(now.pause > 0 ? WRECK : CANNON, pixel(now.cannonX), CANNON_Y);
    screen.drawRect(now.shotX, now.shotY, SHOT_WIDTH, SHOT_HEIGHT, SHOT_COLOR);
    for (let i = 0; i < BOMBS; i++) {
      screen.drawRect(this.#bombX[i]!, pixel(this.#bombY[i]!), SHOT_WIDTH, SHOT_HEIGHT, TEXT);
    }
  }

  save(): unknown {
    return {
      ...this.#now,
      bombX: [...this.#bombX],
      bombY: [...this.#bombY],
      formation: this.#formation.save(),
      shields: this.#shields.save(),
    };
  }

  load(saved: unknown): void {
    const numbers = readNumbers(saved, LIMITS);
    const map = readMap(saved);
    const bombX = stateIntegers(map.bombX, BOMBS, OUT, WIDTH);
    const bombY = stateIntegers(map.bombY, BOMBS, 0, HEIGHT * UNIT);
    const loadFormation = this.#formation.loader(map.formation);
    const loadShields = this.#shields.loader(map.shields);
    Object.assign(this.#now, numbers);
    this.#bombX.set(bombX);
    this.#bombY.set(bombY);
    loadFormation();
    loadShields();
  }

  #beginWave(): void {
    this.#formation.assemble(this.#now.wave);
    this.#shields.rebuild();
    this.#clearSky();
    this.#awaitShip();
  }

  /** Takes shot and bombs away. */
  #clearSky(): void {
    this.#now.shotX = OUT;
    this.#bombX.fill(OUT);
    this.#now.bombIn = MAX_BOMB_WAIT;
  }

  #awaitShip(): void {
    this.#now.shipX = OUT;
    this.#now.shipIn = this.#rng!.integers(MIN_SHIP_WAIT, MAX_SHIP_WAIT + 1);
  }

  #moveCannon(joystick: number): void {
    const now = this.#now;
    const x = now.cannonX + axis(joystick, RIGHT, LEFT) * CANNON_SPEED;
    now.cannonX = clamp(x, MARGIN * UNIT, (WIDTH - MARGIN - CANNON.width) * UNIT);
    if (now.shotX === OUT && (joystick & FIRE) !== 0) {
      now.shotX = pixel(now.cannonX) + (CANNON.width - SHOT_WIDTH) / 2;
      now.shotY = CANNON_Y - SHOT_HEIGHT;
    }
  }

  /** Moves the shot. Returns the value of what it hit. */
  #moveShot(): number {
    const now = this.#now;
    if (now.shotX === OUT) return 0;
    now.shotY -= SHOT_SPEED;
    const { shotX: x, shotY: y } = now;
    if (y < CEILING || this.#shields.hit(x, y) || this.#hitBomb(x, y)) {
      now.shotX = OUT;
      return 0;
    }
    if (now.shipX !== OUT && touches(x - now.shipX, y - SHIP_Y, SHIP.width, SHIP.height)) {
      now.shotX = OUT;
      this.#awaitShip();
      return SHIP_VALUE;
    }
    const formation = this.#formation;
    for (let i = 0; i < COUNT; i++) {
      if (formation.alive[i] === 0) continue;
      if (!touches(x - formation.left(i), y - formation.top(i), INVADER_WIDTH, INVADER_HEIGHT)) continue;
      now.shotX = OUT;
      return formation.kill(i);
    }
    return 0;
  }

  #hitBomb(x: number, y: number): boolean {
    for (let i = 0; i < BOMBS; i++) {
      const dx = Math.abs(this.#bombX[i]! - x);
      const dy = Math.abs(pixel(this.#bombY[i]!) - y);
      if (dx < SHOT_WIDTH && dy < SHOT_HEIGHT) {
        this.#bombX[i] = OUT;
        return true;
      }
    }
    return false;
  }

  #moveShip(): void {
    const now = this.#now;
    if (now.shipX === OUT) {
      if (--now.shipIn > 0) return;
      now.shipDirection = this.#rng!.integers(0, 2) === 0 ? 1 : -1;
      now.shipX = now.shipDirection > 0 ? -SHIP.width : WIDTH;
    }
    now.shipX += now.shipDirection;
    if (now.shipX < -SHIP.width || now.shipX > WIDTH) this.#awaitShip();
  }

  #moveBombs(): void {
    const now = this.#now;
    const speed = BOMB_SPEEDS[Math.min(now.wave, BOMB_SPEEDS.length - 1)]!;
    now.bombIn = Math.max(now.bombIn - 1, 0);
    for (let i = 0; i < BOMBS; i++) {
      if (this.#bombX[i] === OUT) {
        if (now.bombIn === 0) this.#dropBomb(i);
        continue;
      }
      this.#bombY[i]! += speed;
      const x = this.#bombX[i]!;
      const tip = pixel(this.#bombY[i]!) + SHOT_HEIGHT - 1;
      if (tip >= GROUND_Y || this.#shields.hit(x, tip)) {
        this.#bombX[i] = OUT;
      } else if (touches(x - pixel(now.cannonX), tip - CANNON_Y, CANNON.width, CANNON.height)) {
        now.lives = Math.max(now.lives - 1, 0);
        now.pause = PAUSE;
        this.#clearSky();
        return;
      }
    }
  }

  /** Lets bomb `i` fall: every other one from the column above the cannon, the rest from anywhere. */
  #dropBomb(i: number): void {
    const now = this.#now;
    const rng = this.#rng!;
    const formation = this.#formation;
    now.bombIn = rng.integers(MIN_BOMB_WAIT, MAX_BOMB_WAIT + 1);
    const above = Math.floor(((pixel(now.cannonX) - formation.now.x) * COLUMNS) / formation.width);
    const column = rng.integers(0, 2) === 0 ? above : rng.integers(0, COLUMNS);
    const invader = formation.lowest(clamp(column, 0, COLUMNS - 1));
    if (invader < 0) return;
    this.#bombX[i] = formation.left(invader) + (INVADER_WIDTH - SHOT_WIDTH) / 2;
    this.#bombY[i] = (formation.top(invader) + INVADER_HEIGHT) * UNIT;
  }

  #paintScore(): void {
    const { score, lives } = this.#now;
    this.screen.paintRect(0, 0, WIDTH, CEILING, SKY);
    this.screen.paintText(String(score).padStart(4, '0'), 30, 3, TEXT, 2);
    this.screen.paintText(String(lives), 120, 3, TEXT, 2);
    this.#shownScore = score;
    this.#shownLives = lives;
  }
}

/** Whether something two pixels wide, with its left end at (x, y) from the corner of a rectangle, touches that. */
const touches = (x: number, y: number, width: number, height: number): boolean =>
  x > -SHOT_WIDTH && x < width && y >= 0 && y < height;

/** Writes whether something is there and where. */
function observePoint(out: Float32Array, at: number, x: number, y: number): void {
  const there = x !== OUT;
  out[at] = there ? 1 : 0;
  out[at + 1] = there ? x / WIDTH : 0;
  out[at + 2] = there ? y / HEIGHT : 0;
}

export const invaders = pixelEnv({
  name: 'Invaders',
  description: 'Shoot down marching invaders before they land, and keep out of their bombs.',
  source: 'own game, after Space Invaders (Taito 1978, Atari 1980) as in the Arcade Learning Environment',
  rewardRange: [0, SHIP_VALUE + MAX_VALUE * MAX_FRAME_SKIP],
  rewardThreshold: 1000,
  lives: LIVES,
  create: () => new Invaders(),
});
