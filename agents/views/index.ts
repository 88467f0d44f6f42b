import { ACTION_MASK } from '../action-mask.js';
import type { VisibleEnv } from '../run/env.js';
import { MaskedEnv } from './masked-env.js';
import { StackedEnv } from './stacked-env.js';

export { MaskedEnv } from './masked-env.js';
export { StackedEnv } from './stacked-env.js';

/** An env as an agent of discrete actions sees it: a stack of frames where there are several, and the mask if there is one. */
export function discreteView(env: VisibleEnv, frameStack: number): VisibleEnv {
  const stacked = frameStack > 1 ? new StackedEnv(env, frameStack) : env;
  return env.infoSpaces && ACTION_MASK in env.infoSpaces ? new MaskedEnv(stacked) : stacked;
}
