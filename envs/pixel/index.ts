import type { EnvDefinition } from '../env.js';
import type { WorldDefinition } from '../world.js';
import { breakout } from './breakout.js';
import { invaders } from './invaders/invaders.js';
import { pong, pongDuel } from './pong.js';
import { rally } from './rally/rally.js';
import { tanks, tanksDuel } from './tanks/tanks.js';

/** The Atari-like games. */
export const pixelEnvs: readonly EnvDefinition[] = [breakout, invaders, pong, rally, tanks];

/** Those for two players. */
export const pixelWorlds: readonly WorldDefinition[] = [pongDuel, tanksDuel];
