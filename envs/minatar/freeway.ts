/**
 * MinAtar Freeway: a chicken crosses eight lanes of cars to the top of the screen, again and again.
 *
 * - The chicken moves up or down, one cell at most every third frame.
 * - A car moves one cell every 1 to 5 frames and comes back in on the other side; a trail beside it tells direction and
 *   speed. Speeds and directions are drawn at the start and whenever the chicken arrives.
 * - Reward: 1 for arriving at the top, which brings the chicken back to the bottom. Being hit does so too.
 * - Terminated: after 2501 frames.
 * - Channels: chicken, car, and a trail for each of the five speeds, fastest first.
 *
 * Source: MinAtar 1.0.15 (minatar/environments/freeway.py).
 */
import type { Rng } from '../rng/rng.js';
import { stateIntegers } from '../snapshot.js';
import { Action, MinAtarGame, minAtarEnvs, SIZE } from './game.js';

const CHANNELS = 7;
const CHICKEN = 0;
const CAR = 1;
/** The trail of a car that moves every `s` frames is channel FASTEST + s - 1. */
const FASTEST = 2;

const LANES = 8;
const COLUMN = 4;
const BOTTOM = SIZE - 1;
const MOVE_INTERVAL = 3;
const TIME_LIMIT = 2500;

const index = (x: number, y: number, channel: number): number => (y * SIZE + x) * CHANNELS + channel;

class Freeway extends MinAtarGame {
  #y = 0;
  #moveTimer = 0;
  #timeLeft = 0;
  /** Of the car in each lane, lane i lying at y = i + 1: where it is, frames until it moves, and between moves. */
  readonly #carX = new Int8Array(LANES);
  readonly #carTimer = new Int8Array(LANES);
  /** Negative for a car that moves left. */
  readonly #carInterval = new Int8Array(LANES);
  #rng: Rng | undefined;

  constructor(actions: readonly Action[]) {
    super(CHANNELS, actions);
  }

  protected override start(rng: Rng): void {
    this.#rng = rng;
    this.#carX.fill(0);
    this.#drawSpeeds();
    this.#y = BOTTOM;
    this.#moveTimer = MOVE_INTERVAL;
    this.#timeLeft = TIME_LIMIT;
  }

  protected override act(action: Action): number {
    if (this.#moveTimer === 0) {
      if (action === Action.up) this.#y = Math.max(0, this.#y - 1);
      else if (action === Action.down) this.#y = Math.min(BOTTOM, this.#y + 1);
      if (action === Action.up || action === Action.down) this.#moveTimer = MOVE_INTERVAL;
    }
    let reward = 0;
    if (this.#y === 0) {
      reward = 1;
      this.#drawSpeeds();
      this.#y = BOTTOM;
    }

    for (let lane = 0; lane < LANES; lane++) {
      this.#hit(lane);
      if (this.#carTimer[lane] === 0) {
        const interval = this.#carInterval[lane]!;
        this.#carTimer[lane] = Math.abs(interval);
        this.#carX[lane] = (this.#carX[lane]! + (interval > 0 ? 1 : SIZE - 1)) % SIZE;
        this.#hit(lane);
      } else {
        this.#carTimer[lane]!--;
      }
    }

    if (this.#moveTimer > 0) this.#moveTimer--;
    this.#timeLeft--;
    this.terminated = this.#timeLeft < 0;
    return reward;
  }

  #hit(lane: number): void {
    if (this.#y === lane + 1 && this.#carX[lane] === COLUMN) this.#y = BOTTOM;
  }

  /** All speeds are drawn first, then all directions, as the original's arrays are. */
  #drawSpeeds(): void {
    const rng = this.#rng!;
    for (let lane = 0; lane < LANES; lane++) this.#carTimer[lane] = rng.integers(1, 6);
    for (let lane = 0; lane < LANES; lane++) {
      this.#carInterval[lane] = this.#carTimer[lane]! * Math.sign(rng.random() - 0.5);
    }
  }

  protected override draw(out: Uint8Array): void {
    out[index(COLUMN, this.#y, CHICKEN)] = 1;
    for (let lane = 0; lane < LANES; lane++) {
      const x = this.#carX[lane]!;
      const interval = this.#carInterval[lane]!;
      const trailX = (x + (interval > 0 ? SIZE - 1 : 1)) % SIZE;
      out[index(x, lane + 1, CAR)] = 1;
      out[index(trailX, lane + 1, FASTEST + Math.abs(interval) - 1)] = 1;
    }
  }

  protected override save(): number[] {
    return [this.#y, this.#moveTimer, this.#timeLeft, ...this.#carX, ...this.#carTimer, ...this.#carInterval];
  }

  protected override load(snapshot: unknown): void {
    const state = stateIntegers(snapshot, 3 + 3 * LANES, -TIME_LIMIT, TIME_LIMIT);
    [this.#y, this.#moveTimer, this.#timeLeft] = state;
    this.#carX.set(state.slice(3, 3 + LANES));
    this.#carTimer.set(state.slice(3 + LANES, 3 + 2 * LANES));
    this.#carInterval.set(state.slice(3 + 2 * LANES));
  }
}

export const freewayEnvs = minAtarEnvs({
  name: 'Freeway',
  description: 'Bring a chicken across eight lanes of cars, again and again.',
  rewardRange: [0, 1],
  minimalActions: [Action.noop, Action.up, Action.down],
  ramps: false,
  create: (actions) => new Freeway(actions),
});
