import t from 'tap';
import { cartPole } from '../../../envs/classic/cartpole.js';
import { pendulum } from '../../../envs/classic/pendulum.js';
import type { EnvDefinition } from '../../../envs/env.js';
import { pointMaze } from '../../../envs/goals/point-maze.js';
import { registerEnv, resolveOptions } from '../../../envs/index.js';
import { breakout } from '../../../envs/pixel/breakout.js';
import { withWrappers } from '../../../envs/wrappers/index.js';
import { conforms } from '../conformance.js';
import { makeInProcess } from '../driver.js';

/** Wrapped envs, under ids of their own. */
const WRAPPED: readonly (readonly [EnvDefinition, Readonly<Record<string, unknown>>])[] = [
  [cartPole, { action_repeat: 3 }],
  [cartPole, { mask_velocity: true, time_aware: true }],
  [pendulum, { observation_noise: 0.1, flicker: 0.3, observation_delay: 2, frame_stack: 3 }],
  [pendulum, { frame_stack: 4, time_aware: true }],
  [pointMaze, { observation_noise: 0.01, observation_delay: 1, frame_stack: 2, time_aware: true }],
  [breakout, { preprocess: true, screen_size: 42, frame_stack: 4, flicker: 0.5 }],
];

for (const [definition, given] of WRAPPED) {
  const wrapped = withWrappers(definition);
  const id = `${definition.spec.id} ${JSON.stringify(given)}`;
  registerEnv({
    ...definition,
    spec: { ...definition.spec, id },
    create: () => wrapped.create(resolveOptions(wrapped.spec, given)),
  });
  conforms(t, makeInProcess, { id });
}
