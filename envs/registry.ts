import { FarstepError } from '../protocol/errors.js';
import { nearest } from '../protocol/nearest.js';
import type { EnvDefinition } from './env.js';
import { withWrappers } from './wrappers/index.js';

const definitions = new Map<string, EnvDefinition>();

/** Makes an env known by its id, with the options that put wrappers around it. Throws if the id is taken: two envs of one name are a mistake of ours. */
export function registerEnv(definition: EnvDefinition): void {
  const { id } = definition.spec;
  if (definitions.has(id)) throw new Error(`registerEnv: ${id} is registered already`);
  definitions.set(id, withWrappers(definition));
}

/** The env of that id. Throws `unknown_env`, naming the nearest ids. */
export function getEnv(id: string): EnvDefinition {
  const definition = definitions.get(id);
  if (definition === undefined) {
    const hint = nearest(id, [...definitions.keys()], 3).join(', ');
    throw new FarstepError('unknown_env', `no env ${JSON.stringify(id)}; the nearest are ${hint}`);
  }
  return definition;
}

/** Every registered env, by id. */
export const listEnvs = (): EnvDefinition[] =>
  [...definitions.values()].sort((a, b) => (a.spec.id < b.spec.id ? -1 : 1));
