import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A claim that takes a second to train for, but for its name. */
export const TINY = {
  agent: 'dqn',
  env: 'CartPole-v1',
  numEnvs: 2,
  steps: 200,
  seeds: '0..1',
  episodes: 4,
  evalEpisodes: 2,
  evalEvery: 100,
  settings: { hidden: [4], learningStarts: 100 },
};

/** The directory of the last regression that was run in `dir`. */
export const regressionIn = (dir: string): string =>
  join(dir, 'runs/regress', readdirSync(join(dir, 'runs/regress')).sort().at(-1)!);

export const runsIn = (dir: string): string[] => readdirSync(join(regressionIn(dir), 'runs')).sort();
