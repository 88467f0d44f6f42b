import type { EnvDefinition, OptionSpec, Options } from '../env.js';
import { MIN_SIZE } from './area-resize.js';
import { AtariFrame, type FrameSettings } from './atari-frame.js';
import type { PixelGame } from './game.js';
import { WIDTH } from './size.js';

/** The most frames that one step may take. */
export const MAX_FRAME_SKIP = 16;

/** Half an hour of play at four frames a step: ALE's limit of 108,000 frames. */
export const MAX_STEPS = 27_000;

/** What the pixel envs have in common: how a game becomes an env. */
export const FRAME_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  preprocess: {
    type: 'boolean',
    default: false,
    description:
      'Take the defaults of AtariPreprocessing (84 by 84, gray, brighter of two frames, no-op starts) in place of those of ALE/...-v5.',
  },
  obs_type: {
    type: 'string',
    default: null,
    choices: ['rgb', 'grayscale', 'state'],
    description:
      'What is observed: the picture, or the state of the game in numbers; null: rgb, with preprocess grayscale.',
  },
  screen_size: {
    type: 'integer',
    default: null,
    min: MIN_SIZE,
    max: WIDTH,
    description:
      'Width and height that the picture shrinks to; null: 160 by 210 as it is, with preprocess 84.',
  },
  max_pool: {
    type: 'boolean',
    default: null,
    description:
      'Whether the picture is the brighter of the last two frames of a step; null: as preprocess says.',
  },
  noop_max: {
    type: 'integer',
    default: null,
    min: 0,
    max: 600,
    description: 'An episode begins with 1 to this many frames without action; null: 0, with preprocess 30.',
  },
  frame_skip: {
    type: 'integer',
    default: 4,
    min: 1,
    max: MAX_FRAME_SKIP,
    description: 'Frames that an action is held for.',
  },
  repeat_action_probability: {
    type: 'number',
    default: 0.25,
    min: 0,
    max: 1,
    description: 'Probability, in every frame, that the action before goes on.',
  },
  terminal_on_life_loss: {
    type: 'boolean',
    default: false,
    description: 'Whether losing a life ends the episode; the reset begins a new game.',
  },
  clip_reward: { type: 'boolean', default: false, description: 'Whether rewards are clipped to their sign.' },
  scale_obs: { type: 'boolean', default: false, description: 'Whether pictures are float32 from 0 to 1.' },
};

/** The settings that options of an env stand for; `preprocess` decides where they are null. */
export function frameSettings(options: Options): FrameSettings {
  const preprocess = options.preprocess as boolean;
  return {
    obsType: (options.obs_type ?? (preprocess ? 'grayscale' : 'rgb')) as FrameSettings['obsType'],
    screenSize: (options.screen_size ?? (preprocess ? 84 : null)) as number | null,
    maxPool: (options.max_pool ?? preprocess) as boolean,
    frameSkip: options.frame_skip as number,
    noopMax: (options.noop_max ?? (preprocess ? 30 : 0)) as number,
    repeatActionProbability: options.repeat_action_probability as number,
    terminalOnLifeLoss: options.terminal_on_life_loss as boolean,
    clipReward: options.clip_reward as boolean,
    scaleObs: options.scale_obs as boolean,
  };
}

export interface PixelRules {
  /** The game's name in its id: `Pixel/<name>-v1`. */
  readonly name: string;
  readonly description: string;
  readonly source: string;
  /** Smallest and largest reward of a step of up to `MAX_FRAME_SKIP` frames. */
  readonly rewardRange: readonly [number, number];
  readonly rewardThreshold: number;
  /** Lives of a new game; 0 if it has none. */
  readonly lives: number;
  /** The game's own options. */
  readonly options?: Readonly<Record<string, OptionSpec>>;
  create(options: Options): PixelGame;
}

/**
 * The env of a game. As it comes it is like `ALE/<name>-v5`: colour pictures of 210 by 160, four frames a step, sticky
 * actions of 0.25. With `preprocess: true` it is what AtariPreprocessing makes of that: gray pictures of 84 by 84, the
 * brighter of the last two frames, up to 30 no-ops to begin with. Any of this can be set on its own besides.
 *
 * A DQN or PPO for Atari as usually published takes `{preprocess: true, clip_reward: true}`, stacks four pictures, and
 * where it follows the older papers adds `{repeat_action_probability: 0, terminal_on_life_loss: true}`.
 */
export const pixelEnv = (rules: PixelRules): EnvDefinition => ({
  spec: {
    id: `Pixel/${rules.name}-v1`,
    description: rules.description,
    source: rules.source,
    players: 1,
    maxEpisodeSteps: MAX_STEPS,
    rewardThreshold: rules.rewardThreshold,
    rewardRange: rules.rewardRange,
    renderModes: ['rgb_array'],
    options: { ...rules.options, ...FRAME_OPTIONS },
  },
  rng: 'pcg64',
  create: (options) => new AtariFrame(rules.create(options), rules.lives, frameSettings(options)),
});
