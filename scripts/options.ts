/** Parsers of option values. What they throw, commander prints behind the option's name. */
import { InvalidArgumentError } from 'commander';
import type { Options } from '../protocol/index.js';

const MAX_SEEDS = 10_000;

const number = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text.replaceAll('_', '')));

/** An integer of at least `min`; 1_000_000 and 1e6 are fine. */
export const integer =
  (min: number, max = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = number(text);
    if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    throw new InvalidArgumentError(`Expected an integer ${range}.`);
  };

/** A number above `min`. */
export const above =
  (min: number) =>
  (text: string): number => {
    const value = number(text);
    if (value > min && Number.isFinite(value)) return value;
    throw new InvalidArgumentError(`Expected a number above ${min}.`);
  };

/** Seeds as `0..4`, `0,3,7` or both, in ascending order. */
export function seedList(text: string): number[] {
  const seeds = text.split(',').flatMap((part) => {
    const [, from, to = from] = /^\s*(\d+)(?:\.\.(\d+))?\s*$/.exec(part) ?? [];
    const [first, last] = [Number(from), Number(to)];
    if (!(first <= last && last <= 2 ** 31 && last - first < MAX_SEEDS)) {
      throw new InvalidArgumentError('Expected seeds such as 0..4 or 0,3,7.');
    }
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
  return [...new Set(seeds)].sort((a, b) => a - b);
}

/** Collects `name=value`, given once or several times. */
export function assignment(
  text: string,
  sofar: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const at = text.indexOf('=');
  if (at <= 0) throw new InvalidArgumentError('Expected name=value.');
  return { ...sofar, [text.slice(0, at)]: text.slice(at + 1) };
}

/** Env options as they were written, `name=value`: JSON where a value is some, else the text itself. */
export function optionValues(given: Readonly<Record<string, string>> = {}): Options {
  const value = (text: string): Options[string] => {
    try {
      const parsed: unknown = JSON.parse(text);
      if (parsed === null || ['boolean', 'number', 'string'].includes(typeof parsed))
        return parsed as Options[string];
    } catch {
      // Text without quotes.
    }
    return text;
  };
  return Object.fromEntries(Object.entries(given).map(([name, text]) => [name, value(text)]));
}
