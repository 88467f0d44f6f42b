import type { Env, EnvDefinition, OptionSpec, Options } from '../env.js';
import { ActionRepeat } from './action-repeat.js';
import { Delay } from './delay.js';
import { Flicker } from './flicker.js';
import { FrameStack } from './frame-stack.js';
import { MaskVelocity, VELOCITIES } from './mask-velocity.js';
import { Noise } from './noise.js';
import { TimeAware } from './time-aware.js';

/**
 * The options that put wrappers around an env, in the order in which they are put, the first next to the env: what an
 * action does, what the sensor can read, what becomes of the reading on its way, what the agent is given of it.
 */
export const WRAPPER_OPTIONS = {
  action_repeat: {
    type: 'integer',
    default: 1,
    min: 1,
    max: 100,
    description: 'How many times every action is taken; the time limit counts it as one step.',
  },
  mask_velocity: {
    type: 'boolean',
    default: false,
    description: 'Whether velocities are observed as 0.',
  },
  observation_noise: {
    type: 'number',
    default: 0,
    min: 0,
    description: 'Standard deviation of normal noise in every element of the observation, in its own units.',
  },
  flicker: {
    type: 'number',
    default: 0,
    min: 0,
    max: 1,
    description: 'Probability with which an observation is all zeros.',
  },
  observation_delay: {
    type: 'integer',
    default: 0,
    min: 0,
    max: 100,
    description: 'How many steps late observations come; zeros until the first.',
  },
  frame_stack: {
    type: 'integer',
    default: 1,
    min: 1,
    max: 16,
    description:
      'How many observations, the oldest first, are shown along a new first axis; 1 for one as it is.',
  },
  time_aware: {
    type: 'boolean',
    default: false,
    description: "Whether the part of the env's own time limit that is over is observed besides.",
  },
} as const satisfies Readonly<Record<string, OptionSpec>>;

/**
 * The same env with the options above beside its own: `mask_velocity` where it has velocities, `time_aware` where it has
 * a time limit. Its `create` throws `bad_options` where a wrapper cannot read the env's observations. Throws if the env
 * has an option of such a name.
 */
export function withWrappers<D extends EnvDefinition>(definition: D): D {
  const { spec } = definition;
  const { mask_velocity, time_aware, ...others } = WRAPPER_OPTIONS;
  const options: Record<string, OptionSpec> = {
    ...others,
    ...(VELOCITIES[spec.id] && { mask_velocity }),
    ...(spec.maxEpisodeSteps !== undefined && { time_aware }),
  };
  const taken = Object.keys(options).find((name) => Object.hasOwn(spec.options, name));
  if (taken) throw new Error(`withWrappers: ${spec.id} has an option ${taken} of its own`);
  return {
    ...definition,
    spec: { ...spec, options: { ...spec.options, ...options } },
    create: (given: Options) => wrap(definition, definition.create(given), given),
  };
}

function wrap({ spec }: EnvDefinition, inner: Env, options: Options): Env {
  let env = inner;
  const repeat = options.action_repeat as number;
  if (repeat > 1) env = new ActionRepeat(env, repeat, env.rewardRange ?? spec.rewardRange);
  if (options.mask_velocity === true) env = new MaskVelocity(env, VELOCITIES[spec.id]!);
  const noise = options.observation_noise as number;
  if (noise > 0) env = new Noise(env, noise);
  const flicker = options.flicker as number;
  if (flicker > 0) env = new Flicker(env, flicker);
  const delay = options.observation_delay as number;
  if (delay > 0) env = new Delay(env, delay);
  const stack = options.frame_stack as number;
  if (stack > 1) env = new FrameStack(env, stack);
  if (options.time_aware === true) env = new TimeAware(env, spec.maxEpisodeSteps!);
  return env;
}
