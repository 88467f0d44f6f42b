/**
 * MountainCarContinuous-v0: the mountain car with an engine that pushes as hard as it is told to, and pays for it.
 *
 * - Observation: position in -1.2 to 0.6, velocity in ±0.07.
 * - Action: one number in ±1, the force.
 * - Start: at rest, uniform in -0.6 to -0.4 (reset options `low` and `high`).
 * - Reward: -0.1 times the squared force, and 100 for reaching the goal.
 * - Terminated: position 0.45 is reached, with at least `goal_velocity`.
 *
 * The original's numbers are part of its dynamics: the start is float64, every later state is float32, and a NumPy
 * float32 makes float32 of the Python numbers that it meets (NumPy 2). `fround` marks each such place.
 *
 * Source: Moore, Efficient Memory-Based Learning for Robot Control (1990), as gymnasium 1.4.0
 * (classic_control/continuous_mountain_car.py) has it.
 */
import { Box } from '../../protocol/spaces/index.js';
import type { Env, EnvDefinition, Image } from '../env.js';
import type { Rng } from '../rng/rng.js';
import { stateNumbers } from '../snapshot.js';
import { drawMountainCar } from './mountain-picture.js';
import { type Bounds, type ResetBounds, resetBounds, resetBoundsOptions } from './reset-bounds.js';

const { fround } = Math;

const MIN_POSITION = fround(-1.2);
const MAX_POSITION = fround(0.6);
const MAX_SPEED = fround(0.07);
const GOAL = fround(0.45);
const POWER = fround(0.0015);
const GRAVITY = 0.0025;

/** Between which an episode starts. */
const START: Bounds = [-0.6, -0.4];

class MountainCarContinuous implements Env<Float32Array> {
  readonly observationSpace = new Box([MIN_POSITION, -MAX_SPEED], [MAX_POSITION, MAX_SPEED], [2]);
  readonly actionSpace = new Box(-1, 1, [1]);
  reward = 0;
  terminated = false;

  #position = 0;
  #velocity = 0;
  /** Whether the episode has not been stepped yet, so that the state is float64. */
  #isStart = true;

  constructor(readonly goalVelocity: number) {}

  reset(rng: Rng, options?: ResetBounds): void {
    const [low, high] = resetBounds('MountainCarContinuous-v0', options, START);
    this.#position = rng.uniform(low, high);
    this.#velocity = 0;
    this.#isStart = true;
    this.reward = 0;
    this.terminated = false;
  }

  step(action: Float32Array): void {
    const force = action[0]!;
    const angle = this.#isStart ? 3 * this.#position : fround(3 * this.#position);
    const acceleration = fround(fround(force * POWER) - fround(GRAVITY * Math.cos(angle)));

    let velocity = this.#velocity + acceleration;
    if (!this.#isStart) velocity = fround(velocity);
    velocity = Math.min(Math.max(velocity, -MAX_SPEED), MAX_SPEED);
    let position = this.#position + velocity;
    if (!this.#isStart) position = fround(position);
    position = Math.min(Math.max(position, MIN_POSITION), MAX_POSITION);
    // The left wall stops the car.
    if (position === MIN_POSITION && velocity < 0) velocity = 0;

    this.terminated = position >= GOAL && velocity >= this.goalVelocity;
    this.reward = (this.terminated ? 100 : 0) - force * force * 0.1;
    this.#position = fround(position);
    this.#velocity = fround(velocity);
    this.#isStart = false;
  }

  observe(out: Float32Array): void {
    out[0] = this.#position;
    out[1] = this.#velocity;
  }

  snapshot(): number[] {
    return [this.#position, this.#velocity, Number(this.#isStart)];
  }

  restore(snapshot: unknown): void {
    const [position, velocity, isStart] = stateNumbers(snapshot, 3);
    this.#position = position!;
    this.#velocity = velocity!;
    this.#isStart = isStart === 1;
  }

  render(): Image {
    return drawMountainCar(this.#position, GOAL);
  }
}

export const mountainCarContinuous: EnvDefinition = {
  spec: {
    id: 'MountainCarContinuous-v0',
    description: 'Swing a weak car up the hill with as little force as possible.',
    source: 'gymnasium 1.4.0; Moore 1990',
    players: 1,
    maxEpisodeSteps: 999,
    rewardThreshold: 90,
    rewardRange: [-0.1, 100],
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
  create: (options) => new MountainCarContinuous(options.goal_velocity as number),
};
