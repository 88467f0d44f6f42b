/**
 * MinAtar Space Invaders: a cannon at the bottom shoots at a block of aliens that comes down.
 *
 * - The cannon moves one cell a frame and may fire every fifth frame. Bullets fly one cell a frame.
 * - The aliens move sideways together; where one of them is at the edge they turn round and come down a row instead.
 *   The fewer are left the faster they move: every frame when one is left.
 * - Every ten frames the alien nearest to the cannon's column, the lowest of its column, fires.
 * - Reward: 1 for each alien shot. When all are shot, a new block of 24 appears.
 * - Difficulty: each new block moves faster.
 * - Terminated: an alien or its bullet meets the cannon, or the aliens come down below the screen.
 * - Channels: cannon, alien, alien moving left, alien moving right, own bullet, aliens' bullet.
 *
 * Source: MinAtar 1.0.15 (minatar/environments/space_invaders.py).
 */
import type { Rng } from '../rng/rng.js';
import { invalidSnapshot, stateIntegers } from '../snapshot.js';
import { Action, MinAtarGame, minAtarEnvs, SIZE } from './game.js';

const CHANNELS = 6;
const CANNON = 0;
const ALIEN = 1;
const ALIEN_LEFT = 2;
const ALIEN_RIGHT = 3;
const BULLET = 4;
const ALIEN_BULLET = 5;

const BOTTOM = SIZE - 1;
const SHOT_INTERVAL = 5;
const MOVE_INTERVAL = 12;
const LEAST_MOVE_INTERVAL = 6;
const ALIEN_SHOT_INTERVAL = 10;

/** A row of the screen is a number, bit x of which stands for column x. */
const LEFT_COLUMN = 1;
const RIGHT_COLUMN = 1 << (SIZE - 1);
const BLOCK_ROW = 0b0011111100;
const FULL_ROW = 2 ** SIZE - 1;

function countBits(row: number): number {
  let count = 0;
  for (let bits = row; bits !== 0; bits &= bits - 1) count++;
  return count;
}

class SpaceInvaders extends MinAtarGame {
  #x = 0;
  #shotTimer = 0;
  // Where they are, a number a row, from the top.
  readonly #aliens = new Uint16Array(SIZE);
  readonly #bullets = new Uint16Array(SIZE);
  readonly #alienBullets = new Uint16Array(SIZE);
  #aliensLeft = 0;
  #direction = 0;
  #moveInterval = 0;
  #moveTimer = 0;
  #alienShotTimer = 0;
  readonly #isRamping: boolean;

  constructor(actions: readonly Action[], isRamping: boolean) {
    super(CHANNELS, actions);
    this.#isRamping = isRamping;
  }

  protected override start(_rng: Rng): void {
    this.#x = 5;
    this.#shotTimer = 0;
    this.#bullets.fill(0);
    this.#alienBullets.fill(0);
    this.#aliens.fill(0);
    this.#sendAliens();
    this.#direction = -1;
    this.#moveInterval = MOVE_INTERVAL;
    this.#moveTimer = MOVE_INTERVAL;
    this.#alienShotTimer = ALIEN_SHOT_INTERVAL;
  }

