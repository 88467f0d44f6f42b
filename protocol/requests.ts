/** Control messages from a client, checked field by field: what passes here is trusted inside the server. */
import { type ErrorCode, FarstepError } from './errors.js';
import { AUTORESET_MODES, type Hello, isMap, type Request } from './messages.js';
import type { Options } from './spec.js';

type Fields = Readonly<Record<string, unknown>>;
type Check<T> = (value: unknown) => value is T;

const show = (value: unknown): string => {
  const text = ArrayBuffer.isView(value) ? `${value.byteLength} bytes` : JSON.stringify(value);
  return text === undefined ? 'nothing' : text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

const isString: Check<string> = (value): value is string => typeof value === 'string' && value.length <= 4096;
const isCount: Check<number> = (value): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;
const isPositive: Check<number> = (value): value is number => isCount(value) && value > 0;
const isBoolean: Check<boolean> = (value): value is boolean => typeof value === 'boolean';
const isSeed: Check<number | null> = (value): value is number | null => value === null || isCount(value);
const isOptions: Check<Options> = (value): value is Options =>
  isMap(value) &&
  Object.values(value).every((x) => x === null || ['boolean', 'number', 'string'].includes(typeof x));
const arrayOf =
  <T>(check: Check<T>): Check<readonly T[]> =>
  (value): value is readonly T[] =>
    Array.isArray(value) && value.every(check);
const oneOf =
  <T extends string>(values: readonly T[]): Check<T> =>
  (value): value is T =>
    values.includes(value as T);

/** Takes the fields of one message one by one, and complains of what is left over. */
class FieldReader {
  readonly #left: Set<string>;

  constructor(
    readonly fields: Fields,
    readonly code: ErrorCode,
  ) {
    this.#left = new Set(Object.keys(fields));
    this.#left.delete('type');
  }

  optional<T>(name: string, expected: string, check: Check<T>): T | undefined {
    this.#left.delete(name);
    const value = this.fields[name];
    if (value === undefined || value === null) return undefined;
    if (!check(value)) throw this.#wrong(name, expected, value);
    return value;
  }

  required<T>(name: string, expected: string, check: Check<T>): T {
    const value = this.optional(name, expected, check);
    if (value === undefined) throw this.#wrong(name, expected, this.fields[name]);
    return value;
  }

  count(name: string): number {
    return this.required(name, 'a non-negative integer', isCount);
  }

  #wrong(name: string, expected: string, value: unknown): FarstepError {
    return new FarstepError(
      this.code,
      `${String(this.fields.type)}.${name}: expected ${expected}, got ${show(value)}`,
    );
  }

  /** The message made of the fields that were given. */
  finish<T extends object>(message: T): T {
    if (this.#left.size > 0) {
      const names = [...this.#left].map((name) => JSON.stringify(name)).join(', ');
      throw new FarstepError(this.code, `${String(this.fields.type)}: unknown field ${names}`);
    }
    return Object.fromEntries(Object.entries(message).filter(([, value]) => value !== undefined)) as T;
  }
}

/** A `hello`. Throws `bad_hello`. */
export function parseHello(fields: Fields): Hello {
  const reader = new FieldReader(fields, 'bad_hello');
  return reader.finish<Hello>({
    type: 'hello',
    protocol: reader.count('protocol'),
    editions: reader.required('editions', 'an array of integers', arrayOf(isCount)),
    client: reader.optional('client', 'a string', isString) ?? 'unnamed',
    capabilities: reader.optional('capabilities', 'an array of strings', arrayOf(isString)) ?? [],
    token: reader.optional('token', 'a string', isString),
    resume: reader.optional('resume', 'a string', isString),
  });
}

/** Any other message of a client. Throws `bad_message` or `unknown_message`. */
export function parseRequest(fields: Fields): Request {
  const { type } = fields;
  const reader = new FieldReader(fields, 'bad_message');
  const id = () => reader.count('id');
  const env = () => reader.count('env');
  const options = () => reader.optional('options', 'a map of booleans, numbers and strings', isOptions);
  switch (type) {
    case 'list':
      return reader.finish<Request>({ type, id: id() });
    case 'make':
      return reader.finish<Request>({
        type,
        id: id(),
        env: reader.required('env', 'an env id', isString),
        numEnvs: reader.optional('numEnvs', 'a positive integer', isPositive) ?? 1,
        seed: reader.optional('seed', 'a non-negative integer below 2^53', isCount),
        options: options(),
        autoreset:
          reader.optional('autoreset', AUTORESET_MODES.join(', '), oneOf(AUTORESET_MODES)) ?? 'next_step',
        maxEpisodeSteps: reader.optional('maxEpisodeSteps', 'a positive integer', isPositive),
      });
    case 'reset':
      return reader.finish<Request>({
        type,
        id: id(),
        env: env(),
        ids: reader.optional('ids', 'an array of env indices', arrayOf(isCount)),
        mask: reader.optional('mask', 'an array of booleans', arrayOf(isBoolean)),
        seeds: reader.optional('seeds', 'an array of integers below 2^53, or null', arrayOf(isSeed)),
        options: options(),
      });
    case 'render':
      return reader.finish<Request>({
        type,
        id: id(),
        env: env(),
        index: reader.optional('index', 'an env index', isCount) ?? 0,
        format: reader.optional('format', 'png or rgb', oneOf(['png', 'rgb'])) ?? 'png',
      });
    case 'close':
      return reader.finish<Request>({ type, id: id(), env: env() });
    default:
      throw new FarstepError(
        'unknown_message',
        `expected list, make, reset, render, close or a step, got type ${show(type)}`,
      );
  }
}
