import { acrobot } from './classic/acrobot.js';
import { cartPole } from './classic/cartpole.js';
import { mountainCar } from './classic/mountain-car.js';
import { mountainCarContinuous } from './classic/mountain-car-continuous.js';
import { pendulum } from './classic/pendulum.js';
import { breakoutEnvs } from './minatar/breakout.js';
import { registerEnv } from './registry.js';

for (const definition of [cartPole, mountainCar, mountainCarContinuous, pendulum, acrobot, ...breakoutEnvs])
  registerEnv(definition);

export type { EndedBatch, InfoSlabs, ResetBatch, StepBatch } from './batch.js';
export type { Env, EnvDefinition, EnvSpec, Image, OptionSpec, Options } from './env.js';
export { resolveOptions } from './options.js';
export { getEnv, listEnvs, registerEnv } from './registry.js';
export { createRng, MAX_SEED } from './rng/create.js';
export type { Rng } from './rng/rng.js';
export type { EnvSnapshot } from './snapshot.js';
export {
  type AutoresetMode,
  expandSeed,
  type ResetRequest,
  VectorEnv,
  type VectorEnvConfig,
} from './vector-env.js';
