import type { OptionSpec } from './env.js';

/** Levels that may be trained on, and all that there are; the others are for testing. A level's number is its seed. */
export const TRAIN_LEVELS = 800;
export const LEVELS = 1000;

/** Which levels an env draws from: the first, and the one after the last. */
export type LevelRange = readonly [first: number, end: number];

export const LEVEL_RANGES: Readonly<Record<string, LevelRange>> = {
  train: [0, TRAIN_LEVELS],
  test: [TRAIN_LEVELS, LEVELS],
  all: [0, LEVELS],
};

/** The option that chooses one of them: where `what` ("the roads") is drawn from. */
export const levelsOption = (what: string, fallback: string | null): OptionSpec => ({
  type: 'string',
  default: fallback,
  choices: Object.keys(LEVEL_RANGES),
  description: `Which levels ${what} are drawn from: those to train on, those to test on, or all.`,
});
