/**
 * Pong: two paddles, one ball; who misses it loses the point, and who first has 21 points wins.
 *
 * - The agent has the right paddle, a script the left one (option `opponent`). In PongDuel the second player has it.
 * - Actions, as in ALE: 0 NOOP, 1 FIRE, 2 RIGHT (up), 3 LEFT (down), 4 RIGHTFIRE, 5 LEFTFIRE. Fire serves the ball, which
 *   comes by itself a second after the point. Paddles pick up speed, 1 pixel a frame, up to 3.
 * - The ball is served from the middle towards the winner of the last point. It flies at 1.5 pixels a frame across the
 *   court, and faster with every fourth stroke, up to 3. Where it meets the paddle decides how steeply it leaves: there
 *   are eight sections, flat in the middle and steep at the ends.
 * - Reward: 1 for a point won, -1 for a point lost.
 * - Terminated: someone has 21 points.
 * - State, 12 numbers: ball x and y (0 to 1 over the court; 0 while it is out), its velocity in x and y (over 6 pixels a
 *   frame), whether it is in play; own paddle y (0 to 1), its velocity (over 3); the other's y and velocity; own points
 *   and the other's (over 21); frames until the serve (over 60).
 *
 * Source: own game, after Pong for the Atari 2600 (Video Olympics, 1977) in the Arcade Learning Environment.
 */
import { Box } from '../../protocol/spaces/index.js';
import type { Rng } from '../rng/rng.js';
import { pixelEnv } from './define.js';
import { AgainstScript, type Duel, OPPONENT_OPTION, type Opponent, type Strength } from './duel.js';
import { duelWorld } from './duel-world.js';
import { axis, FIRE, joysticks, LEFT, RIGHT } from './joystick.js';
import { clamp, glide, pixel, UNIT } from './motion.js';
import { palette } from './palette.js';
import { type Limits, readNumbers } from './saved.js';
import { Screen } from './screen.js';
import { WIDTH } from './size.js';

const TOP = 34;
const BOTTOM = 194;
const WALL = 10;
const PADDLE_WIDTH = 4;
const PADDLE_HEIGHT = 16;
const LEFT_X = 16;
const RIGHT_X = 140;
const BALL_WIDTH = 2;
const BALL_HEIGHT = 4;
const PADDLE_SPEED = 3;
const SERVE_FRAMES = 60;
const GAME = 21;

/** Speed across the court after 0, 4, 8 and 12 strokes. */
const SPEEDS = [1.5 * UNIT, 2 * UNIT, 2.5 * UNIT, 3 * UNIT] as const;
/** How steeply the ball leaves each section of the paddle from its upper end: pixels down for three across. */
const SLOPES = [-5, -3.5, -2, -0.75, 0.75, 2, 3.5, 5] as const;
const MAX_SPEED = 6 * UNIT;

const LIMITS = {
  ballX: [-MAX_SPEED, WIDTH * UNIT],
  ballY: [TOP * UNIT, (BOTTOM - BALL_HEIGHT) * UNIT],
  ballVx: [-MAX_SPEED, MAX_SPEED],
  ballVy: [-MAX_SPEED, MAX_SPEED],
  strokes: [0, 12],
  serveIn: [0, SERVE_FRAMES],
  rightY: [TOP, BOTTOM - PADDLE_HEIGHT],
  rightSpeed: [-PADDLE_SPEED, PADDLE_SPEED],
  rightPoints: [0, GAME],
  leftY: [TOP, BOTTOM - PADDLE_HEIGHT],
  leftSpeed: [-PADDLE_SPEED, PADDLE_SPEED],
  leftPoints: [0, GAME],
} as const satisfies Limits<string>;

const COLORS = palette(
  [0, 0, 0],
  [36, 40, 56],
  [188, 194, 214],
  [246, 240, 222],
  [110, 220, 150],
  [240, 128, 92],
);
const COURT = 0;
const NET = 1;
const RAIL = 2;
const BALL = 3;
const RIGHT_COLOR = 4;
const LEFT_COLOR = 5;

/** The game between two joysticks; the first player has the right paddle. */
export class PongCourt implements Duel {
  readonly screen = new Screen();
  readonly palette = COLORS;
  readonly stateSpace = new Box(-1, 1, [12]);
  /** Ball in 1/256 of a pixel, its top left corner; paddles in pixels, their upper ends. */
  readonly now = {
    ballX: 0,
    ballY: 0,
    ballVx: 0,
    ballVy: 0,
    strokes: 0,
    serveIn: 0,
    rightY: 0,
    rightSpeed: 0,
    rightPoints: 0,
    leftY: 0,
    leftSpeed: 0,
    leftPoints: 0,
  };
  #rng: Rng | undefined;
  /** The points that the screen shows. */
  #shownRight = -1;
  #shownLeft = -1;

  constructor() {
    const { screen } = this;
    for (const y of [TOP - WALL, BOTTOM]) screen.paintRect(0, y, WIDTH, WALL, RAIL);
    for (let y = TOP + 4; y < BOTTOM; y += 16) screen.paintRect(WIDTH / 2 - 1, y, 2, 8, NET);
  }

