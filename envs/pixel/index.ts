import type { EnvDefinition } from '../env.js';
import { breakout } from './breakout.js';
import { invaders } from './invaders/invaders.js';
import { pong } from './pong.js';
import { rally } from './rally/rally.js';
import { tanks } from './tanks/tanks.js';

/** The Atari-like games. */
export const pixelEnvs: readonly EnvDefinition[] = [breakout, invaders, pong, rally, tanks];
