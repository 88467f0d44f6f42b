/**
 * MountainCar-v0: a car in a valley is too weak to climb the right hill at once; it has to swing back and forth.
 *
 * - Observation: position in -1.2 to 0.6, velocity in ±0.07.
 * - Actions: 0 pushes left, 1 does not push, 2 pushes right.
 * - Start: at rest, uniform in -0.6 to -0.4 (reset options `low` and `high`).
 * - Reward: -1 a step.
 * - Terminated: position 0.5 is reached, with at least `goal_velocity`.
 *
 * Source: Moore, Efficient Memory-Based Learning for Robot Control (1990), as gymnasium 1.4.0
 * (classic_control/mountain_car.py) has it.
 */
import { Box, Discrete } from '../../protocol/spaces/index.js';
import type { Env, EnvDefinition, Image } from '../env.js';
import type { Rng } from '../rng/rng.js';
import { stateNumbers } from '../snapshot.js';
import { drawMountainCar } from './mountain-picture.js';
import { type Bounds, type ResetBounds, resetBounds, resetBoundsOptions } from './reset-bounds.js';

const MIN_POSITION = -1.2;
const MAX_POSITION = 0.6;
const MAX_SPEED = 0.07;
const GOAL = 0.5;
const FORCE = 0.001;
const GRAVITY = 0.0025;

/** Between which an episode starts. */
const START: Bounds = [-0.6, -0.4];

class MountainCar implements Env<number> {
  readonly observationSpace = new Box([MIN_POSITION, -MAX_SPEED], [MAX_POSITION, MAX_SPEED], [2]);
  readonly actionSpace = new Discrete(3);
  reward = 0;
  terminated = false;

  #position = 0;
  #velocity = 0;

  constructor(readonly goalVelocity: number) {}

  reset(rng: Rng, options?: ResetBounds): void {
    const [low, high] = resetBounds('MountainCar-v0', options, START);
    this.#position = rng.uniform(low, high);
    this.#velocity = 0;
    this.reward = 0;
    this.terminated = false;
  }

  step(action: number): void {
    let velocity = this.#velocity + ((action - 1) * FORCE + Math.cos(3 * this.#position) * -GRAVITY);
    velocity = Math.min(Math.max(velocity, -MAX_SPEED), MAX_SPEED);
    const position = Math.min(Math.max(this.#position + velocity, MIN_POSITION), MAX_POSITION);
    // The left wall stops the car.
    if (position === MIN_POSITION && velocity < 0) velocity = 0;

    this.#position = position;
    this.#velocity = velocity;
    this.terminated = position >= GOAL && velocity >= this.goalVelocity;
    this.reward = -1;
  }

  observe(out: Float32Array): void {
    out[0] = this.#position;
    out[1] = this.#velocity;
  }

  snapshot(): number[] {
    return [this.#position, this.#velocity];
  }

  restore(snapshot: unknown): void {
    [this.#position, this.#velocity] = stateNumbers(snapshot, 2);
  }

  render(): Image {
    return drawMountainCar(this.#position, GOAL);
  }
}

export const mountainCar: EnvDefinition = {
  spec: {
    id: 'MountainCar-v0',
    description: 'Swing a weak car back and forth until it climbs the hill.',
    source: 'gymnasium 1.4.0; Moore 1990',
    players: 1,
    maxEpisodeSteps: 200,
    rewardThreshold: -110,
    rewardRange: [-1, -1],
    renderModes: ['rgb_array'],
    options: {
      goal_velocity: {
        type: 'number',
        default: 0,
        description: 'Least velocity with which the goal must be reached.',
      },
    },
  },
  rng: 'pcg64',
  resetOptions: resetBoundsOptions(START),
  create: (options) => new MountainCar(options.goal_velocity as number),
};
