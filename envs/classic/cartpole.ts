/**
 * CartPole-v1: a pole stands on a cart by a joint without friction; pushing the cart left or right is to keep the pole
 * upright.
 *
 * - Observation: cart position [m], its velocity, pole angle [rad, 0 upright], its velocity.
 * - Actions: 0 pushes left, 1 pushes right, each with 10 N for 0.02 s.
 * - Start: each of the four uniform in ±0.05 (reset options `low` and `high`).
 * - Reward: 1 a step. With `sutton_barto_reward`, 0 a step and -1 for the step that fails.
 * - Terminated: the pole is more than 12 degrees off, or the cart more than 2.4 m from the centre.
 *
 * Source: Barto, Sutton, Anderson, Neuronlike adaptive elements that can solve difficult learning control problems
 * (1983), with the equations of Florian, Correct equations for the dynamics of the cart-pole system (2007), as
 * gymnasium 1.4.0 (classic_control/cartpole.py) has them.
 */
import { Box, Discrete } from '../../protocol/spaces/index.js';
import type { Env, EnvDefinition, Image } from '../env.js';
import { BLACK, Canvas, type Color, type Point, place } from '../raster.js';
import type { Rng } from '../rng/rng.js';
import { stateNumbers } from '../snapshot.js';
import { type Bounds, type ResetBounds, resetBounds, resetBoundsOptions } from './reset-bounds.js';

const GRAVITY = 9.8;
const CART_MASS = 1.0;
const POLE_MASS = 0.1;
const TOTAL_MASS = POLE_MASS + CART_MASS;
/** Half the length of the pole. */
const HALF_LENGTH = 0.5;
const POLE_MOMENT = POLE_MASS * HALF_LENGTH;
const FORCE = 10.0;
const TIME_STEP = 0.02;
const MAX_ANGLE = (12 * 2 * Math.PI) / 360;
const MAX_POSITION = 2.4;

/** Between which an episode starts. */
const START: Bounds = [-0.05, 0.05];

class CartPole implements Env<number> {
  // Bounds are twice the limits, so that the observation which ends an episode is inside.
  readonly observationSpace = new Box(
    [-MAX_POSITION * 2, -Infinity, -MAX_ANGLE * 2, -Infinity],
    [MAX_POSITION * 2, Infinity, MAX_ANGLE * 2, Infinity],
    [4],
  );
  readonly actionSpace = new Discrete(2);
  reward = 0;
  terminated = false;

  #x = 0;
  #xDot = 0;
  #theta = 0;
  #thetaDot = 0;
  readonly #stepReward: number;
  readonly #failReward: number;

  constructor(suttonBartoReward: boolean) {
    this.#stepReward = suttonBartoReward ? 0 : 1;
    this.#failReward = suttonBartoReward ? -1 : 1;
  }

  reset(rng: Rng, options?: ResetBounds): void {
    const [low, high] = resetBounds('CartPole-v1', options, START);
    this.#x = rng.uniform(low, high);
    this.#xDot = rng.uniform(low, high);
    this.#theta = rng.uniform(low, high);
    this.#thetaDot = rng.uniform(low, high);
    this.reward = 0;
    this.terminated = false;
  }

  step(action: number): void {
    const force = action === 1 ? FORCE : -FORCE;
    const thetaDot = this.#thetaDot;
    const cos = Math.cos(this.#theta);
    const sin = Math.sin(this.#theta);

    const push = (force + POLE_MOMENT * (thetaDot * thetaDot) * sin) / TOTAL_MASS;
    const thetaAcceleration =
      (GRAVITY * sin - cos * push) / (HALF_LENGTH * (4.0 / 3.0 - (POLE_MASS * (cos * cos)) / TOTAL_MASS));
    const xAcceleration = push - (POLE_MOMENT * thetaAcceleration * cos) / TOTAL_MASS;

    // Explicit Euler: positions move with the old velocities.
    this.#x += TIME_STEP * this.#xDot;
    this.#xDot += TIME_STEP * xAcceleration;
    this.#theta += TIME_STEP * thetaDot;
    this.#thetaDot = thetaDot + TIME_STEP * thetaAcceleration;

    this.terminated =
      this.#x < -MAX_POSITION ||
      this.#x > MAX_POSITION ||
      this.#theta < -MAX_ANGLE ||
      this.#theta > MAX_ANGLE;
    this.reward = this.terminated ? this.#failReward : this.#stepReward;
  }

  observe(out: Float32Array): void {
    out[0] = this.#x;
    out[1] = this.#xDot;
    out[2] = this.#theta;
    out[3] = this.#thetaDot;
  }

  snapshot(): number[] {
    return [this.#x, this.#xDot, this.#theta, this.#thetaDot];
  }

  restore(snapshot: unknown): void {
    [this.#x, this.#xDot, this.#theta, this.#thetaDot] = stateNumbers(snapshot, 4);
  }

  render(): Image {
    const canvas = new Canvas(600, 400);
    const scale = canvas.width / (MAX_POSITION * 2);
    const x = this.#x * scale + canvas.width / 2;
    const y = 300;
    const axle = y - 7.5;
    const box = (left: number, top: number, right: number, bottom: number): Point[] => [
      [left, top],
      [right, top],
      [right, bottom],
      [left, bottom],
    ];
    canvas.rect(x - 25, y - 15, 50, 30, BLACK);
    const pole = box(-5, 5 - scale * 2 * HALF_LENGTH, 5, 5);
    canvas.polygon(
      pole.map((point) => place(point, this.#theta, x, axle)),
      POLE_COLOR,
    );
    canvas.circle(x, axle, 5, AXLE_COLOR);
    canvas.rect(0, y, canvas.width, 1, BLACK);
    return canvas;
  }
}

const POLE_COLOR: Color = [202, 152, 101];
const AXLE_COLOR: Color = [129, 132, 203];

export const cartPole: EnvDefinition = {
  spec: {
    id: 'CartPole-v1',
    description: 'Push a cart left or right so that the pole on it stays upright.',
    source: 'gymnasium 1.4.0; Barto, Sutton, Anderson 1983',
    players: 1,
    maxEpisodeSteps: 500,
    rewardThreshold: 475,
    rewardRange: [-1, 1],
    renderModes: ['rgb_array'],
    options: {
      sutton_barto_reward: {
        type: 'boolean',
        default: false,
        description: 'Reward 0 a step and -1 for failing, as in the paper, in place of 1 a step.',
      },
    },
  },
  rng: 'pcg64',
  resetOptions: resetBoundsOptions(START),
  create: (options) => new CartPole(options.sutton_barto_reward as boolean),
};
