import { FarstepError } from '../protocol/errors.js';
import { nearest } from '../protocol/nearest.js';
import type { EnvDefinition, EnvSpec } from './env.js';
import type { WorldDefinition } from './world.js';
import { withWrappers } from './wrappers/index.js';

const definitions = new Map<string, EnvDefinition>();
const worlds = new Map<string, WorldDefinition>();

/**
 * Makes an env known by its id, with the options that put wrappers around it. Throws if the id is taken: two envs of
 * one name are a mistake of ours.
 */
export function registerEnv(definition: EnvDefinition): void {
  checkFree('registerEnv', definition.spec.id);
  definitions.set(definition.spec.id, withWrappers(definition));
}

/** Makes a world of several players known by its id. Throws if the id is taken. */
export function registerWorld(definition: WorldDefinition): void {
  checkFree('registerWorld', definition.spec.id);
  worlds.set(definition.spec.id, definition);
}

function checkFree(where: string, id: string): void {
  if (definitions.has(id) || worlds.has(id)) throw new Error(`${where}: ${id} is registered already`);
}

/** The env of that id. Throws `unknown_env`, naming the nearest ids. */
export function getEnv(id: string): EnvDefinition {
  const definition = definitions.get(id);
  if (definition) return definition;
  const world = worlds.get(id);
  const hint = world
    ? `it is a world of ${world.seats.length} seats, for create to make`
    : `the nearest are ${nearest(id, [...definitions.keys()], 3).join(', ')}`;
  throw new FarstepError('unknown_env', `no env ${JSON.stringify(id)}; ${hint}`);
}

/** The world of that id. Throws `unknown_world`, naming the nearest ids. */
export function getWorld(id: string): WorldDefinition {
  const definition = worlds.get(id);
  if (definition) return definition;
  const hint = definitions.has(id)
    ? 'it is an env of one player, for make to make'
    : `the nearest are ${nearest(id, [...worlds.keys()], 3).join(', ')}`;
  throw new FarstepError('unknown_world', `no world ${JSON.stringify(id)}; ${hint}`);
}

type Registered = { readonly spec: EnvSpec };
const byId = (a: Registered, b: Registered): number => (a.spec.id < b.spec.id ? -1 : 1);

/** Every registered env of one player, by id. */
export const listEnvs = (): EnvDefinition[] => [...definitions.values()].sort(byId);

/** Every registered world, by id. */
export const listWorlds = (): WorldDefinition[] => [...worlds.values()].sort(byId);

/** The specs of all envs and worlds, by id; `players` tells which is which. */
export const listSpecs = (): EnvSpec[] =>
  [...definitions.values(), ...worlds.values()].sort(byId).map(({ spec }) => spec);
