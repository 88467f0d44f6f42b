/**
 * Pendulum-v1: swing a rod up with a motor that is too weak to lift it at once, and hold it there.
 *
 * - Observation: cosine and sine of the angle (0 upright), angular velocity in ±8 rad/s.
 * - Action: one number in ±2, the torque [Nm], applied for 0.05 s.
 * - Start: angle uniform in ±pi and velocity in ±1 (reset options `x_init` and `y_init`).
 * - Reward: -(angle² + 0.1 velocity² + 0.001 torque²), the angle within ±pi.
 * - Never terminated.
 *
 * The rod has mass 1 kg and length 1 m. The torque is float32, and makes float32 of the Python numbers that it meets
 * (NumPy 2); `fround` marks those places.
 *
 * Source: gymnasium 1.4.0 (classic_control/pendulum.py).
 */
import { Box } from '../../protocol/spaces/index.js';
import type { Env, EnvDefinition, Image } from '../env.js';
import { BLACK, Canvas, type Color, type Point, place } from '../raster.js';
import type { Rng } from '../rng/rng.js';
import { stateNumbers } from '../snapshot.js';

const { fround } = Math;

const MAX_SPEED = 8;
const MAX_TORQUE = 2;
const TIME_STEP = 0.05;

/** The angle within -pi to pi, by the modulo of Python, whose result has the sign of the divisor. */
function normalize(angle: number): number {
  const remainder = (angle + Math.PI) % (2 * Math.PI);
  return (remainder < 0 ? remainder + 2 * Math.PI : remainder) - Math.PI;
}

class Pendulum implements Env<Float32Array> {
  readonly observationSpace = new Box([-1, -1, -MAX_SPEED], [1, 1, MAX_SPEED], [3]);
  readonly actionSpace = new Box(-MAX_TORQUE, MAX_TORQUE, [1]);
  reward = 0;
  readonly terminated = false;

  #theta = 0;
  #thetaDot = 0;
  /** Of the last step, for the picture. */
  #torque = 0;

  constructor(readonly gravity: number) {}

  reset(rng: Rng, options?: { readonly x_init?: number; readonly y_init?: number }): void {
    const { x_init: angle = Math.PI, y_init: speed = 1 } = options ?? {};
    this.#theta = rng.uniform(-angle, angle);
    this.#thetaDot = rng.uniform(-speed, speed);
    this.#torque = 0;
    this.reward = 0;
  }

  step(action: Float32Array): void {
    const torque = action[0]!;
    const thetaDot = this.#thetaDot;
    const angle = normalize(this.#theta);
    this.reward = -(
      angle * angle +
      0.1 * (thetaDot * thetaDot) +
      fround(fround(0.001) * fround(torque * torque))
    );

    const acceleration = ((3 * this.gravity) / 2) * Math.sin(this.#theta) + fround(3 * torque);
    this.#thetaDot = Math.min(Math.max(thetaDot + acceleration * TIME_STEP, -MAX_SPEED), MAX_SPEED);
    this.#theta += this.#thetaDot * TIME_STEP;
    this.#torque = torque;
  }

  observe(out: Float32Array): void {
    out[0] = Math.cos(this.#theta);
    out[1] = Math.sin(this.#theta);
    out[2] = this.#thetaDot;
  }

  snapshot(): number[] {
    return [this.#theta, this.#thetaDot, this.#torque];
  }

  restore(snapshot: unknown): void {
    [this.#theta, this.#thetaDot, this.#torque] = stateNumbers(snapshot, 3);
  }

  /** The rod, and below it the torque as a bar to the side that it turns to. */
  render(): Image {
    const size = 500;
    const scale = size / 4.4;
    const centre = size / 2;
    const canvas = new Canvas(size, size);
    const half = 0.1 * scale;
    const part = (point: Point) => place(point, -this.#theta, centre, centre);
    const rod: Point[] = [
      [-half, 0],
      [-half, -scale],
      [half, -scale],
      [half, 0],
    ];
    canvas.polygon(rod.map(part), ROD_COLOR);
    for (const [x, y] of [part([0, 0]), part([0, -scale])]) canvas.circle(x, y, half, ROD_COLOR);
    canvas.circle(centre, centre, 0.05 * scale, BLACK);

    // Positive torque turns counter-clockwise: the top goes to the left.
    const bar = (this.#torque / MAX_TORQUE) * scale;
    canvas.rect(Math.min(centre - bar, centre), size - 40, Math.abs(bar), 12, TORQUE_COLOR);
    canvas.rect(centre - 1, size - 46, 2, 24, BLACK);
    return canvas;
  }
}

const ROD_COLOR: Color = [204, 77, 77];
const TORQUE_COLOR: Color = [90, 120, 200];

/** The worst angle, speed and torque at once. */
const LEAST_REWARD = -(Math.PI ** 2 + 0.1 * MAX_SPEED ** 2 + fround(0.001 * MAX_TORQUE ** 2));

export const pendulum: EnvDefinition = {
  spec: {
    id: 'Pendulum-v1',
    description: 'Swing a rod up with a weak motor and hold it upright.',
    source: 'gymnasium 1.4.0',
    players: 1,
    maxEpisodeSteps: 200,
    rewardRange: [LEAST_REWARD, 0],
    renderModes: ['rgb_array'],
    options: {
      g: { type: 'number', default: 10, min: -100, max: 100, description: 'Gravity [m/s²].' },
    },
  },
  rng: 'pcg64',
  resetOptions: {
    x_init: {
      type: 'number',
      default: Math.PI,
      min: -100,
      max: 100,
      description: 'Greatest starting angle either way.',
    },
    y_init: {
      type: 'number',
      default: 1,
      min: -100,
      max: 100,
      description: 'Greatest starting velocity either way.',
    },
  },
  create: (options) => new Pendulum(options.g as number),
};
