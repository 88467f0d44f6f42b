/**
 * Acrobot-v1: two links hang from a fixed point, and a motor at the joint between them is to swing the free end up.
 *
 * - Observation: cosine and sine of the first link's angle (0 hanging down) and of the second's relative to it, then
 *   their velocities in ±4 pi and ±9 pi rad/s.
 * - Actions: 0, 1 and 2 apply a torque of -1, 0 and 1 Nm for 0.2 s.
 * - Start: angles and velocities uniform in ±0.1 (reset options `low` and `high`), rounded to float32.
 * - Reward: -1 a step, 0 for the one that succeeds.
 * - Terminated: the free end is a link's length above the fixed point.
 *
 * Source: Sutton, Generalization in Reinforcement Learning: Successful Examples Using Sparse Coarse Coding (1996) with
 * the equations of Sutton and Barto's book, integrated by one Runge-Kutta step, as gymnasium 1.4.0
 * (classic_control/acrobot.py) has it.
 */
import { Box, Discrete } from '../../protocol/spaces/index.js';
import type { Env, EnvDefinition, Image } from '../env.js';
import { BLACK, Canvas, type Color, type Point, place } from '../raster.js';
import type { Rng } from '../rng/rng.js';
import { stateNumbers } from '../snapshot.js';
import { type Bounds, type ResetBounds, resetBounds, resetBoundsOptions } from './reset-bounds.js';

const { cos, sin, PI } = Math;

const TIME_STEP = 0.2;
const MAX_VELOCITY_1 = 4 * PI;
const MAX_VELOCITY_2 = 9 * PI;
const GRAVITY = 9.8;
// Both links: mass 1 kg, length 1 m, centre of mass in the middle, moment of inertia 1 kg m².
const CENTRE = 0.5;

/** The angle within -pi to pi, as the original gets there: one turn at a time. */
function wrap(angle: number): number {
  let wrapped = angle;
  while (wrapped > PI) wrapped -= 2 * PI;
  while (wrapped < -PI) wrapped += 2 * PI;
  return wrapped;
}

const clip = (x: number, limit: number): number => Math.min(Math.max(x, -limit), limit);

/** Between which an episode starts. */
const START: Bounds = [-0.1, 0.1];

class Acrobot implements Env<number> {
  readonly observationSpace = new Box(
    [-1, -1, -1, -1, -MAX_VELOCITY_1, -MAX_VELOCITY_2],
    [1, 1, 1, 1, MAX_VELOCITY_1, MAX_VELOCITY_2],
    [6],
  );
  readonly actionSpace = new Discrete(3);
  reward = 0;
  terminated = false;

  #theta1 = 0;
  #theta2 = 0;
  #velocity1 = 0;
  #velocity2 = 0;
  /** Where `#accelerate` looks: angles and velocities. V8 would put floats that are handed to it on the heap. */
  readonly #at = new Float64Array(4);
  /** What it found. */
  #acceleration1 = 0;
  #acceleration2 = 0;

  reset(rng: Rng, options?: ResetBounds): void {
    const [low, high] = resetBounds('Acrobot-v1', options, START);
    this.#theta1 = Math.fround(rng.uniform(low, high));
    this.#theta2 = Math.fround(rng.uniform(low, high));
    this.#velocity1 = Math.fround(rng.uniform(low, high));
    this.#velocity2 = Math.fround(rng.uniform(low, high));
    this.reward = 0;
    this.terminated = false;
  }

