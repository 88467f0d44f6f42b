import { randomInt } from 'node:crypto';

/** A seed that nobody chose: 32 random bits, which every generator takes. */
export const randomSeed = (): number => randomInt(2 ** 32);
