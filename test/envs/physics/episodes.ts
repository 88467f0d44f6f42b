import type { Options } from '../../../envs/env.js';
import { hasExpert } from '../../../envs/expert.js';
import { getEnv, resolveOptions, VectorEnv } from '../../../envs/index.js';
import { Pcg64 } from '../../../envs/rng/pcg64.js';
import type { Value, View } from '../../../protocol/spaces/index.js';

/** Where to look and how to act. */
export type Policy = (observation: View) => Value;

/** The share of episodes that end in success by the info `is_success`: one episode from each seed from 0 on. */
export function successRate(id: string, given: Partial<Options>, policy: Policy, episodes: number): number {
  const definition = getEnv(id);
  const options = resolveOptions(definition.spec, given);
  const venv = new VectorEnv(definition, { numEnvs: 1, options, autoreset: 'disabled' });
  let successes = 0;
  for (let seed = 0; seed < episodes; seed++) {
    let { observations } = venv.reset({ seeds: [seed] });
    for (;;) {
      const view = venv.observationSpace.read(observations, 0) as View;
      venv.actionSpace.write(policy(view), venv.actions, 0);
      const step = venv.step();
      observations = step.observations;
      if (step.ended === undefined) continue;
      successes += Number(step.infos.is_success![0]![0]);
      break;
    }
  }
  return successes / episodes;
}

export function expertOf(id: string, given: Partial<Options>): Policy {
  const definition = getEnv(id);
  if (!hasExpert(definition)) throw new Error(`${id} has no expert`);
  return definition.expert(resolveOptions(definition.spec, given));
}

/** Acts uniformly at random. */
export function randomPolicy(id: string, given: Partial<Options>): Policy {
  const definition = getEnv(id);
  const { actionSpace } = definition.create(resolveOptions(definition.spec, given));
  const rng = new Pcg64(0);
  return () => actionSpace.sample(rng);
}
