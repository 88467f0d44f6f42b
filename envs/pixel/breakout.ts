/**
 * Breakout: a paddle at the bottom bounces a ball against a wall of bricks, which break.
 *
 * - Actions, as in ALE: 0 NOOP, 1 FIRE, 2 RIGHT, 3 LEFT. Fire throws in the ball. The paddle picks up speed, 1 pixel a
 *   frame, up to 4.
 * - 6 rows of 18 bricks, worth 7, 7, 4, 4, 1, 1 from the top. The ball breaks one brick a frame and bounces off the side
 *   that it meets. When a wall is gone, the second and last stands up as the ball meets the paddle.
 * - The paddle has six sections that send the ball off at 60, 40 or 20 degrees from the vertical, to the side that was
 *   met. The ball flies at 1.25 pixels a frame, and faster by steps with the 4th and the 12th stroke and with the first
 *   touch of a brick worth 4 and of one worth 7, up to 3. Once it has reached the ceiling the paddle is half as wide.
 *   A new ball begins anew.
 * - 5 balls, which count as lives.
 * - Reward: the value of the bricks broken.
 * - Terminated: the last ball is lost, or both walls are gone (864 points).
 * - State, 117 numbers: ball x and y (0 to 1 between the walls; 0 while it is out), its velocity in x and y (over 3
 *   pixels a frame), whether it is in play; paddle x (its left end, 0 to 1), its velocity (over 4), its width (1 or 0.5);
 *   lives (over 5); then for each brick, row by row from the top left, whether it stands.
 *
 * Source: own game, after Breakout (Atari, 1976 and for the 2600, 1978) as in the Arcade Learning Environment.
 */
import { Box, Discrete } from '../../protocol/spaces/index.js';
import type { Rng } from '../rng/rng.js';
import { MAX_FRAME_SKIP, pixelEnv } from './define.js';
import type { PixelGame } from './game.js';
import { axis, FIRE, joysticks, LEFT, RIGHT } from './joystick.js';
import { clamp, glide, pixel, UNIT } from './motion.js';
import { palette } from './palette.js';
import { type Limits, readBits, readMap, readNumbers, saveBits } from './saved.js';
import { Screen } from './screen.js';
import { HEIGHT, WIDTH } from './size.js';

const ACTIONS = joysticks('NOOP', 'FIRE', 'RIGHT', 'LEFT');

const LEFT_WALL = 8;
const RIGHT_WALL = 152;
const CEILING = 32;
const ROWS = 6;
const COLUMNS = 18;
const BRICKS = ROWS * COLUMNS;
const BRICK_WIDTH = 8;
const BRICK_HEIGHT = 6;
const BRICK_TOP = 57;
const VALUES = [7, 7, 4, 4, 1, 1] as const;
const PADDLE_Y = 189;
const PADDLE_HEIGHT = 4;
const PADDLE_WIDTH = 16;
const PADDLE_SPEED = 4;
const BALL_WIDTH = 2;
const BALL_HEIGHT = 4;
const SERVE_Y = 120;
const LIVES = 5;
const WALLS = 2;

/** Speed of the ball by how often it has become faster. */
const SPEEDS = [1.25 * UNIT, 1.75 * UNIT, 2.25 * UNIT, 2.625 * UNIT, 3 * UNIT] as const;
const MAX_SPEED = 3 * UNIT;
/** Directions from the sections of the paddle, a length of UNIT each: sine and cosine of 60, 40, 20 degrees. */
const DIRECTIONS = [
  [-222, -128],
  [-165, -196],
  [-88, -241],
  [88, -241],
  [165, -196],
  [222, -128],
] as const;

const LIMITS = {
  action: [0, ACTIONS.length - 1],
  lives: [0, LIVES],
  walls: [0, WALLS],
  score: [0, WALLS * 432],
  inPlay: [0, 1],
  ballX: [LEFT_WALL * UNIT, RIGHT_WALL * UNIT],
  ballY: [CEILING * UNIT, HEIGHT * UNIT],
  ballVx: [-MAX_SPEED, MAX_SPEED],
  ballVy: [-MAX_SPEED, MAX_SPEED],
  strokes: [0, 12],
  touched4: [0, 1],
  touched7: [0, 1],
  paddleX: [LEFT_WALL, RIGHT_WALL],
  paddleSpeed: [-PADDLE_SPEED, PADDLE_SPEED],
  paddleWidth: [PADDLE_WIDTH / 2, PADDLE_WIDTH],
} as const satisfies Limits<string>;

