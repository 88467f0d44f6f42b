/** A joystick and its button at one moment: a sum of these bits. */
export const UP = 1;
export const RIGHT = 2;
export const LEFT = 4;
export const DOWN = 8;
export const FIRE = 16;

/** The actions of the Arcade Learning Environment by its names, in its order. */
const ACTIONS = {
  NOOP: 0,
  FIRE,
  UP,
  RIGHT,
  LEFT,
  DOWN,
  UPRIGHT: UP | RIGHT,
  UPLEFT: UP | LEFT,
  DOWNRIGHT: DOWN | RIGHT,
  DOWNLEFT: DOWN | LEFT,
  UPFIRE: UP | FIRE,
  RIGHTFIRE: RIGHT | FIRE,
  LEFTFIRE: LEFT | FIRE,
  DOWNFIRE: DOWN | FIRE,
  UPRIGHTFIRE: UP | RIGHT | FIRE,
  UPLEFTFIRE: UP | LEFT | FIRE,
} as const;

export type ActionName = keyof typeof ACTIONS;

/** The joystick of each of an env's actions: `joysticks('NOOP', 'FIRE')[1]` is what action 1 holds. */
export const joysticks = (...names: ActionName[]): readonly number[] => names.map((name) => ACTIONS[name]);

/** 1 if the joystick points to the first of two sides, -1 if to the second, 0 if to neither. */
export const axis = (joystick: number, positive: number, negative: number): number =>
  ((joystick & positive) === 0 ? 0 : 1) - ((joystick & negative) === 0 ? 0 : 1);
