import type { Preset } from '../definition.js';

/** What is known to work, by env; `farstep regress agents/claims/q.json` holds it. */
type Presets = Readonly<Record<string, Preset>>;

const ACROBOT: Preset = {
  steps: 100_000,
  numEnvs: 8,
  settings: {
    hidden: [64, 64],
    learningRate: 1e-3,
    batchSize: 128,
    stepsPerUpdate: 2,
    updatesPerTarget: 1,
    tau: 0.01,
    epsilonSteps: 12_000,
  },
};

const BREAKOUT: Preset = {
  steps: 400_000,
  numEnvs: 32,
  settings: {
    hidden: [64],
    gamma: 0.97,
    nStep: 3,
    learningRate: 1e-3,
    learningRateShare: 0.1,
    learningRateSteps: 400_000,
    stepsPerUpdate: 8,
    updatesPerTarget: 100,
    epsilonSteps: 40_000,
    epsilonEnd: 0.02,
  },
};

export const DQN_PRESETS: Presets = {
  'CartPole-v1': {
    steps: 50_000,
    numEnvs: 8,
    // Failures are rare once the pole is mostly up, and their errors large: counted linearly, they lose against the
    // many small ones of other steps, and values grow beyond every bound.
    settings: {
      hidden: [64, 64],
      huber: false,
      learningRate: 1e-3,
      batchSize: 128,
      stepsPerUpdate: 1,
      updatesPerTarget: 1,
      tau: 0.01,
      epsilonSteps: 10_000,
      epsilonEnd: 0.04,
    },
  },
  'Acrobot-v1': ACROBOT,
  'MountainCar-v0': {
    steps: 120_000,
    numEnvs: 8,
    // Random actions that are held for a while swing the car: they reach the goal now and then, single ones never do.
    settings: {
      ...ACROBOT.settings,
      learningRate: 2e-3,
      epsilonSteps: 30_000,
      longestHold: 25,
    },
  },
  'MinAtar/Breakout-v1': BREAKOUT,
  'MinAtar/Freeway-v1': { ...BREAKOUT, settings: { ...BREAKOUT.settings, gamma: 0.99 } },
  // From pixels, a million frames of four to a step. What is seen of the ball is learned by heart, each place of it for
  // itself, unless pictures move.
  'Pixel/Pong-v1': {
    steps: 250_000,
    numEnvs: 8,
    settings: {
      hidden: [256, 128, 128],
      frameStack: 4,
      dueling: true,
      shift: 1,
      gamma: 0.97,
      nStep: 3,
      batchSize: 64,
      stepsPerUpdate: 2,
      updatesPerTarget: 1,
      tau: 0.01,
      learningRate: 1e-3,
      learningRateShare: 0.2,
      learningRateSteps: 250_000,
      epsilonSteps: 50_000,
    },
    options: { preprocess: true, screen_size: 42, repeat_action_probability: 0 },
  },
};

export const RAINBOW_PRESETS: Presets = {
  'CartPole-v1': DQN_PRESETS['CartPole-v1']!,
  'MinAtar/Breakout-v1': BREAKOUT,
};

export const ONLINE_Q_PRESETS: Presets = {
  'CartPole-v1': {
    steps: 200_000,
    numEnvs: 32,
    settings: { hidden: [64, 64], huber: false, learningRate: 1e-3, epsilonSteps: 50_000 },
  },
};

/** Pendulum's episodes are all alike in length, and rewards come at once: a shorter sight learns faster. */
const PENDULUM = { hidden: [64, 64], gamma: 0.98, batchSize: 64, memory: 200_000 } as const;

export const DDPG_PRESETS: Presets = {
  'Pendulum-v1': { steps: 20_000, numEnvs: 1, settings: { ...PENDULUM, learningStarts: 1000 } },
};

export const TD3_PRESETS: Presets = {
  'Pendulum-v1': { steps: 20_000, numEnvs: 1, settings: { ...PENDULUM, learningStarts: 1000 } },
};

export const SAC_PRESETS: Presets = {
  'Pendulum-v1': { steps: 20_000, numEnvs: 1, settings: { ...PENDULUM, learningStarts: 500 } },
};

export const NAF_PRESETS: Presets = {
  'Pendulum-v1': {
    steps: 40_000,
    numEnvs: 1,
    settings: { ...PENDULUM, learningStarts: 1000 },
  },
};

export const QT_OPT_PRESETS: Presets = {
  'Pendulum-v1': {
    steps: 30_000,
    numEnvs: 1,
    settings: { ...PENDULUM, learningStarts: 1000, candidates: 32 },
  },
};

export const FITTED_Q_PRESETS: Presets = {
  'CartPole-v1': {
    steps: 30_000,
    numEnvs: 8,
    settings: { gamma: 0.98, learningStarts: 2000, stepsPerIteration: 250, epsilonEnd: 0.2 },
  },
};

export const NFQ_PRESETS: Presets = {
  'CartPole-v1': {
    steps: 8_000,
    numEnvs: 1,
    // Iterations are few: returns of several steps carry values back faster.
    settings: {
      hidden: [32, 32],
      gamma: 0.98,
      nStep: 5,
      learningStarts: 500,
      stepsPerIteration: 200,
      epsilonEnd: 0.05,
    },
  },
};

export const LATENT_DDPG_PRESETS: Presets = {
  'Pixel/Rally-v1': {
    steps: 80_000,
    numEnvs: 8,
    settings: {
      ...PENDULUM,
      hidden: [128, 128],
      memory: 100_000,
      frameStack: 2,
      code: 64,
      codeFrames: 10_000,
      codeUpdates: 6000,
      noise: 'ou',
      noiseScale: 0.2,
    },
    // The picture has all that matters: where the road is says where the car is, and its bends come towards the car.
    options: {
      camera: 'car',
      continuous: true,
      preprocess: true,
      screen_size: 42,
      repeat_action_probability: 0,
    },
  },
};

const BREAKOUT_CODE = {
  code: 24,
  codeFrames: 4000,
  codeUpdates: 3000,
  gamma: 0.95,
  learningStarts: 6000,
} as const;

export const LATENT_FITTED_Q_PRESETS: Presets = {
  'MinAtar/Breakout-v1': {
    steps: 40_000,
    numEnvs: 8,
    settings: { ...BREAKOUT_CODE, nStep: 3, stepsPerIteration: 300, gradientSteps: 400 },
  },
};

export const FQI_TREES_PRESETS: Presets = {
  'MountainCar-v0': {
    steps: 25_000,
    numEnvs: 10,
    settings: { learningStarts: 10_000, longestHold: 25 },
  },
};

export const LATENT_FQI_TREES_PRESETS: Presets = {
  'MinAtar/Breakout-v1': {
    steps: 24_000,
    numEnvs: 8,
    settings: { ...BREAKOUT_CODE, stepsPerIteration: 600 },
  },
};
