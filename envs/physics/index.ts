import type { ExpertEnvDefinition } from '../expert.js';
import { drawer } from './drawer.js';
import { grasp } from './grasp.js';
import { push } from './push.js';
import { reach } from './reach.js';
import { soccer } from './soccer.js';
import { sumo } from './sumo.js';

export const physicsEnvs: readonly ExpertEnvDefinition[] = [reach, push, drawer, grasp, soccer, sumo];