  get isOver(): boolean {
    return this.now.leftPoints === GAME || this.now.rightPoints === GAME;
  }

  start(rng: Rng): void {
    this.#rng = rng;
    const { now } = this;
    now.leftPoints = now.rightPoints = 0;
    now.leftSpeed = now.rightSpeed = 0;
    now.leftY = now.rightY = (TOP + BOTTOM - PADDLE_HEIGHT) / 2;
    this.#awaitServe(rng.integers(0, 2) === 0 ? -1 : 1);
  }

  playFrame(right: number, left: number): number {
    const { now } = this;
    now.rightSpeed = glide(now.rightSpeed, axis(right, LEFT, RIGHT), PADDLE_SPEED);
    now.rightY = clamp(now.rightY + now.rightSpeed, TOP, BOTTOM - PADDLE_HEIGHT);
    now.leftSpeed = glide(now.leftSpeed, axis(left, LEFT, RIGHT), PADDLE_SPEED);
    now.leftY = clamp(now.leftY + now.leftSpeed, TOP, BOTTOM - PADDLE_HEIGHT);
    if (now.serveIn > 0) {
      now.serveIn = ((right | left) & FIRE) === 0 ? now.serveIn - 1 : 0;
      return 0;
    }
    this.#fly();
    if (now.ballX < 0) return this.#score(1);
    if (now.ballX > (WIDTH - BALL_WIDTH) * UNIT) return this.#score(-1);
    return 0;
  }

  observe(out: Float32Array, player: 0 | 1): void {
    const { now } = this;
    const inPlay = now.serveIn === 0;
    const room = BOTTOM - TOP - PADDLE_HEIGHT;
    // The second player sees the court mirrored, as if its paddle were the right one.
    const isRight = player === 0;
    const right = isRight ? 5 : 7;
    const left = isRight ? 7 : 5;
    const ballX = isRight ? now.ballX : (WIDTH - BALL_WIDTH) * UNIT - now.ballX;
    out[0] = inPlay ? clamp(ballX / (WIDTH * UNIT), 0, 1) : 0;
    out[1] = inPlay ? (now.ballY - TOP * UNIT) / ((BOTTOM - TOP) * UNIT) : 0;
    out[2] = inPlay ? (isRight ? now.ballVx : -now.ballVx) / MAX_SPEED : 0;
    out[3] = inPlay ? now.ballVy / MAX_SPEED : 0;
    out[4] = inPlay ? 1 : 0;
    out[right] = (now.rightY - TOP) / room;
    out[right + 1] = now.rightSpeed / PADDLE_SPEED;
    out[left] = (now.leftY - TOP) / room;
    out[left + 1] = now.leftSpeed / PADDLE_SPEED;
    out[9] = (isRight ? now.rightPoints : now.leftPoints) / GAME;
    out[10] = (isRight ? now.leftPoints : now.rightPoints) / GAME;
    out[11] = now.serveIn / SERVE_FRAMES;
  }

  draw(): void {
    const { now, screen } = this;
    screen.clear();
    if (this.#shownRight !== now.rightPoints || this.#shownLeft !== now.leftPoints) {
      screen.paintRect(0, 0, WIDTH, TOP - WALL, COURT);
      screen.paintText(String(now.leftPoints), 34, 3, LEFT_COLOR, 4);
      screen.paintText(String(now.rightPoints), 112, 3, RIGHT_COLOR, 4);
      this.#shownRight = now.rightPoints;
      this.#shownLeft = now.leftPoints;
    }
    screen.drawRect(LEFT_X, now.leftY, PADDLE_WIDTH, PADDLE_HEIGHT, LEFT_COLOR);
    screen.drawRect(RIGHT_X, now.rightY, PADDLE_WIDTH, PADDLE_HEIGHT, RIGHT_COLOR);
    if (now.serveIn === 0) {
      screen.drawRect(pixel(now.ballX), pixel(now.ballY), BALL_WIDTH, BALL_HEIGHT, BALL);
    }
  }

  save(): unknown {
    return { ...this.now };
  }

  load(saved: unknown): void {
    Object.assign(this.now, readNumbers(saved, LIMITS));
  }

