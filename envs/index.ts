import { acrobot } from './classic/acrobot.js';
import { cartPole } from './classic/cartpole.js';
import { mountainCar } from './classic/mountain-car.js';
import { mountainCarContinuous } from './classic/mountain-car-continuous.js';
import { pendulum } from './classic/pendulum.js';
import type { EnvDefinition } from './env.js';
import { goalEnvs } from './goals/index.js';
import { asterixEnvs } from './minatar/asterix.js';
import { breakoutEnvs } from './minatar/breakout.js';
import { freewayEnvs } from './minatar/freeway.js';
import { seaquestEnvs } from './minatar/seaquest.js';
import { spaceInvadersEnvs } from './minatar/space-invaders.js';
import { physicsEnvs, physicsWorlds } from './physics/index.js';
import { pixelEnvs, pixelWorlds } from './pixel/index.js';
import { registerEnv, registerWorld } from './registry.js';
import { blackjack } from './tabular/blackjack.js';
import { cliffWalkingEnvs } from './tabular/cliff-walking.js';
import { frozenLakeEnvs } from './tabular/frozen-lake.js';
import { taxiEnvs } from './tabular/taxi.js';
import { connectFour } from './turn/connect-four.js';
import type { WorldDefinition } from './world.js';

const definitions: readonly EnvDefinition[] = [
  acrobot,
  blackjack,
  cartPole,
  mountainCar,
  mountainCarContinuous,
  pendulum,
  ...asterixEnvs,
  ...breakoutEnvs,
  ...cliffWalkingEnvs,
  ...freewayEnvs,
  ...frozenLakeEnvs,
  ...seaquestEnvs,
  ...spaceInvadersEnvs,
  ...goalEnvs,
  ...physicsEnvs,
  ...pixelEnvs,
  ...taxiEnvs,
];
for (const definition of definitions) registerEnv(definition);

const worlds: readonly WorldDefinition[] = [connectFour, ...physicsWorlds, ...pixelWorlds];
for (const definition of worlds) registerWorld(definition);

export type { EndedBatch, InfoSlabs, ResetBatch, StepBatch } from './batch.js';
export type { Env, EnvDefinition, EnvSpec, Image, OptionSpec, Options } from './env.js';
export { type Expert, type ExpertEnvDefinition, hasExpert } from './expert.js';
export { type GoalEnvDefinition, type Goals, isGoalEnv, type RewardFunction } from './goal-env.js';
export { HostedWorld, type HostedWorldConfig } from './hosted-world.js';
export { describeOption, resolveOptions } from './options.js';
export {
  getEnv,
  getWorld,
  listEnvs,
  listSpecs,
  listWorlds,
  registerEnv,
  registerWorld,
} from './registry.js';
export { createRng, MAX_SEED } from './rng/create.js';
export type { Rng } from './rng/rng.js';
export { expandSeed } from './seeds.js';
export type { EnvSnapshot } from './snapshot.js';
export type { TransitionTable } from './tabular/table.js';
export {
  type AutoresetMode,
  type ResetRequest,
  VectorEnv,
  type VectorEnvConfig,
} from './vector-env.js';
export type { World, WorldDefinition } from './world.js';
export type { WorldSnapshot } from './world-snapshot.js';
