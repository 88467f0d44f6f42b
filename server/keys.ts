import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { FarstepError } from '../protocol/errors.js';

/** What a key may be used for. */
export const SCOPES = {
  envs: 'make vector envs',
  worlds: 'create and join worlds of several players',
  streams: 'share vector envs and watch those of others',
} as const;
export type Scope = keyof typeof SCOPES;

/** What all sessions of one key may have together; what a key does not name is bounded by the server's limits alone. */
export const QUOTAS = {
  sessions: 'sessions at once',
  envs: 'envs at once',
  envStepsPerSecond: 'steps of envs in a second',
  bytesPerSecond: 'bytes of requests and replies in a second',
  stateBytes: 'bytes in the folder that sessions are kept in',
} as const;
export type Quota = keyof typeof QUOTAS;

/** One that may come. The token itself is nowhere: whoever reads the file cannot come in. */
export interface Key {
  readonly name: string;
  /** SHA-256 of the token, hex. A token is 256 random bits, so that no salt and no slow hash is needed. */
  readonly sha256: string;
  readonly scopes: readonly Scope[];
  readonly quotas: Readonly<Partial<Record<Quota, number>>>;
}

const NAME = /^[\w.@-]{1,64}$/;

/** What is kept of a token. */
export const digest = (token: string): Buffer => createHash('sha256').update(token).digest();

/** A new key and its token, which is told this once. */
export function createKey(given: Omit<Key, 'sha256'>): { readonly key: Key; readonly token: string } {
  const token = `fsk_${randomBytes(32).toString('base64url')}`;
  return { key: parseKey({ ...given, sha256: digest(token).toString('hex') }, 'key'), token };
}

/** The keys of a file, `{"keys": [...]}`. Throws a sentence where it is none. */
export function readKeys(path: string): Key[] {
  const where = (problem: string): Error => new Error(`${path}: ${problem}`);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw where((error as Error).message);
  }
  const { keys } = (content ?? {}) as { readonly keys?: unknown };
  if (!Array.isArray(keys)) throw where('expected {"keys": [...]}');
  const parsed = keys.map((key, i) => parseKey(key, `${path}: keys[${i}]`));
  const twice = parsed.find(({ name }, i) => parsed.findIndex((key) => key.name === name) !== i);
  if (twice) throw where(`the name ${twice.name} is there twice`);
  return parsed;
}

/** Writes the file, which is for its owner alone. */
export function writeKeys(path: string, keys: readonly Key[]): void {
  writeFileSync(`${path}.tmp`, `${JSON.stringify({ keys }, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}

function parseKey(value: unknown, where: string): Key {
  const { name, sha256, scopes, quotas = {}, ...rest } = (value ?? {}) as Record<string, unknown>;
  const check = (isSo: boolean, expected: string): void => {
    if (!isSo) throw new Error(`${where}: expected ${expected}`);
  };
  check(typeof name === 'string' && NAME.test(name), 'a name of up to 64 letters, digits and . _ @ -');
  check(typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256), 'sha256, 64 hexadecimal digits');
  const isScope = (scope: unknown): boolean => Object.hasOwn(SCOPES, scope as string);
  check(Array.isArray(scopes) && scopes.every(isScope), `scopes, some of ${Object.keys(SCOPES).join(', ')}`);
  const isQuota = ([quota, most]: [string, unknown]): boolean =>
    Object.hasOwn(QUOTAS, quota) && Number.isSafeInteger(most) && (most as number) >= 0;
  check(
    typeof quotas === 'object' && quotas !== null && Object.entries(quotas).every(isQuota),
    `quotas, a map from some of ${Object.keys(QUOTAS).join(', ')} to integers`,
  );
  const [unknown] = Object.keys(rest);
  check(unknown === undefined, `no field ${JSON.stringify(unknown)}`);
  return value as Key;
}

/** The keys that a server knows. */
export class KeyRing {
  #keys!: readonly { readonly key: Key; readonly sha256: Buffer }[];
  /** Of the file, when it was read. */
  #version = '';

  constructor(
    keys: readonly Key[],
    private readonly path?: string,
  ) {
    this.#set(keys);
  }

  /** Those of a file. Throws where it holds none. */
  static ofFile(path: string): KeyRing {
    const keys = new KeyRing([], path);
    keys.refresh();
    return keys;
  }

  #set(keys: readonly Key[]): void {
    this.#keys = keys.map((key) => ({ key, sha256: Buffer.from(key.sha256, 'hex') }));
  }

  /** Reads the file if it has changed; whether it had. Throws where it holds no keys any more: the old ones stay. */
  refresh(): boolean {
    if (this.path === undefined) return false;
    const { mtimeMs, size, ino } = statSync(this.path);
    const version = `${mtimeMs} ${size} ${ino}`;
    if (version === this.#version) return false;
    this.#version = version;
    this.#set(readKeys(this.path));
    return true;
  }

  /** The key of a token. Throws `unauthorized`; how long it takes tells nothing of which keys there are. */
  find(token: string | undefined): Key {
    if (token === undefined) {
      throw new FarstepError('unauthorized', 'hello.token: this server needs one, and none came');
    }
    const given = digest(token);
    let found: Key | undefined;
    for (const { key, sha256 } of this.#keys) if (timingSafeEqual(sha256, given)) found = key;
    if (found) return found;
    throw new FarstepError('unauthorized', 'hello.token: this server does not know it');
  }

  /** The key of a name, if there is one. */
  named(name: string | undefined): Key | undefined {
    return this.#keys.find(({ key }) => key.name === name)?.key;
  }
}