  /** Puts the ball in the middle, to fly to the left (`side` -1) or right (1) once it is served. */
  #awaitServe(side: number): void {
    const { now } = this;
    const rng = this.#rng!;
    now.serveIn = SERVE_FRAMES;
    now.strokes = 0;
    now.ballX = (WIDTH / 2 - BALL_WIDTH / 2) * UNIT;
    now.ballY = rng.integers(TOP + 20, BOTTOM - 20) * UNIT;
    now.ballVx = side * SPEEDS[0];
    now.ballVy = rng.integers(-UNIT, UNIT + 1);
  }

  /** Moves the ball, which walls and paddles reflect. */
  #fly(): void {
    const { now } = this;
    const before = now.ballX;
    now.ballX += now.ballVx;
    now.ballY += now.ballVy;
    const lowest = (BOTTOM - BALL_HEIGHT) * UNIT;
    if (now.ballY < TOP * UNIT || now.ballY > lowest) {
      const wall = now.ballY < TOP * UNIT ? TOP * UNIT : lowest;
      now.ballY = 2 * wall - now.ballY;
      now.ballVy = -now.ballVy;
    }
    const leftFace = (LEFT_X + PADDLE_WIDTH) * UNIT;
    const rightFace = (RIGHT_X - BALL_WIDTH) * UNIT;
    if (before >= leftFace && now.ballX < leftFace) this.#meet(now.leftY, leftFace, 1);
    else if (before <= rightFace && now.ballX > rightFace) this.#meet(now.rightY, rightFace, -1);
  }

  /** Sends the ball back from the face of a paddle towards `side`, if the paddle is there. */
  #meet(paddleY: number, face: number, side: number): void {
    const { now } = this;
    const offset = pixel(now.ballY) + BALL_HEIGHT / 2 - paddleY;
    if (offset < -BALL_HEIGHT / 2 || offset > PADDLE_HEIGHT + BALL_HEIGHT / 2) return;
    const section = clamp(offset >> 1, 0, SLOPES.length - 1);
    now.strokes = Math.min(now.strokes + 1, 12);
    const speed = SPEEDS[now.strokes >> 2]!;
    now.ballX = face;
    now.ballVx = side * speed;
    now.ballVy = Math.trunc((speed * SLOPES[section]!) / 3);
  }

  /** Counts a point for the right player (`reward` 1) or the left one (-1). */
  #score(reward: number): number {
    if (reward > 0) this.now.rightPoints++;
    else this.now.leftPoints++;
    if (!this.isOver) this.#awaitServe(reward);
    return reward;
  }
}

interface Skill {
  /** From where on its way the ball gets attention, in pixels from the left. */
  readonly attention: number;
  /** How far off the meeting point may be guessed: pixels for each pixel a frame that the ball falls or climbs. */
  readonly error: number;
}

const SKILLS: Readonly<Record<Strength, Skill>> = {
  easy: { attention: 80, error: 9 },
  medium: { attention: 115, error: 4.5 },
  hard: { attention: 150, error: 2.5 },
};

/** Nothing to go for. */
const NONE = -1;

/** Plays the left paddle: guesses once a ball where it will come, worse the steeper it flies, and goes there. */
class PongScript implements Opponent {
  readonly mind = { target: NONE };
  readonly limits = { target: [NONE, BOTTOM] } as const;
  readonly #court: PongCourt;
  readonly #skill: Skill;
  #rng: Rng | undefined;

  constructor(court: PongCourt, strength: Strength) {
    this.#court = court;
    this.#skill = SKILLS[strength];
  }

  start(rng: Rng): void {
    this.#rng = rng;
    this.mind.target = NONE;
  }

  choose(): number {
    const { now } = this.#court;
    const { mind } = this;
    if (now.serveIn > 0 || now.ballVx > 0) mind.target = NONE;
    else if (mind.target === NONE && pixel(now.ballX) <= this.#skill.attention) mind.target = this.#guess();

    const goal = (mind.target === NONE ? (TOP + BOTTOM) / 2 : mind.target) - PADDLE_HEIGHT / 2;
    const off = goal - now.leftY;
    if (Math.abs(off) <= 3) return 0;
    return off > 0 ? LEFT : RIGHT;
  }

  /** Where the ball's centre will meet the paddle, more or less. */
  #guess(): number {
    const { now } = this.#court;
    const frames = Math.ceil((now.ballX - (LEFT_X + PADDLE_WIDTH) * UNIT) / -now.ballVx);
    // Between walls that reflect it the ball repeats itself after two heights.
    const height = (BOTTOM - TOP - BALL_HEIGHT) * UNIT;
    const far = now.ballY - TOP * UNIT + now.ballVy * frames;
    const folded = ((far % (2 * height)) + 2 * height) % (2 * height);
    const y = TOP + BALL_HEIGHT / 2 + pixel(folded > height ? 2 * height - folded : folded);
    const error = Math.ceil((this.#skill.error * Math.abs(now.ballVy)) / UNIT) + 4;
    return clamp(y + this.#rng!.integers(-error, error + 1), TOP, BOTTOM);
  }
}

const JOYSTICKS = joysticks('NOOP', 'FIRE', 'RIGHT', 'LEFT', 'RIGHTFIRE', 'LEFTFIRE');

export const pong = pixelEnv({
  name: 'Pong',
  description: 'Play table tennis on a screen: the first to score 21 wins.',
  source: 'own game, after Pong for the Atari 2600 (1977) as in the Arcade Learning Environment',
  rewardRange: [-1, 1],
  rewardThreshold: 18,
  lives: 0,
  options: { opponent: OPPONENT_OPTION },
  create: ({ opponent }) => {
    const court = new PongCourt();
    return new AgainstScript(court, new PongScript(court, opponent as Strength), JOYSTICKS);
  },
});

export const pongDuel = duelWorld({
  name: 'Pong',
  description: 'Two players play table tennis on a screen: the first to score 21 wins.',
  source: 'own game, after Pong for the Atari 2600 (1977) as in the Arcade Learning Environment',
  rewardRange: [-1, 1],
  joysticks: JOYSTICKS,
  create: () => new PongCourt(),
});
