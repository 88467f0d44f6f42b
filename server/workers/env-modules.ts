import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { EnvDefinition, EnvSpec } from '../../envs/env.js';
import { resolveOptions } from '../../envs/options.js';
import { registerEnv } from '../../envs/registry.js';

/** What a module must say of an env; the rest of its spec has defaults. */
type OwnSpec = Partial<EnvSpec> & Pick<EnvSpec, 'id' | 'description'>;
/** An element of a module's `envs`. */
export type OwnEnv = Omit<EnvDefinition, 'spec' | 'rng'> &
  Partial<Pick<EnvDefinition, 'rng'>> & { readonly spec: OwnSpec };

type Fields = Readonly<Record<string, unknown>>;

const ID = /^([\w:-]+\/)?[\w:.-]+-v\d+$/;
const GENERATORS = ['pcg64', 'mt19937'];

const isMap = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const loaded = new Map<string, Promise<readonly string[]>>();

/**
 * Registers the envs that a module of the user's defines: it exports them as `envs`, an array of definitions. Gives
 * their ids. A file that was loaded before is not loaded again. Rejects with an Error that names the file, what was
 * expected there, and what came.
 */
export function loadEnvs(file: string): Promise<readonly string[]> {
  const ids = loaded.get(file) ?? load(file);
  loaded.set(file, ids);
  return ids;
}

async function load(file: string): Promise<readonly string[]> {
  const fail = (message: string, cause?: unknown): Error => new Error(`${file}: ${message}`, { cause });
  const module = (await import(pathToFileURL(file).href).catch((error: Error) => {
    throw fail(error.message, error);
  })) as Fields;
  const { envs } = module;
  if (!Array.isArray(envs) || envs.length === 0) {
    const names = Object.keys(module).join(', ') || 'nothing';
    throw fail(`expected an export \`envs\`, an array of env definitions; it exports ${names}`);
  }
  return envs.map((given, i) => {
    try {
      const definition = readDefinition(given, basename(file));
      registerEnv(definition);
      return definition.spec.id;
    } catch (error) {
      const id: unknown = isMap(given) && isMap(given.spec) ? given.spec.id : undefined;
      throw fail(`envs[${i}]${typeof id === 'string' ? `, ${id}` : ''}: ${(error as Error).message}`, error);
    }
  });
}

function readDefinition(given: unknown, source: string): EnvDefinition {
  if (!isMap(given) || !isMap(given.spec)) throw new Error('expected {spec, create}');
  const { spec, create, rng = 'pcg64' } = given;
  const { id, description, options = {} } = spec;
  if (typeof id !== 'string' || !ID.test(id)) {
    throw new Error(`spec.id: expected a name like My/Env-v0, got ${JSON.stringify(id)}`);
  }
  if (typeof description !== 'string') throw new Error('spec.description: expected a sentence');
  if (typeof create !== 'function') throw new Error('create: expected a function that makes an env');
  if (!GENERATORS.includes(rng as string)) {
    throw new Error(`rng: expected ${GENERATORS.join(' or ')}, got ${JSON.stringify(rng)}`);
  }
  if (!isMap(options) || !Object.values(options).every(isMap))
    throw new Error('spec.options: expected a map');
  const definition = {
    ...given,
    rng,
    spec: {
      source,
      rewardRange: [-Infinity, Infinity],
      renderModes: [],
      ...spec,
      options,
      players: 1,
    },
  } as unknown as EnvDefinition;
  const defaults = Object.entries(definition.spec.options).map(([name, option]) => [name, option.default]);
  resolveOptions(definition.spec, Object.fromEntries(defaults));
  return definition;
}
