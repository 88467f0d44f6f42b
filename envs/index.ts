import { cartPole } from './classic/cartpole.js';
import { breakoutEnvs } from './minatar/breakout.js';
import { registerEnv } from './registry.js';

for (const definition of [cartPole, ...breakoutEnvs]) registerEnv(definition);

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
