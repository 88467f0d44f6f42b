/**
 * MinAtar Seaquest: a submarine shoots fish and enemy submarines, rescues divers, and must come up for air.
 *
 * - The submarine, two cells long, moves one cell a frame in any direction and may fire ahead every fifth frame.
 * - Fish (probability 2/3) and submarines come in from the sides in a row where nothing goes the other way; submarines
 *   fire ahead every 11 frames. Divers come every 30 frames. A trail marks where each came from.
 * - Moving onto a diver takes it aboard, up to six. Oxygen is used up below the surface.
 * - Surfacing gives oxygen for 200 frames and costs a diver, or six if there are six, which pays 10 for a full tank of
 *   oxygen left and less in proportion. Each time enemies come faster, and every other time they also move faster.
 * - Reward: 1 for each fish and submarine shot, and that of surfacing with six divers.
 * - Terminated: an enemy or its bullet is met, oxygen is out, or the submarine surfaces without a diver.
 * - Channels: front, back, own bullet, trail, enemy bullet, fish, enemy submarine, oxygen, divers aboard, diver.
 *
 * Source: MinAtar 1.0.15 (minatar/environments/seaquest.py). Where entities meet, the order in which it goes through them
 * decides who is hit, so that order is kept here, with what it does while they are removed.
 */
import type { Rng } from '../rng/rng.js';
import { invalidSnapshot, stateIntegers } from '../snapshot.js';
import { Entities } from './entities.js';
import { Action, MinAtarGame, minAtarEnvs, SIZE } from './game.js';

const CHANNELS = 10;
const FRONT = 0;
const BACK = 1;
const BULLET = 2;
const TRAIL = 3;
const ENEMY_BULLET = 4;
const FISH = 5;
const ENEMY_SUB = 6;
const OXYGEN_GAUGE = 7;
const DIVER_GAUGE = 8;
const DIVER = 9;

const MAX_OXYGEN = 200;
const MAX_DIVERS = 6;
const SPAWN_INTERVAL = 20;
const DIVER_SPAWN_INTERVAL = 30;
const MOVE_INTERVAL = 5;
const DIVER_MOVE_INTERVAL = 5;
const SHOT_INTERVAL = 5;
const ENEMY_SHOT_INTERVAL = 10;
const BOTTOM = SIZE - 1;

// The numbers of an entity: where it is, which way it goes (1 or -1), frames until it moves, and until it shoots.
const X = 0;
const Y = 1;
const DIRECTION = 2;
const MOVE_TIMER = 3;
const SHOT_TIMER = 4;

const index = (x: number, y: number, channel: number): number => (y * SIZE + x) * CHANNELS + channel;
const isOutside = (x: number): boolean => x < 0 || x >= SIZE;

class Seaquest extends MinAtarGame {
  #x = 0;
  #y = 0;
  #direction = 0;
  #oxygen = 0;
  #divers = 0;
  #isSurfaced = 0;
  #shotTimer = 0;
  #spawnInterval = 0;
  #spawnTimer = 0;
  #diverSpawnTimer = 0;
  #moveInterval = 0;
  #rampIndex = 0;
  readonly #bullets = new Entities(3);
  readonly #enemyBullets = new Entities(3);
  readonly #fish = new Entities(4);
  readonly #enemySubs = new Entities(5);
  readonly #freeDivers = new Entities(4);
  #rng: Rng | undefined;
  readonly #isRamping: boolean;

  constructor(actions: readonly Action[], isRamping: boolean) {
    super(CHANNELS, actions);
    this.#isRamping = isRamping;
  }

