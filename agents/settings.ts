/** The settings of an agent: a table of what there is, and the values that somebody chose. */
import { meant } from '../protocol/nearest.js';

interface Common<T> {
  readonly default: T;
  /** One sentence: what it does, in which unit. */
  readonly description: string;
}

export interface NumberSetting extends Common<number> {
  readonly type: 'number' | 'integer';
  /** Smallest and largest value, inclusive. */
  readonly min: number;
  readonly max: number;
}

export interface IntegersSetting extends Common<readonly number[]> {
  readonly type: 'integers';
  readonly min: number;
  readonly max: number;
}

export interface BooleanSetting extends Common<boolean> {
  readonly type: 'boolean';
}

export interface ChoiceSetting<T extends string = string> extends Common<T> {
  readonly type: 'choice';
  readonly choices: readonly T[];
}

export type Setting = NumberSetting | IntegersSetting | BooleanSetting | ChoiceSetting;
export type SettingValue = Setting['default'];
export type SettingsTable = Readonly<Record<string, Setting>>;

/** One value for each setting of the table. */
export type SettingsOf<T extends SettingsTable> = { readonly [Name in keyof T]: T[Name]['default'] };

/** A setting that does not exist, or a value that it does not take. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}

export const number = (
  value: number,
  [min, max]: readonly [number, number],
  description: string,
): NumberSetting => ({
  type: 'number',
  default: value,
  min,
  max,
  description,
});

export const integer = (
  value: number,
  [min, max]: readonly [number, number],
  description: string,
): NumberSetting => ({
  ...number(value, [min, max], description),
  type: 'integer',
});

export const integers = (
  value: readonly number[],
  [min, max]: readonly [number, number],
  description: string,
): IntegersSetting => ({ type: 'integers', default: value, min, max, description });

export const boolean = (value: boolean, description: string): BooleanSetting => ({
  type: 'boolean',
  default: value,
  description,
});

/** One of some words; the first is the default. */
export const choice = <const T extends string>(
  choices: readonly T[],
  description: string,
): ChoiceSetting<T> => ({ type: 'choice', default: choices[0]!, choices, description });

/** The table with other defaults. */
export const withDefaults = <T extends SettingsTable>(table: T, defaults: Partial<SettingsOf<T>>): T =>
  Object.fromEntries(
    Object.entries(table).map(([name, setting]) => [
      name,
      { ...setting, default: defaults[name] ?? setting.default },
    ]),
  ) as unknown as T;

/** All settings of the table: those given, else their defaults. Throws `SettingError` on any that is not one. */
export function completeSettings<T extends SettingsTable>(
  table: T,
  given: Readonly<Record<string, unknown>>,
): SettingsOf<T> {
  for (const [name, value] of Object.entries(given)) {
    const setting = settingNamed(table, name);
    if (!accepts(setting, value)) {
      throw new SettingError(
        `setting ${name}: expected ${expectation(setting)}, got ${JSON.stringify(value)}`,
      );
    }
  }
  return Object.fromEntries(
    Object.entries(table).map(([name, setting]) => [name, given[name] ?? setting.default]),
  ) as SettingsOf<T>;
}

/** The setting and the value in `name=value`, such as `gamma=0.99`, `double=false`, `hidden=64,64`. */
export function parseAssignment(
  table: SettingsTable,
  text: string,
): readonly [name: string, value: SettingValue] {
  const at = text.indexOf('=');
  if (at < 0) throw new SettingError(`expected a setting as name=value, got "${text}"`);
  const name = text.slice(0, at).trim();
  const setting = settingNamed(table, name);
  const value = parseValue(setting, text.slice(at + 1).trim());
  if (!accepts(setting, value)) {
    throw new SettingError(`setting ${name}: expected ${expectation(setting)}, got "${text.slice(at + 1)}"`);
  }
  return [name, value];
}

/** What values a setting takes, in words: `a number from 0 to 1`. */
export function expectation(setting: Setting): string {
  if (setting.type === 'boolean') return 'true or false';
  if (setting.type === 'choice') return `one of ${setting.choices.join(', ')}`;
  const range = setting.max === Infinity ? `${setting.min} or more` : `from ${setting.min} to ${setting.max}`;
  switch (setting.type) {
    case 'number':
      return `a number ${range}`;
    case 'integer':
      return `an integer ${range}`;
    case 'integers':
      return `integers with commas between them, each ${range}`;
  }
}

function settingNamed(table: SettingsTable, name: string): Setting {
  if (Object.hasOwn(table, name)) return table[name]!;
  const names = Object.keys(table);
  const nearest = meant(name, names);
  throw new SettingError(
    nearest === undefined
      ? `no setting "${name}"; there are ${names.join(', ')}`
      : `no setting "${name}"; did you mean "${nearest}"?`,
  );
}

function accepts(setting: Setting, value: unknown): value is SettingValue {
  const inRange = (x: unknown, { min, max }: NumberSetting | IntegersSetting): x is number =>
    typeof x === 'number' && x >= min && x <= max;
  switch (setting.type) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'choice':
      return setting.choices.includes(value as string);
    case 'number':
      return inRange(value, setting);
    case 'integer':
      return Number.isSafeInteger(value) && inRange(value, setting);
    case 'integers':
      return Array.isArray(value) && value.every((x) => Number.isSafeInteger(x) && inRange(x, setting));
  }
}

/** A word as a value of the setting's type; NaN or undefined where it is none, which no setting accepts. */
function parseValue(setting: Setting, text: string): unknown {
  const toNumber = (word: string) => (word.trim() === '' ? Number.NaN : Number(word));
  switch (setting.type) {
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case 'choice':
      return text;
    case 'integers':
      return text.split(',').map(toNumber);
    default:
      return toNumber(text);
  }
}
