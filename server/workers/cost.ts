import { getEnv } from '../../envs/registry.js';
import { createRng } from '../../envs/rng/create.js';
import { VectorEnv } from '../../envs/vector-env.js';
import type { MakeOrder } from '../host.js';

/** Envs that are measured together: what a step costs beside the envs is shared by all of them. */
const ENVS = 8;
const SEED = 0;
/** A step is measured so many times, each for so long, milliseconds; where that takes too long, fewer. */
const WINDOWS = 20;
const WINDOW_MS = 0.25;
const LONGEST_MS = 50;

/**
 * Microseconds that a step of one env takes, measured on envs of its own that are thrown away: with random actions, the
 * best of some measurements, so that neither a busy machine nor code that is still being compiled counts. 0 where an
 * env throws: whoever steps it will be told.
 */
export function stepCost(order: MakeOrder): number {
  try {
    return measure(order);
  } catch {
    return 0;
  }
}

function measure({ env, numEnvs, options, maxEpisodeSteps }: MakeOrder): number {
  const count = Math.min(numEnvs, ENVS);
  const envs = new VectorEnv(getEnv(env), {
    numEnvs: count,
    options,
    autoreset: 'same_step',
    maxEpisodeSteps,
  });
  envs.reset({ seeds: new Array<number>(count).fill(SEED) });
  const rng = createRng('pcg64', SEED);
  const end = performance.now() + LONGEST_MS;
  let best = Infinity;
  let now = 0;
  for (let window = 0; window < WINDOWS && now < end; window++) {
    for (let row = 0; row < count; row++) {
      envs.actionSpace.write(envs.actionSpace.sample(rng), envs.actions, row);
    }
    const start = performance.now();
    let steps = 0;
    do {
      envs.step();
      steps++;
      now = performance.now();
    } while (now < start + WINDOW_MS);
    best = Math.min(best, (now - start) / steps);
  }
  return (1000 * best) / count;
}

/** Envs with their options whose costs are remembered. */
const REMEMBERED = 1000;

/** What steps cost, measured once for each env and its options. */
export class CostBook {
  readonly #micros = new Map<string, number>();

  /** Microseconds that a step of one env takes. */
  of(order: MakeOrder): number {
    const key = JSON.stringify([order.env, order.options]);
    const known = this.#micros.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.#micros.keys();
    if (this.#micros.size === REMEMBERED) this.#micros.delete(oldest!);
    const micros = stepCost(order);
    this.#micros.set(key, micros);
    return micros;
  }
}
