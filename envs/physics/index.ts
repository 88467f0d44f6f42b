import type { ExpertEnvDefinition } from '../expert.js';
import type { WorldDefinition } from '../world.js';
import { drawer } from './drawer.js';
import { grasp } from './grasp.js';
import { push } from './push.js';
import { reach } from './reach.js';
import { soccer } from './soccer.js';
import { sumo } from './sumo.js';
import { sumoDuel } from './sumo-duel.js';

export const physicsEnvs: readonly ExpertEnvDefinition[] = [reach, push, drawer, grasp, soccer, sumo];

/** Those for two players. */
export const physicsWorlds: readonly WorldDefinition[] = [sumoDuel];
