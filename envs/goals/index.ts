import type { ExpertEnvDefinition } from '../expert.js';
import type { GoalEnvDefinition } from '../goal-env.js';
import { bitFlippingEnvs } from './bit-flipping.js';
import { pointMaze } from './point-maze.js';

export const goalEnvs: readonly (GoalEnvDefinition & ExpertEnvDefinition)[] = [...bitFlippingEnvs, pointMaze];
