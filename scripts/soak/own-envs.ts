import { counting } from './counting-env.js';
import { OWN } from './kinds.js';

export const envs = [counting(OWN, 1, true)];