  protected override act(action: Action): number {
    const aliens = this.#aliens;
    if (action === Action.fire && this.#shotTimer === 0) {
      this.#bullets[BOTTOM]! |= 1 << this.#x;
      this.#shotTimer = SHOT_INTERVAL;
    } else if (action === Action.left) {
      this.#x = Math.max(0, this.#x - 1);
    } else if (action === Action.right) {
      this.#x = Math.min(SIZE - 1, this.#x + 1);
    }
    const cannon = 1 << this.#x;

    for (let y = 0; y < BOTTOM; y++) this.#bullets[y] = this.#bullets[y + 1]!;
    this.#bullets[BOTTOM] = 0;
    for (let y = BOTTOM; y > 0; y--) this.#alienBullets[y] = this.#alienBullets[y - 1]!;
    this.#alienBullets[0] = 0;
    if ((this.#alienBullets[BOTTOM]! | aliens[BOTTOM]!) & cannon) this.terminated = true;

    if (this.#moveTimer === 0) {
      this.#moveTimer = Math.min(this.#aliensLeft, this.#moveInterval);
      this.#moveAliens();
      if (aliens[BOTTOM]! & cannon) this.terminated = true;
    }
    if (this.#alienShotTimer === 0) {
      this.#alienShotTimer = ALIEN_SHOT_INTERVAL;
      this.#fireBack();
    }

    let reward = 0;
    for (let y = 0; y < SIZE; y++) {
      const hits = aliens[y]! & this.#bullets[y]!;
      if (hits === 0) continue;
      aliens[y]! ^= hits;
      this.#bullets[y]! ^= hits;
      reward += countBits(hits);
    }
    this.#aliensLeft -= reward;

    if (this.#shotTimer > 0) this.#shotTimer--;
    this.#moveTimer--;
    this.#alienShotTimer--;
    if (this.#aliensLeft === 0) {
      if (this.#isRamping && this.#moveInterval > LEAST_MOVE_INTERVAL) this.#moveInterval--;
      this.#sendAliens();
    }
    return reward;
  }

  /** Moves all aliens a cell sideways; or, where one is at the edge, turns them round and moves them a row down. */
  #moveAliens(): void {
    const aliens = this.#aliens;
    const edge = this.#direction < 0 ? LEFT_COLUMN : RIGHT_COLUMN;
    let isAtEdge = false;
    for (let y = 0; y < SIZE; y++) if (aliens[y]! & edge) isAtEdge = true;
    if (!isAtEdge) {
      for (let y = 0; y < SIZE; y++) aliens[y] = this.#direction < 0 ? aliens[y]! >> 1 : aliens[y]! << 1;
      return;
    }
    this.#direction = -this.#direction;
    // What leaves at the bottom ends the game, and comes in at the top for the last observation.
    const leaving = aliens[BOTTOM]!;
    if (leaving !== 0) this.terminated = true;
    for (let y = BOTTOM; y > 0; y--) aliens[y] = aliens[y - 1]!;
    aliens[0] = leaving;
  }

  /** The lowest alien of the column nearest to the cannon's fires; of two such columns, that of the left one. */
  #fireBack(): void {
    let inAnyRow = 0;
    for (let y = 0; y < SIZE; y++) inAnyRow |= this.#aliens[y]!;
    let column = 0;
    for (let distance = 0; column === 0; distance++) {
      column = inAnyRow & ((1 << this.#x) >> distance);
      if (column === 0) column = inAnyRow & ((1 << this.#x) << distance);
    }
    let y = BOTTOM;
    while ((this.#aliens[y]! & column) === 0) y--;
    this.#alienBullets[y]! |= column;
  }

  #sendAliens(): void {
    this.#aliens.fill(BLOCK_ROW, 0, 4);
    this.#aliensLeft = 4 * countBits(BLOCK_ROW);
  }

  protected override draw(out: Uint8Array): void {
    out[(BOTTOM * SIZE + this.#x) * CHANNELS + CANNON] = 1;
    const moving = this.#direction < 0 ? ALIEN_LEFT : ALIEN_RIGHT;
    for (let y = 0; y < SIZE; y++) {
      drawRow(out, y, this.#aliens[y]!, ALIEN);
      drawRow(out, y, this.#aliens[y]!, moving);
      drawRow(out, y, this.#bullets[y]!, BULLET);
      drawRow(out, y, this.#alienBullets[y]!, ALIEN_BULLET);
    }
  }

  protected override save(): number[] {
    return [
      this.#x,
      this.#shotTimer,
      this.#direction,
      this.#moveInterval,
      this.#moveTimer,
      this.#alienShotTimer,
      ...this.#aliens,
      ...this.#bullets,
      ...this.#alienBullets,
    ];
  }

  protected override load(snapshot: unknown): void {
    const state = stateIntegers(snapshot, 6 + 3 * SIZE, -FULL_ROW, FULL_ROW);
    const aliens = state.slice(6, 6 + SIZE);
    const aliensLeft = aliens.reduce((sum, row) => sum + countBits(row), 0);
    const x = state[0]!;
    // Without an alien, or from outside the screen, nobody could fire back.
    if (aliensLeft === 0 || x < 0 || x >= SIZE || aliens.some((row) => row < 0)) {
      throw invalidSnapshot('state: no position of the game');
    }
    [this.#x, this.#shotTimer, this.#direction] = state;
    [this.#moveInterval, this.#moveTimer, this.#alienShotTimer] = state.slice(3);
    this.#aliens.set(aliens);
    this.#bullets.set(state.slice(6 + SIZE, 6 + 2 * SIZE));
    this.#alienBullets.set(state.slice(6 + 2 * SIZE));
    this.#aliensLeft = aliensLeft;
  }
}

function drawRow(out: Uint8Array, y: number, row: number, channel: number): void {
  let i = y * SIZE * CHANNELS + channel;
  for (let bits = row; bits !== 0; bits >>= 1) {
    out[i] = bits & 1;
    i += CHANNELS;
  }
}

export const spaceInvadersEnvs = minAtarEnvs({
  name: 'SpaceInvaders',
  description: 'Shoot a block of aliens that comes down, and keep clear of their bullets.',
  rewardRange: [0, 2],
  minimalActions: [Action.noop, Action.left, Action.right, Action.fire],
  ramps: true,
  create: (actions, isRamping) => new SpaceInvaders(actions, isRamping),
});
