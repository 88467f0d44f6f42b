import type { Random } from '../random.js';

/** What is added to the actions of a policy, so that it tries things out: numbers in units of half the action's range. */
export interface ActionNoise {
  /** For each env, [numEnvs · size]. */
  sample(random: Random): Float32Array;
  /** The episodes of these envs are over. */
  restart(envs: Iterable<number>): void;
  /** All that goes on from one step to the next. */
  state: readonly number[];
}

/** Independent normal numbers. */
export function gaussianNoise(numEnvs: number, size: number, deviation: number): ActionNoise {
  return {
    sample: (random) => Float32Array.from({ length: numEnvs * size }, () => deviation * random.normal()),
    restart: () => {},
    state: [],
  };
}

/** How fast the process is drawn back to 0, a step (Lillicrap et al. 2016, section 7). */
const THETA = 0.15;

/**
 * An Ornstein-Uhlenbeck process for each env (Uhlenbeck and Ornstein 1930; Lillicrap et al. 2016): x ← x − θx + σN(0, 1),
 * which wanders, so that a body with inertia gets somewhere.
 */
export function ornsteinUhlenbeckNoise(numEnvs: number, size: number, deviation: number): ActionNoise {
  const x = new Float64Array(numEnvs * size);
  return {
    sample(random) {
      for (let i = 0; i < x.length; i++) x[i]! += -THETA * x[i]! + deviation * random.normal();
      return Float32Array.from(x);
    },
    restart(envs) {
      for (const env of envs) x.fill(0, env * size, (env + 1) * size);
    },
    get state() {
      return Array.from(x);
    },
    set state(values) {
      x.set(values);
    },
  };
}
