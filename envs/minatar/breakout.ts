/**
 * MinAtar Breakout: a paddle at the bottom bounces a ball to break three rows of bricks near the top.
 *
 * - The ball flies along diagonals, one cell a frame, and a trail marks where it was the frame before. Walls, bricks and
 *   the ceiling reflect it; the paddle does so back along its path if hit on the edge.
 * - Reward: 1 for each brick broken. No two bricks break in consecutive frames: the ball flies through the second.
 * - When all bricks are gone and the ball comes down, three new rows appear.
 * - Terminated: the ball passes the paddle.
 * - Channels: paddle, ball, trail, brick.
 *
 * Source: MinAtar 1.0.15 (minatar/environments/breakout.py).
 */
import type { Rng } from '../rng/rng.js';
import { stateIntegers } from '../snapshot.js';
import { Action, MinAtarGame, minAtarEnvs, SIZE } from './game.js';

const CHANNELS = 4;
const PADDLE = 0;
const BALL = 1;
const TRAIL = 2;
const BRICK = 3;

const FIRST_BRICK_ROW = 1;
const BRICKS = 3 * SIZE;
const BOTTOM = SIZE - 1;

/** Directions of the ball: 0 up left, 1 up right, 2 down right, 3 down left. What each becomes when it is reflected. */
const OFF_WALL = [1, 0, 3, 2] as const;
const OFF_FLAT = [3, 2, 1, 0] as const;
const OFF_EDGE = [2, 3, 0, 1] as const;

const index = (x: number, y: number, channel: number): number => (y * SIZE + x) * CHANNELS + channel;

class Breakout extends MinAtarGame {
  #paddleX = 0;
  #ballX = 0;
  #ballY = 0;
  #trailX = 0;
  #trailY = 0;
  #direction = 0;
  /** Whether the ball hit a brick in the frame before. */
  #striking = 0;
  /** 1 where a brick stands, row by row. */
  readonly #bricks = new Uint8Array(BRICKS);
  #bricksLeft = 0;

  constructor(actions: readonly Action[]) {
    super(CHANNELS, actions);
  }

  protected override start(rng: Rng): void {
    const fromLeft = rng.integers(0, 2) === 0;
    this.#ballX = fromLeft ? 0 : BOTTOM;
    this.#direction = fromLeft ? 2 : 3;
    this.#ballY = 3;
    this.#trailX = this.#ballX;
    this.#trailY = this.#ballY;
    this.#paddleX = 4;
    this.#striking = 0;
    this.#layBricks();
  }

  protected override act(action: Action): number {
    if (action === Action.left) this.#paddleX = Math.max(0, this.#paddleX - 1);
    else if (action === Action.right) this.#paddleX = Math.min(SIZE - 1, this.#paddleX + 1);

    this.#trailX = this.#ballX;
    this.#trailY = this.#ballY;
    const isLeftward = this.#direction === 0 || this.#direction === 3;
    let x = this.#ballX + (isLeftward ? -1 : 1);
    let y = this.#ballY + (this.#direction < 2 ? -1 : 1);
    let reward = 0;
    let strikes = 0;

    if (x < 0 || x > SIZE - 1) {
      x = x < 0 ? 0 : SIZE - 1;
      this.#direction = OFF_WALL[this.#direction]!;
    }
    const brick = (y - FIRST_BRICK_ROW) * SIZE + x;
    if (y < 0) {
      y = 0;
      this.#direction = OFF_FLAT[this.#direction]!;
    } else if (this.#bricks[brick] === 1) {
      strikes = 1;
      if (this.#striking === 0) {
        reward = 1;
        this.#bricks[brick] = 0;
        this.#bricksLeft--;
        y = this.#trailY;
        this.#direction = OFF_FLAT[this.#direction]!;
      }
    } else if (y === BOTTOM) {
      if (this.#bricksLeft === 0) this.#layBricks();
      if (this.#ballX === this.#paddleX) {
        this.#direction = OFF_FLAT[this.#direction]!;
        y = this.#trailY;
      } else if (x === this.#paddleX) {
        this.#direction = OFF_EDGE[this.#direction]!;
        y = this.#trailY;
      } else {
        this.terminated = true;
      }
    }

    this.#striking = strikes;
    this.#ballX = x;
    this.#ballY = y;
    return reward;
  }

  protected override draw(out: Uint8Array): void {
    out[index(this.#ballX, this.#ballY, BALL)] = 1;
    out[index(this.#paddleX, BOTTOM, PADDLE)] = 1;
    out[index(this.#trailX, this.#trailY, TRAIL)] = 1;
    const bricks = this.#bricks;
    const first = index(0, FIRST_BRICK_ROW, BRICK);
    for (let i = 0; i < BRICKS; i++) out[first + i * CHANNELS] = bricks[i]!;
  }

  protected override save(): number[] {
    return [
      this.#paddleX,
      this.#ballX,
      this.#ballY,
      this.#trailX,
      this.#trailY,
      this.#direction,
      this.#striking,
      ...this.#bricks,
    ];
  }

  protected override load(snapshot: unknown): void {
    const [paddleX, ballX, ballY, trailX, trailY, direction, striking, ...bricks] = stateIntegers(
      snapshot,
      7 + BRICKS,
      0,
      SIZE - 1,
    );
    this.#paddleX = paddleX;
    this.#ballX = ballX;
    this.#ballY = ballY;
    this.#trailX = trailX;
    this.#trailY = trailY;
    this.#direction = direction;
    this.#striking = striking;
    this.#bricks.set(bricks);
    this.#bricksLeft = bricks.filter((brick) => brick === 1).length;
  }

  #layBricks(): void {
    this.#bricks.fill(1);
    this.#bricksLeft = BRICKS;
  }
}

export const breakoutEnvs = minAtarEnvs({
  name: 'Breakout',
  description: 'Bounce a ball with a paddle to break three rows of bricks.',
  rewardRange: [0, 1],
  minimalActions: [Action.noop, Action.left, Action.right],
  ramps: false,
  create: (actions) => new Breakout(actions),
});
