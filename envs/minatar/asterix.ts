/**
 * MinAtar Asterix: run about to pick up treasure and to keep clear of enemies, both of which cross the screen in rows.
 *
 * - The player moves one cell a frame, up, down, left or right, but not into the top and the bottom row.
 * - Every few frames an enemy (probability 2/3) or a treasure comes in from the left or the right into an empty row
 *   among eight. All of them move every few frames; a trail marks where each came from.
 * - Reward: 1 for each treasure.
 * - Difficulty: every 102 frames spawning, and every other time moving, becomes faster.
 * - Terminated: an enemy is met.
 * - Channels: player, enemy, trail, treasure.
 *
 * Source: MinAtar 1.0.15 (minatar/environments/asterix.py).
 */
import type { Rng } from '../rng/rng.js';
import { stateIntegers } from '../snapshot.js';
import { Action, MinAtarGame, minAtarEnvs, SIZE } from './game.js';

const CHANNELS = 4;
const PLAYER = 0;
const ENEMY = 1;
const TRAIL = 2;
const TREASURE = 3;

const ROWS = 8;
const RAMP_INTERVAL = 100;
const SPAWN_INTERVAL = 10;
const MOVE_INTERVAL = 5;

/** What a row may hold besides: a kind of entity is the number of its channel. */
const NOTHING = 0;

const index = (x: number, y: number, channel: number): number => (y * SIZE + x) * CHANNELS + channel;

class Asterix extends MinAtarGame {
  #x = 0;
  #y = 0;
  /** Of each row, row i lying at y = i + 1: NOTHING, ENEMY or TREASURE; where that is; which way it goes (1 or -1). */
  readonly #kind = new Int8Array(ROWS);
  readonly #entityX = new Int8Array(ROWS);
  readonly #direction = new Int8Array(ROWS);
  #spawnInterval = 0;
  #spawnTimer = 0;
  #moveInterval = 0;
  #moveTimer = 0;
  #rampTimer = 0;
  #rampIndex = 0;
  #rng: Rng | undefined;
  readonly #isRamping: boolean;

  constructor(actions: readonly Action[], isRamping: boolean) {
    super(CHANNELS, actions);
    this.#isRamping = isRamping;
  }

  protected override start(rng: Rng): void {
    this.#rng = rng;
    this.#x = 5;
    this.#y = 5;
    this.#kind.fill(NOTHING);
    this.#spawnInterval = SPAWN_INTERVAL;
    this.#spawnTimer = SPAWN_INTERVAL;
    this.#moveInterval = MOVE_INTERVAL;
    this.#moveTimer = MOVE_INTERVAL;
    this.#rampTimer = RAMP_INTERVAL;
    this.#rampIndex = 0;
  }

  protected override act(action: Action): number {
    if (this.#spawnTimer === 0) {
      this.#spawn();
      this.#spawnTimer = this.#spawnInterval;
    }

    if (action === Action.left) this.#x = Math.max(0, this.#x - 1);
    else if (action === Action.right) this.#x = Math.min(SIZE - 1, this.#x + 1);
    else if (action === Action.up) this.#y = Math.max(1, this.#y - 1);
    else if (action === Action.down) this.#y = Math.min(ROWS, this.#y + 1);

    let reward = this.#meet();
    if (this.#moveTimer === 0) {
      this.#moveTimer = this.#moveInterval;
      for (let row = 0; row < ROWS; row++) {
        if (this.#kind[row] === NOTHING) continue;
        this.#entityX[row]! += this.#direction[row]!;
        if (this.#entityX[row]! < 0 || this.#entityX[row]! >= SIZE) this.#kind[row] = NOTHING;
      }
      reward += this.#meet();
    }

    this.#spawnTimer--;
    this.#moveTimer--;
    this.#ramp();
    return reward;
  }

  /** Picks up treasure where the player is, or ends the game where an enemy is. Returns the reward. */
  #meet(): number {
    const row = this.#y - 1;
    if (this.#kind[row] === NOTHING || this.#entityX[row] !== this.#x) return 0;
    if (this.#kind[row] === ENEMY) {
      this.terminated = true;
      return 0;
    }
    this.#kind[row] = NOTHING;
    return 1;
  }

  #ramp(): void {
    if (!this.#isRamping || (this.#spawnInterval <= 1 && this.#moveInterval <= 1)) return;
    if (this.#rampTimer >= 0) {
      this.#rampTimer--;
      return;
    }
    if (this.#moveInterval > 1 && this.#rampIndex % 2 === 1) this.#moveInterval--;
    if (this.#spawnInterval > 1) this.#spawnInterval--;
    this.#rampIndex++;
    this.#rampTimer = RAMP_INTERVAL;
  }

  /** Puts an entity into one of the empty rows, if there is one. */
  #spawn(): void {
    const rng = this.#rng!;
    const fromLeft = rng.random() < 1 / 2;
    const isTreasure = rng.random() < 1 / 3;
    let empty = 0;
    for (let row = 0; row < ROWS; row++) if (this.#kind[row] === NOTHING) empty++;
    if (empty === 0) return;
    let skip = rng.integers(0, empty);
    let row = 0;
    while (this.#kind[row] !== NOTHING || skip-- > 0) row++;
    this.#kind[row] = isTreasure ? TREASURE : ENEMY;
    this.#entityX[row] = fromLeft ? 0 : SIZE - 1;
    this.#direction[row] = fromLeft ? 1 : -1;
  }

  protected override draw(out: Uint8Array): void {
    out[index(this.#x, this.#y, PLAYER)] = 1;
    for (let row = 0; row < ROWS; row++) {
      const kind = this.#kind[row]!;
      if (kind === NOTHING) continue;
      const x = this.#entityX[row]!;
      out[index(x, row + 1, kind)] = 1;
      const trailX = x - this.#direction[row]!;
      if (trailX >= 0 && trailX < SIZE) out[index(trailX, row + 1, TRAIL)] = 1;
    }
  }

  protected override save(): number[] {
    return [
      this.#x,
      this.#y,
      this.#spawnInterval,
      this.#spawnTimer,
      this.#moveInterval,
      this.#moveTimer,
      this.#rampTimer,
      this.#rampIndex,
      ...this.#kind,
      ...this.#entityX,
      ...this.#direction,
    ];
  }

  protected override load(snapshot: unknown): void {
    const state = stateIntegers(snapshot, 8 + 3 * ROWS, -RAMP_INTERVAL, RAMP_INTERVAL);
    [this.#x, this.#y] = state;
    [this.#spawnInterval, this.#spawnTimer, this.#moveInterval, this.#moveTimer] = state.slice(2);
    [this.#rampTimer, this.#rampIndex] = state.slice(6);
    this.#kind.set(state.slice(8, 8 + ROWS));
    this.#entityX.set(state.slice(8 + ROWS, 8 + 2 * ROWS));
    this.#direction.set(state.slice(8 + 2 * ROWS));
  }
}

export const asterixEnvs = minAtarEnvs({
  name: 'Asterix',
  description: 'Pick up treasure and keep clear of enemies that cross the screen.',
  rewardRange: [0, 2],
  minimalActions: [Action.noop, Action.left, Action.up, Action.right, Action.down],
  ramps: true,
  create: (actions, isRamping) => new Asterix(actions, isRamping),
});