  step(action: number): void {
    const torque = action - 1;
    const theta1 = this.#theta1;
    const theta2 = this.#theta2;
    const velocity1 = this.#velocity1;
    const velocity2 = this.#velocity2;
    const half = TIME_STEP / 2;

    // The classical Runge-Kutta method; u and v are velocities, a and b accelerations at its four points.
    const at = this.#at;
    at[0] = theta1;
    at[1] = theta2;
    at[2] = velocity1;
    at[3] = velocity2;
    this.#accelerate(torque);
    const a1 = this.#acceleration1;
    const b1 = this.#acceleration2;
    const u2 = velocity1 + half * a1;
    const v2 = velocity2 + half * b1;
    at[0] = theta1 + half * velocity1;
    at[1] = theta2 + half * velocity2;
    at[2] = u2;
    at[3] = v2;
    this.#accelerate(torque);
    const a2 = this.#acceleration1;
    const b2 = this.#acceleration2;
    const u3 = velocity1 + half * a2;
    const v3 = velocity2 + half * b2;
    at[0] = theta1 + half * u2;
    at[1] = theta2 + half * v2;
    at[2] = u3;
    at[3] = v3;
    this.#accelerate(torque);
    const a3 = this.#acceleration1;
    const b3 = this.#acceleration2;
    const u4 = velocity1 + TIME_STEP * a3;
    const v4 = velocity2 + TIME_STEP * b3;
    at[0] = theta1 + TIME_STEP * u3;
    at[1] = theta2 + TIME_STEP * v3;
    at[2] = u4;
    at[3] = v4;
    this.#accelerate(torque);

    const sixth = TIME_STEP / 6;
    this.#theta1 = wrap(theta1 + sixth * (velocity1 + 2 * u2 + 2 * u3 + u4));
    this.#theta2 = wrap(theta2 + sixth * (velocity2 + 2 * v2 + 2 * v3 + v4));
    this.#velocity1 = clip(velocity1 + sixth * (a1 + 2 * a2 + 2 * a3 + this.#acceleration1), MAX_VELOCITY_1);
    this.#velocity2 = clip(velocity2 + sixth * (b1 + 2 * b2 + 2 * b3 + this.#acceleration2), MAX_VELOCITY_2);

    this.terminated = -cos(this.#theta1) - cos(this.#theta2 + this.#theta1) > 1;
    this.reward = this.terminated ? 0 : -1;
  }

  /** The angular accelerations at `#at` under a torque. */
  #accelerate(torque: number): void {
    const theta1 = this.#at[0]!;
    const theta2 = this.#at[1]!;
    const velocity1 = this.#at[2]!;
    const velocity2 = this.#at[3]!;
    const cos2 = cos(theta2);
    const sin2 = sin(theta2);
    const d1 = 0.25 + (1.25 + cos2) + 1 + 1;
    const d2 = 0.25 + CENTRE * cos2 + 1;
    const phi2 = CENTRE * GRAVITY * cos(theta1 + theta2 - PI / 2);
    const phi1 =
      -CENTRE * (velocity2 * velocity2) * sin2 -
      velocity2 * velocity1 * sin2 +
      1.5 * GRAVITY * cos(theta1 - PI / 2) +
      phi2;
    const acceleration2 =
      (torque + (d2 / d1) * phi1 - CENTRE * (velocity1 * velocity1) * sin2 - phi2) / (1.25 - (d2 * d2) / d1);
    this.#acceleration1 = -(d2 * acceleration2 + phi1) / d1;
    this.#acceleration2 = acceleration2;
  }

  observe(out: Float32Array): void {
    out[0] = cos(this.#theta1);
    out[1] = sin(this.#theta1);
    out[2] = cos(this.#theta2);
    out[3] = sin(this.#theta2);
    out[4] = this.#velocity1;
    out[5] = this.#velocity2;
  }

  snapshot(): number[] {
    return [this.#theta1, this.#theta2, this.#velocity1, this.#velocity2];
  }

  restore(snapshot: unknown): void {
    // The limit is that of the reset options: from far outside, wrapping the angles would take for ever.
    [this.#theta1, this.#theta2, this.#velocity1, this.#velocity2] = stateNumbers(snapshot, 4, 100);
  }

  render(): Image {
    const size = 500;
    const scale = size / 4.4;
    const canvas = new Canvas(size, size);
    canvas.rect(0, size / 2 - scale, size, 1, BLACK);
    let joint: Point = [size / 2, size / 2];
    let angle = 0;
    for (const turn of [this.#theta1, this.#theta2]) {
      angle += turn;
      const part = (point: Point) => place(point, -angle, ...joint);
      const half = 0.1 * scale;
      const link: Point[] = [
        [-half, 0],
        [half, 0],
        [half, scale],
        [-half, scale],
      ];
      canvas.polygon(link.map(part), LINK_COLOR);
      canvas.circle(...joint, half, JOINT_COLOR);
      joint = part([0, scale]);
    }
    return canvas;
  }
}

const LINK_COLOR: Color = [0, 204, 204];
const JOINT_COLOR: Color = [204, 204, 0];

export const acrobot: EnvDefinition = {
  spec: {
    id: 'Acrobot-v1',
    description: 'Swing the free end of two hanging links up, with a motor at the joint between them.',
    source: 'gymnasium 1.4.0; Sutton 1996',
    players: 1,
    maxEpisodeSteps: 500,
    rewardThreshold: -100,
    rewardRange: [-1, 0],
    renderModes: ['rgb_array'],
    options: {},
  },
  rng: 'pcg64',
  resetOptions: resetBoundsOptions(START),
  create: () => new Acrobot(),
};
