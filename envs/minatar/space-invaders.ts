/**
 * MinAtar Space Invaders: a cannon at the bottom shoots at a block of aliens that comes down.
 *
 * - The cannon moves one cell a frame and may fire every fifth frame. Bullets fly one cell a frame.
 * - The aliens move sideways together; where one of them is at the edge they turn round and come down a row instead.
 *   The fewer are left the faster they move: every frame when one is left.
 * - Every ten frames the alien nearest to the cannon's column, the lowest of its column, fires.
 * - Reward: 1 for each alien shot. When all are shot, a new block of 24 appears, that moves faster while `ramping`.
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

const CELLS = SIZE * SIZE;
const BOTTOM = CELLS - SIZE;
const SHOT_INTERVAL = 5;
const MOVE_INTERVAL = 12;
const LEAST_MOVE_INTERVAL = 6;
const ALIEN_SHOT_INTERVAL = 10;

class SpaceInvaders extends MinAtarGame {
  #x = 0;
  #shotTimer = 0;
  // Maps of the screen, 1 where there is one; row by row.
  readonly #bullets = new Uint8Array(CELLS);
  readonly #alienBullets = new Uint8Array(CELLS);
  readonly #aliens = new Uint8Array(CELLS);
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
      this.#bullets[BOTTOM + this.#x] = 1;
      this.#shotTimer = SHOT_INTERVAL;
    } else if (action === Action.left) {
      this.#x = Math.max(0, this.#x - 1);
    } else if (action === Action.right) {
      this.#x = Math.min(SIZE - 1, this.#x + 1);
    }
    const cannon = BOTTOM + this.#x;

    this.#bullets.copyWithin(0, SIZE).fill(0, BOTTOM);
    this.#alienBullets.copyWithin(SIZE, 0).fill(0, 0, SIZE);
    if (this.#alienBullets[cannon] === 1 || aliens[cannon] === 1) this.terminated = true;
    if (this.#moveTimer === 0) {
      this.#moveTimer = Math.min(this.#aliensLeft, this.#moveInterval);
      this.#moveAliens();
      if (aliens[cannon] === 1) this.terminated = true;
    }
    if (this.#alienShotTimer === 0) {
      this.#alienShotTimer = ALIEN_SHOT_INTERVAL;
      this.#alienBullets[this.#nearestAlien()] = 1;
    }

    let reward = 0;
    for (let i = 0; i < CELLS; i++) {
      if (aliens[i]! & this.#bullets[i]!) {
        aliens[i] = 0;
        this.#bullets[i] = 0;
        reward++;
      }
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

  /** Moves all aliens a cell sideways; or, at the edge, a row down and round. */
  #moveAliens(): void {
    const aliens = this.#aliens;
    const edge = this.#direction < 0 ? 0 : SIZE - 1;
    let isAtEdge = false;
    for (let y = 0; y < CELLS; y += SIZE) if (aliens[y + edge] === 1) isAtEdge = true;
    if (!isAtEdge) {
      // No alien is in the column that would come back in at the other side, so the rows may run into each other.
      if (this.#direction < 0) aliens.copyWithin(0, 1).fill(0, CELLS - 1);
      else aliens.copyWithin(1, 0).fill(0, 0, 1);
      return;
    }
    this.#direction = -this.#direction;
    for (let x = 0; x < SIZE; x++) {
      // What leaves at the bottom ends the game, and comes in at the top for the last observation.
      const leaving = aliens[BOTTOM + x]!;
      if (leaving === 1) this.terminated = true;
      for (let i = BOTTOM + x; i >= SIZE; i -= SIZE) aliens[i] = aliens[i - SIZE]!;
      aliens[x] = leaving;
    }
  }

  /** The cell of the lowest alien in the column nearest to the cannon's; of two such, the one to the left. */
  #nearestAlien(): number {
    for (let distance = 0; distance < SIZE; distance++) {
      for (const x of [this.#x - distance, this.#x + distance]) {
        if (x < 0 || x >= SIZE) continue;
        for (let i = BOTTOM + x; i >= 0; i -= SIZE) if (this.#aliens[i] === 1) return i;
      }
    }
    throw new RangeError('no alien is left');
  }

  #sendAliens(): void {
    for (let y = 0; y < 4; y++) this.#aliens.fill(1, y * SIZE + 2, y * SIZE + 8);
    this.#aliensLeft = 24;
  }

  protected override draw(out: Uint8Array): void {
    out[(BOTTOM + this.#x) * CHANNELS + CANNON] = 1;
    const moving = this.#direction < 0 ? ALIEN_LEFT : ALIEN_RIGHT;
    for (let i = 0; i < CELLS; i++) {
      const cell = i * CHANNELS;
      const alien = this.#aliens[i]!;
      out[cell + ALIEN] = alien;
      out[cell + moving] = alien;
      out[cell + BULLET] = this.#bullets[i]!;
      out[cell + ALIEN_BULLET] = this.#alienBullets[i]!;
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
    const state = stateIntegers(snapshot, 6 + 3 * CELLS, MOVE_INTERVAL);
    const aliens = state.slice(6, 6 + CELLS);
    const aliensLeft = aliens.filter((alien) => alien === 1).length;
    if (aliensLeft === 0) throw invalidSnapshot('state: no alien is left');
    [this.#x, this.#shotTimer, this.#direction] = state;
    [this.#moveInterval, this.#moveTimer, this.#alienShotTimer] = state.slice(3);
    this.#aliens.set(aliens);
    this.#bullets.set(state.slice(6 + CELLS, 6 + 2 * CELLS));
    this.#alienBullets.set(state.slice(6 + 2 * CELLS));
    this.#aliensLeft = aliensLeft;
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
