import { counting } from './counting-env.js';
import { CHEAP, COSTLY } from './kinds.js';

/** Half a millisecond or so, which is worth a thread. */
const WORK = 500_000;

export const envs = [counting(CHEAP, 1, false), counting(COSTLY, WORK, false)];