  protected override start(rng: Rng): void {
    this.#rng = rng;
    this.#x = 5;
    this.#y = 0;
    this.#direction = -1;
    this.#oxygen = MAX_OXYGEN;
    this.#divers = 0;
    this.#isSurfaced = 1;
    this.#shotTimer = 0;
    this.#spawnInterval = SPAWN_INTERVAL;
    this.#spawnTimer = SPAWN_INTERVAL;
    this.#diverSpawnTimer = DIVER_SPAWN_INTERVAL;
    this.#moveInterval = MOVE_INTERVAL;
    this.#rampIndex = 0;
    for (const entities of this.#lists()) entities.clear();
  }

  protected override act(action: Action): number {
    if (this.#spawnTimer === 0) {
      this.#spawnEnemy();
      this.#spawnTimer = this.#spawnInterval;
    }
    if (this.#diverSpawnTimer === 0) {
      this.#spawnDiver();
      this.#diverSpawnTimer = DIVER_SPAWN_INTERVAL;
    }
    this.#steer(action);

    let reward = this.#moveBullets();
    this.#moveDivers();
    reward += this.#moveEnemySubs();
    this.#moveEnemyBullets();
    reward += this.#moveFish();

    if (this.#spawnTimer > 0) this.#spawnTimer--;
    if (this.#diverSpawnTimer > 0) this.#diverSpawnTimer--;
    if (this.#shotTimer > 0) this.#shotTimer--;
    if (this.#oxygen <= 0) this.terminated = true;
    if (this.#y > 0) {
      this.#oxygen--;
      this.#isSurfaced = 0;
    } else if (this.#isSurfaced === 0) {
      if (this.#divers === 0) this.terminated = true;
      else reward += this.#surface();
    }
    return reward;
  }

  #steer(action: Action): void {
    if (action === Action.fire && this.#shotTimer === 0) {
      const bullet = this.#bullets.add();
      bullet[X] = this.#x;
      bullet[Y] = this.#y;
      bullet[DIRECTION] = this.#direction;
      this.#shotTimer = SHOT_INTERVAL;
    } else if (action === Action.left) {
      this.#x = Math.max(0, this.#x - 1);
      this.#direction = -1;
    } else if (action === Action.right) {
      this.#x = Math.min(SIZE - 1, this.#x + 1);
      this.#direction = 1;
    } else if (action === Action.up) {
      this.#y = Math.max(0, this.#y - 1);
    } else if (action === Action.down) {
      this.#y = Math.min(BOTTOM - 1, this.#y + 1);
    }
  }

  #moveBullets(): number {
    const bullets = this.#bullets;
    let reward = 0;
    for (let i = bullets.length - 1; i >= 0 && i < bullets.length; i--) {
      const bullet = bullets.at(i);
      bullet[X]! += bullet[DIRECTION]!;
      if (isOutside(bullet[X]!)) {
        bullets.remove(bullet);
        continue;
      }
      const fish = this.#fish.find(bullet[X]!, bullet[Y]!);
      const enemySub = fish === undefined ? this.#enemySubs.find(bullet[X]!, bullet[Y]!) : undefined;
      if (fish !== undefined) this.#fish.remove(fish);
      else if (enemySub !== undefined) this.#enemySubs.remove(enemySub);
      else continue;
      bullets.remove(bullet);
      reward++;
    }
    return reward;
  }

  #moveDivers(): void {
    const divers = this.#freeDivers;
    for (let i = divers.length - 1; i >= 0 && i < divers.length; i--) {
      const diver = divers.at(i);
      if (this.#takeAboard(diver)) continue;
      if (diver[MOVE_TIMER] !== 0) {
        diver[MOVE_TIMER]!--;
        continue;
      }
      diver[MOVE_TIMER] = DIVER_MOVE_INTERVAL;
      diver[X]! += diver[DIRECTION]!;
      if (isOutside(diver[X]!)) divers.remove(diver);
      else this.#takeAboard(diver);
    }
  }

  #takeAboard(diver: Int16Array): boolean {
    if (!this.#meets(diver) || this.#divers >= MAX_DIVERS) return false;
    this.#freeDivers.remove(diver);
    this.#divers++;
    return true;
  }

  #moveEnemySubs(): number {
    const enemySubs = this.#enemySubs;
    let reward = 0;
    for (let i = enemySubs.length - 1; i >= 0 && i < enemySubs.length; i--) {
      const sub = enemySubs.at(i);
      reward += this.#moveEnemy(sub, enemySubs);
      // Also one that has just been hit, or has left.
      if (sub[SHOT_TIMER] === 0) {
        sub[SHOT_TIMER] = ENEMY_SHOT_INTERVAL;
        const bullet = this.#enemyBullets.add();
        bullet[X] = sub[X]!;
        bullet[Y] = sub[Y]!;
        bullet[DIRECTION] = sub[DIRECTION]!;
      } else {
        sub[SHOT_TIMER]!--;
      }
    }
    return reward;
  }

  #moveFish(): number {
    let reward = 0;
    for (let i = this.#fish.length - 1; i >= 0 && i < this.#fish.length; i--) {
      reward += this.#moveEnemy(this.#fish.at(i), this.#fish);
    }
    return reward;
  }

  /** Moves a fish or an enemy submarine when its time has come; returns 1 if that runs it into a bullet. */
  #moveEnemy(enemy: Int16Array, enemies: Entities): number {
    if (this.#meets(enemy)) this.terminated = true;
    if (enemy[MOVE_TIMER] !== 0) {
      enemy[MOVE_TIMER]!--;
      return 0;
    }
    enemy[MOVE_TIMER] = this.#moveInterval;
    enemy[X]! += enemy[DIRECTION]!;
    if (isOutside(enemy[X]!)) {
      enemies.remove(enemy);
      return 0;
    }
    if (this.#meets(enemy)) {
      this.terminated = true;
      return 0;
    }
    const bullet = this.#bullets.find(enemy[X]!, enemy[Y]!);
    if (bullet === undefined) return 0;
    enemies.remove(enemy);
    this.#bullets.remove(bullet);
    return 1;
  }

  #moveEnemyBullets(): void {
    const bullets = this.#enemyBullets;
    for (let i = bullets.length - 1; i >= 0 && i < bullets.length; i--) {
      const bullet = bullets.at(i);
      if (this.#meets(bullet)) this.terminated = true;
      bullet[X]! += bullet[DIRECTION]!;
      if (isOutside(bullet[X]!)) bullets.remove(bullet);
      else if (this.#meets(bullet)) this.terminated = true;
    }
  }

  #meets(entity: Int16Array): boolean {
    return entity[X] === this.#x && entity[Y] === this.#y;
  }

  /** Takes in air and lets divers out; returns what six of them pay. */
  #surface(): number {
    this.#isSurfaced = 1;
    let reward = 0;
    if (this.#divers === MAX_DIVERS) {
      this.#divers = 0;
      reward = Math.floor((this.#oxygen * 10) / MAX_OXYGEN);
    }
    // Also after six were let out, as in the original: then the count is below zero, and a diver is owed.
    this.#divers--;
    this.#oxygen = MAX_OXYGEN;
    if (this.#isRamping && (this.#spawnInterval > 1 || this.#moveInterval > 2)) {
      if (this.#moveInterval > 2 && this.#rampIndex % 2 === 1) this.#moveInterval--;
      if (this.#spawnInterval > 1) this.#spawnInterval--;
      this.#rampIndex++;
    }
    return reward;
  }

  #spawnEnemy(): void {
    const rng = this.#rng!;
    const direction = rng.random() < 1 / 2 ? 1 : -1;
    const isSub = rng.random() < 1 / 3;
    const y = rng.integers(1, BOTTOM);
    if (this.#hasOncoming(this.#enemySubs, y, direction) || this.#hasOncoming(this.#fish, y, direction))
      return;
    const enemy = isSub ? this.#enemySubs.add() : this.#fish.add();
    enemy[X] = direction > 0 ? 0 : SIZE - 1;
    enemy[Y] = y;
    enemy[DIRECTION] = direction;
    enemy[MOVE_TIMER] = this.#moveInterval;
    if (isSub) enemy[SHOT_TIMER] = ENEMY_SHOT_INTERVAL;
  }

  #hasOncoming(enemies: Entities, y: number, direction: number): boolean {
    for (let i = 0; i < enemies.length; i++) {
      const enemy = enemies.at(i);
      if (enemy[Y] === y && enemy[DIRECTION] !== direction) return true;
    }
    return false;
  }

  #spawnDiver(): void {
    const rng = this.#rng!;
    const direction = rng.random() < 1 / 2 ? 1 : -1;
    const diver = this.#freeDivers.add();
    diver[X] = direction > 0 ? 0 : SIZE - 1;
    diver[Y] = rng.integers(1, BOTTOM);
    diver[DIRECTION] = direction;
    diver[MOVE_TIMER] = DIVER_MOVE_INTERVAL;
  }

  protected override draw(out: Uint8Array): void {
    out[index(this.#x, this.#y, FRONT)] = 1;
    out[index(this.#x - this.#direction, this.#y, BACK)] = 1;
    const oxygen = Math.floor((Math.max(0, this.#oxygen) * SIZE) / MAX_OXYGEN);
    for (let x = 0; x < oxygen; x++) out[index(x, BOTTOM, OXYGEN_GAUGE)] = 1;
    for (let x = BOTTOM - this.#divers; x < BOTTOM; x++) out[index(x, BOTTOM, DIVER_GAUGE)] = 1;
    drawAll(out, this.#bullets, BULLET, false);
    drawAll(out, this.#enemyBullets, ENEMY_BULLET, false);
    drawAll(out, this.#fish, FISH, true);
    drawAll(out, this.#enemySubs, ENEMY_SUB, true);
    drawAll(out, this.#freeDivers, DIVER, true);
  }

  protected override save(): unknown {
    const numbers = [
      this.#x,
      this.#y,
      this.#direction,
      this.#oxygen,
      this.#divers,
      this.#isSurfaced,
      this.#shotTimer,
      this.#spawnInterval,
      this.#spawnTimer,
      this.#diverSpawnTimer,
      this.#moveInterval,
      this.#rampIndex,
    ];
    return [numbers, ...this.#lists().map((entities) => entities.save())];
  }

  protected override load(snapshot: unknown): void {
    const lists = this.#lists();
    if (!Array.isArray(snapshot) || snapshot.length !== 1 + lists.length) {
      throw invalidSnapshot(`state: expected ${1 + lists.length} lists of numbers`);
    }
    const [numbers, ...entities] = snapshot;
    const state = stateIntegers(numbers, 12, -1e6, 1e6);
    for (const [i, list] of lists.entries()) list.check(entities[i]);

    [this.#x, this.#y, this.#direction, this.#oxygen, this.#divers, this.#isSurfaced] = state;
    [this.#shotTimer, this.#spawnInterval, this.#spawnTimer, this.#diverSpawnTimer] = state.slice(6);
    [this.#moveInterval, this.#rampIndex] = state.slice(10);
    for (const [i, list] of lists.entries()) list.load(entities[i]);
  }

  #lists(): readonly Entities[] {
    return [this.#bullets, this.#enemyBullets, this.#fish, this.#enemySubs, this.#freeDivers];
  }
}

function drawAll(out: Uint8Array, entities: Entities, channel: number, hasTrail: boolean): void {
  for (let i = 0; i < entities.length; i++) {
    const entity = entities.at(i);
    const x = entity[X]!;
    const y = entity[Y]!;
    out[index(x, y, channel)] = 1;
    const trailX = x - entity[DIRECTION]!;
    if (hasTrail && !isOutside(trailX)) out[index(trailX, y, TRAIL)] = 1;
  }
}

export const seaquestEnvs = minAtarEnvs({
  name: 'Seaquest',
  description: 'Shoot fish and submarines, rescue divers, and come up for air in time.',
  rewardRange: [0, 12],
  minimalActions: [Action.noop, Action.left, Action.up, Action.right, Action.down, Action.fire],
  ramps: true,
  create: (actions, isRamping) => new Seaquest(actions, isRamping),
});
