import type { Env } from '../../envs/env.js';
import { resolveOptions } from '../../envs/options.js';
import { getEnv } from '../../envs/registry.js';
import { createRng } from '../../envs/rng/create.js';
import { VectorEnv } from '../../envs/vector-env.js';
import { FarstepError } from '../../protocol/errors.js';
import { Space } from '../../protocol/spaces/index.js';
import { stepCost } from './cost.js';

const METHODS = ['reset', 'step', 'observe', 'snapshot', 'restore'] as const;
const STEPS = 20;
const SEED = 1;
/** Envs whose cost is measured together. */
const MEASURED = 8;

/**
 * Tries an env with its default options; gives the microseconds that a step of it takes. Throws `env_failed` on the first
 * promise of `Env` that it breaks.
 */
export function tryEnv(id: string): number {
  const definition = getEnv(id);
  const options = resolveOptions(definition.spec, {});
  try {
    checkParts(definition.create(options));
    const make = () => new VectorEnv(definition, { numEnvs: 1, options, autoreset: 'same_step' });
    const envs = make();
    const first = run(envs, SEED);
    if (run(make(), SEED) !== first) throw new Error('the same seed gave another trajectory');
    const snapshot = envs.snapshots();
    const future = run(envs);
    const copy = make();
    copy.restoreAll(snapshot);
    if (run(copy) !== future) throw new Error('restored from a snapshot, it took another trajectory');
  } catch (error) {
    throw new FarstepError('env_failed', `${id}: ${(error as Error).message}`, { cause: error });
  }
  return stepCost({ env: id, numEnvs: MEASURED, options, autoreset: 'same_step' });
}

function checkParts(env: Env): void {
  for (const name of METHODS) {
    if (typeof env[name] !== 'function') throw new Error(`expected a method ${name}`);
  }
  const spaces = {
    observationSpace: env.observationSpace,
    actionSpace: env.actionSpace,
    ...env.infoSpaces,
  };
  for (const [name, space] of Object.entries(spaces)) {
    if (!(space instanceof Space)) {
      throw new Error(
        `${name}: expected a space, as the package \`farstep\` exports them, from the same farstep that serves`,
      );
    }
  }
}

/** Some steps with random actions, the same every time: all that they gave, as text. */
function run(envs: VectorEnv, seed?: number): string {
  const { observationSpace, actionSpace } = envs;
  const rng = createRng('pcg64', SEED);
  const results: unknown[] = [];
  const note = (batch: { readonly observations: readonly ArrayLike<unknown>[] }): void => {
    const slabs = batch.observations;
    const observation = observationSpace.read(slabs as never, 0);
    if (!observationSpace.contains(observation)) {
      throw new Error(`an observation is outside ${observationSpace.toString()}: ${JSON.stringify(slabs)}`);
    }
    results.push(slabs.map((slab) => Array.from(slab, String)));
  };
  if (seed !== undefined) note(envs.reset({ seeds: [seed] }));
  for (let i = 0; i < STEPS; i++) {
    actionSpace.write(actionSpace.sample(rng), envs.actions, 0);
    const step = envs.step();
    const [reward] = step.rewards;
    if (!Number.isFinite(reward)) throw new Error(`expected a finite reward, got ${reward}`);
    results.push(reward, step.terminated[0]);
    note(step);
  }
  return JSON.stringify(results);
}