const COLORS = palette(
  [16, 16, 24],
  [142, 146, 160],
  [206, 72, 72],
  [214, 112, 56],
  [206, 150, 50],
  [180, 178, 58],
  [84, 168, 84],
  [80, 110, 204],
  [240, 236, 220],
  [232, 120, 120],
);
const FLOOR = 0;
const FRAME = 1;
const FIRST_ROW = 2;
const BALL = 8;
const PADDLE = 9;

class Breakout implements PixelGame<number> {
  readonly screen = new Screen();
  readonly palette = COLORS;
  readonly actionSpace = new Discrete(ACTIONS.length);
  readonly stateSpace = new Box(-1, 1, [9 + BRICKS]);

  /** Ball in 1/256 of a pixel, its top left corner; paddle in pixels, its left end. */
  readonly #now = {
    action: 0,
    lives: 0,
    walls: 0,
    score: 0,
    inPlay: 0,
    ballX: LEFT_WALL * UNIT,
    ballY: CEILING * UNIT,
    ballVx: 0,
    ballVy: 0,
    strokes: 0,
    touched4: 0,
    touched7: 0,
    paddleX: 0,
    paddleSpeed: 0,
    paddleWidth: PADDLE_WIDTH,
  };
  /** 1 where a brick stands, row by row. */
  readonly #bricks = new Uint8Array(BRICKS);
  #rng: Rng | undefined;
  /** What the background of the screen shows. */
  readonly #shownBricks = new Uint8Array(BRICKS);
  #shownScore = -1;
  #shownLives = -1;

  constructor() {
    this.screen.paintRect(0, CEILING - 15, WIDTH, 15, FRAME);
    this.screen.paintRect(0, CEILING, LEFT_WALL, HEIGHT - CEILING - 14, FRAME);
    this.screen.paintRect(RIGHT_WALL, CEILING, WIDTH - RIGHT_WALL, HEIGHT - CEILING - 14, FRAME);
  }

  get lives(): number {
    return this.#now.lives;
  }

  get isOver(): boolean {
    return this.#now.lives === 0 || this.#now.walls === WALLS;
  }

  start(rng: Rng): void {
    this.#rng = rng;
    const now = this.#now;
    now.action = 0;
    now.lives = LIVES;
    now.walls = 0;
    now.score = 0;
    now.paddleX = (LEFT_WALL + RIGHT_WALL - PADDLE_WIDTH) / 2;
    now.paddleSpeed = 0;
    now.paddleWidth = PADDLE_WIDTH;
    now.inPlay = 0;
    this.#bricks.fill(1);
  }

  hold(action: number): void {
    this.#now.action = action;
  }

  playFrame(): number {
    const now = this.#now;
    const joystick = ACTIONS[now.action]!;
    now.paddleSpeed = glide(now.paddleSpeed, axis(joystick, RIGHT, LEFT), PADDLE_SPEED);
    now.paddleX = clamp(now.paddleX + now.paddleSpeed, LEFT_WALL, RIGHT_WALL - now.paddleWidth);
    if (now.inPlay === 0) {
      if ((joystick & FIRE) !== 0) this.#throwIn();
      return 0;
    }
    const reward = this.#flyAcross() || this.#flyAlong();
    now.score += reward;
    this.#meetPaddle();
    if (now.ballY >= (HEIGHT - BALL_HEIGHT) * UNIT) this.#lose();
    if (now.walls === WALLS - 1 && reward > 0 && !this.#bricks.includes(1)) now.walls = WALLS;
    return reward;
  }

  observe(out: Float32Array): void {
    const now = this.#now;
    const room = RIGHT_WALL - LEFT_WALL;
    out[0] = now.inPlay * ((now.ballX / UNIT - LEFT_WALL) / room);
    out[1] = now.inPlay * ((now.ballY / UNIT - CEILING) / (HEIGHT - CEILING));
    out[2] = now.inPlay * (now.ballVx / MAX_SPEED);
    out[3] = now.inPlay * (now.ballVy / MAX_SPEED);
    out[4] = now.inPlay;
    out[5] = (now.paddleX - LEFT_WALL) / room;
    out[6] = now.paddleSpeed / PADDLE_SPEED;
    out[7] = now.paddleWidth / PADDLE_WIDTH;
    out[8] = now.lives / LIVES;
    out.set(this.#bricks, 9);
  }

  draw(): void {
    const { screen } = this;
    const now = this.#now;
    screen.clear();
    for (let i = 0; i < BRICKS; i++) {
      if (this.#bricks[i] !== this.#shownBricks[i]) this.#paintBrick(i);
    }
    if (now.score !== this.#shownScore || now.lives !== this.#shownLives) this.#paintScore();
    screen.drawRect(now.paddleX, PADDLE_Y, now.paddleWidth, PADDLE_HEIGHT, PADDLE);
    if (now.inPlay === 1) {
      screen.drawRect(pixel(now.ballX), pixel(now.ballY), BALL_WIDTH, BALL_HEIGHT, BALL);
    }
  }

  save(): unknown {
    return { ...this.#now, bricks: saveBits(this.#bricks) };
  }

  load(saved: unknown): void {
    const numbers = readNumbers(saved, LIMITS);
    this.#bricks.set(readBits(readMap(saved).bricks, BRICKS));
    Object.assign(this.#now, numbers);
  }

  /** A new ball falls from the middle, with a whole paddle to meet it. */
  #throwIn(): void {
    const now = this.#now;
    const rng = this.#rng!;
    now.inPlay = 1;
    now.strokes = 0;
    now.touched4 = now.touched7 = 0;
    now.ballX = rng.integers(LEFT_WALL + 24, RIGHT_WALL - 24) * UNIT;
    now.ballY = SERVE_Y * UNIT;
    this.#send(rng.integers(1, 5));
    now.ballVy = -now.ballVy;
  }

  /** Sends the ball off upwards, as section `section` of the paddle does. */
  #send(section: number): void {
    const now = this.#now;
    const [x, y] = DIRECTIONS[section]!;
    now.ballVx = (x * this.#speed) >> 8;
    now.ballVy = (y * this.#speed) >> 8;
  }

  get #speed(): number {
    const { strokes, touched4, touched7 } = this.#now;
    return SPEEDS[(strokes >= 4 ? 1 : 0) + (strokes >= 12 ? 1 : 0) + touched4 + touched7]!;
  }

  /** Moves the ball sideways. Returns the value of the brick it broke. */
  #flyAcross(): number {
    const now = this.#now;
    now.ballX += now.ballVx;
    const rightmost = (RIGHT_WALL - BALL_WIDTH) * UNIT;
    if (now.ballX < LEFT_WALL * UNIT || now.ballX > rightmost) {
      const wall = now.ballX < LEFT_WALL * UNIT ? LEFT_WALL * UNIT : rightmost;
      now.ballX = 2 * wall - now.ballX;
      now.ballVx = -now.ballVx;
      return 0;
    }
    const face = pixel(now.ballX) + (now.ballVx > 0 ? BALL_WIDTH - 1 : 0);
    const y = pixel(now.ballY);
    const brick = firstOf(this.#brickAt(face, y), this.#brickAt(face, y + BALL_HEIGHT - 1));
    if (brick < 0) return 0;
    now.ballX -= now.ballVx;
    now.ballVx = -now.ballVx;
    return this.#break(brick);
  }

  /** Moves the ball up or down. Returns the value of the brick it broke. */
  #flyAlong(): number {
    const now = this.#now;
    now.ballY += now.ballVy;
    if (now.ballY < CEILING * UNIT) {
      now.ballY = 2 * CEILING * UNIT - now.ballY;
      now.ballVy = -now.ballVy;
      now.paddleWidth = PADDLE_WIDTH / 2;
      return 0;
    }
    const face = pixel(now.ballY) + (now.ballVy > 0 ? BALL_HEIGHT - 1 : 0);
    const x = pixel(now.ballX);
    const brick = firstOf(this.#brickAt(x, face), this.#brickAt(x + BALL_WIDTH - 1, face));
    if (brick < 0) return 0;
    now.ballY -= now.ballVy;
    now.ballVy = -now.ballVy;
    return this.#break(brick);
  }

  /** The brick that stands at a pixel between the walls; -1 if none does. */
  #brickAt(x: number, y: number): number {
    const row = Math.floor((y - BRICK_TOP) / BRICK_HEIGHT);
    if (row < 0 || row >= ROWS) return -1;
    const brick = row * COLUMNS + Math.floor((x - LEFT_WALL) / BRICK_WIDTH);
    return this.#bricks[brick] === 1 ? brick : -1;
  }

  #break(brick: number): number {
    const now = this.#now;
    const value = VALUES[Math.floor(brick / COLUMNS)]!;
    this.#bricks[brick] = 0;
    const before = this.#speed;
    if (value === 4) now.touched4 = 1;
    if (value === 7) now.touched7 = 1;
    now.ballVx = Math.trunc((now.ballVx * this.#speed) / before);
    now.ballVy = Math.trunc((now.ballVy * this.#speed) / before);
    return value;
  }

  /** Bounces the ball off the paddle, if it comes down upon it. */
  #meetPaddle(): void {
    const now = this.#now;
    const bottom = pixel(now.ballY) + BALL_HEIGHT;
    if (now.ballVy < 0 || bottom <= PADDLE_Y || bottom > PADDLE_Y + PADDLE_HEIGHT + BALL_HEIGHT) return;
    const offset = pixel(now.ballX) + BALL_WIDTH - now.paddleX;
    const reach = now.paddleWidth + BALL_WIDTH;
    if (offset <= 0 || offset >= reach) return;
    now.ballY = (PADDLE_Y - BALL_HEIGHT) * UNIT;
    now.strokes = Math.min(now.strokes + 1, 12);
    this.#send(Math.floor((offset * DIRECTIONS.length) / reach));
    if (!this.#bricks.includes(1)) {
      this.#bricks.fill(1);
      now.walls++;
    }
  }

  #lose(): void {
    const now = this.#now;
    now.lives--;
    now.inPlay = 0;
    now.paddleWidth = PADDLE_WIDTH;
    now.paddleX = Math.min(now.paddleX, RIGHT_WALL - PADDLE_WIDTH);
  }

  #paintBrick(brick: number): void {
    const row = Math.floor(brick / COLUMNS);
    const x = LEFT_WALL + (brick % COLUMNS) * BRICK_WIDTH;
    const color = this.#bricks[brick] === 1 ? FIRST_ROW + row : FLOOR;
    this.screen.paintRect(x, BRICK_TOP + row * BRICK_HEIGHT, BRICK_WIDTH, BRICK_HEIGHT, color);
    this.#shownBricks[brick] = this.#bricks[brick]!;
  }

  #paintScore(): void {
    const { score, lives } = this.#now;
    this.screen.paintRect(0, 0, WIDTH, CEILING - 15, FLOOR);
    this.screen.paintText(String(score).padStart(3, '0'), 36, 3, FRAME, 2);
    this.screen.paintText(String(lives), 116, 3, FRAME, 2);
    this.#shownScore = score;
    this.#shownLives = lives;
  }
}

/** The first of two bricks that exists. */
const firstOf = (a: number, b: number): number => (a >= 0 ? a : b);

export const breakout = pixelEnv({
  name: 'Breakout',
  description: 'Bounce a ball with a paddle to break two walls of bricks.',
  source: 'own game, after Breakout (Atari 1976, 1978) as in the Arcade Learning Environment',
  rewardRange: [0, 7 * MAX_FRAME_SKIP],
  rewardThreshold: 400,
  lives: LIVES,
  create: () => new Breakout(),
});
