import type { Env } from '../env.js';
import { type Readings, SensorWrapper } from './sensor.js';

/** Which elements of the observation are velocities, of the envs whose velocities can be masked. */
export const VELOCITIES: Readonly<Record<string, readonly number[]>> = {
  'Acrobot-v1': [4, 5],
  'CartPole-v1': [1, 3],
  'MountainCar-v0': [1],
  'MountainCarContinuous-v0': [1],
  'Pendulum-v1': [2],
};

/** Observes 0 in place of every velocity, so that an agent has to remember where things were. */
export class MaskVelocity extends SensorWrapper {
  readonly #indices: readonly number[];

  constructor(env: Env, indices: readonly number[]) {
    super(env, 'mask_velocity');
    this.#indices = indices;
  }

  protected override sense(): void {}

  protected override show(out: Readings): void {
    out.set(this.readings);
    for (const index of this.#indices) out[index] = 0;
  }
}
