import { FarstepError } from '../protocol/errors.js';
import { nearest } from '../protocol/nearest.js';
import type { EnvDefinition, EnvSpec, OptionSpec, Options } from './env.js';

type Given = Readonly<Record<string, unknown>>;

/**
 * The options an env is made with: those given, and the defaults of the others.
 * Throws `bad_options`, naming the option and what is allowed.
 */
export function resolveOptions(spec: EnvSpec, given: Given | undefined): Options {
  checkOptions(spec.id, spec.options, given);
  const defaults = Object.entries(spec.options).map(([name, option]) => [name, option.default]);
  return { ...Object.fromEntries(defaults), ...given };
}

/** The reset options given, if they are some that the env has. Throws `bad_options`. */
export function resolveResetOptions(
  definition: EnvDefinition,
  given: Given | undefined,
): Options | undefined {
  checkOptions(`reset of ${definition.spec.id}`, definition.resetOptions ?? {}, given);
  return given as Options | undefined;
}

function checkOptions(
  where: string,
  options: Readonly<Record<string, OptionSpec>>,
  given: Given | undefined,
): void {
  for (const [name, value] of Object.entries(given ?? {})) {
    if (!Object.hasOwn(options, name)) {
      const names = Object.keys(options);
      const hint =
        names.length === 0
          ? 'it has none'
          : `did you mean ${nearest(name, names, 1)[0]}? It has ${names.join(', ')}`;
      throw new FarstepError('bad_options', `${where}: no option ${JSON.stringify(name)}; ${hint}`);
    }
    if (!allows(options[name]!, value)) {
      throw new FarstepError(
        'bad_options',
        `${where}: option ${name} must be ${describeOption(options[name]!)}, got ${JSON.stringify(value)}`,
      );
    }
  }
}

function allows(option: OptionSpec, value: unknown): boolean {
  if (value === null) return option.default === null;
  switch (option.type) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'string':
      return typeof value === 'string' && (option.choices?.includes(value) ?? true);
    case 'integer':
    case 'number': {
      const isKind = option.type === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value);
      const { min = -Infinity, max = Infinity } = option;
      return isKind && (value as number) >= min && (value as number) <= max;
    }
  }
}

/** What an option may be, in words: `an integer from 1 to 16`. */
export function describeOption({ type, min, max, choices, default: fallback }: OptionSpec): string {
  let allowed = type === 'integer' ? 'an integer' : `a ${type}`;
  if (choices !== undefined) allowed = `one of ${choices.join(', ')}`;
  else if (min !== undefined && max !== undefined) allowed += ` from ${min} to ${max}`;
  else if (min !== undefined) allowed += ` of at least ${min}`;
  else if (max !== undefined) allowed += ` of at most ${max}`;
  return fallback === null ? `${allowed} or null` : allowed;
}
