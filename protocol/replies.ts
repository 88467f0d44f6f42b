/**
 * Control messages from a server, checked as far as the client relies on them. Fields that the client does not know are
 * left alone: a later edition may have more of them.
 */
import { ERRORS, type ErrorCode, FarstepError } from './errors.js';
import {
  arrayOf,
  type Check,
  FieldReader,
  type Fields,
  isBoolean,
  isBytes,
  isCount,
  isOptions,
  isPositive,
  isString,
  oneOf,
} from './fields.js';
import {
  AUTORESET_MODES,
  type Contract,
  type InfoContract,
  isMap,
  type Over,
  type ReplyOf,
  type SessionLimits,
  type Started,
  type Welcome,
} from './messages.js';
import type { SpaceJSON } from './spaces/index.js';
import type { EnvSpec } from './spec.js';

const read = (fields: Fields): FieldReader => new FieldReader(fields, 'bad_reply');

const isNumber: Check<number> = (value): value is number => typeof value === 'number';
const isDelay: Check<number> = (value): value is number => isNumber(value) && value >= 0 && value < Infinity;
const isSpace: Check<SpaceJSON> = (value): value is SpaceJSON =>
  isMap(value) && typeof value.type === 'string';
const LIMITS: readonly (keyof SessionLimits)[] = [
  'frameBytes',
  'requestsInFlight',
  'vectorEnvs',
  'envs',
  'idleMs',
  'graceMs',
  'subscriptions',
  'streamBytes',
  'keptReplyBytes',
  'pingMs',
];
const isLimits: Check<SessionLimits> = (value): value is SessionLimits & Fields =>
  isMap(value) && LIMITS.every((name) => isCount(value[name]));
const isSpec: Check<EnvSpec> = (value): value is EnvSpec & Fields =>
  isMap(value) &&
  [value.id, value.description, value.source].every(isString) &&
  isCount(value.players) &&
  arrayOf(isNumber)(value.rewardRange) &&
  value.rewardRange.length === 2 &&
  arrayOf(isString)(value.renderModes) &&
  isMap(value.options) &&
  Object.values(value.options).every(isMap);
const isInfo: Check<InfoContract> = (value): value is InfoContract & Fields =>
  isMap(value) && isString(value.name) && isSpace(value.space);

/** The answer to a `hello`. Throws `bad_reply`, or the error that the server sent instead. */
export function parseWelcome(fields: Fields): Welcome {
  if (fields.type === 'error') throw parseError(fields).error;
  if (fields.type !== 'welcome')
    throw new FarstepError('bad_reply', `expected welcome, got ${String(fields.type)}`);
  const reader = read(fields);
  return {
    type: 'welcome',
    session: reader.required('session', 'a string', isString),
    resume: reader.optional('resume', 'a string', isString) ?? null,
    edition: reader.count('edition'),
    capabilities: reader.optional('capabilities', 'an array of strings', arrayOf(isString)) ?? [],
    limits: reader.required('limits', 'a map of limits', isLimits),
    server: reader.optional('server', 'a string', isString) ?? 'unnamed',
  };
}

/** An `error`, and the id of the request that it answers. */
export function parseError(fields: Fields): { readonly id: number | null; readonly error: FarstepError } {
  const reader = read(fields);
  const code = reader.required('code', 'a string', isString);
  const message = reader.optional('message', 'a string', isString) ?? '';
  const retryAfterMs = reader.optional('retryAfterMs', 'a non-negative number', isDelay);
  const recoverable = reader.optional('recoverable', 'a boolean', isBoolean) ?? true;
  return {
    id: reader.optional('id', 'an integer', isCount) ?? null,
    error: new FarstepError(code as ErrorCode, message, {
      retryAfterMs,
      // Of a code that only later editions have, the server knows more.
      ...(Object.hasOwn(ERRORS, code) ? {} : { recoverable }),
    }),
  };
}

function readContract(reply: FieldReader): Contract {
  const contract = reply.required('contract', 'a map', isMap);
  const where = `${String(reply.fields.type)}.contract`;
  const reader = read({ ...contract, type: where });
  reader.required('spec', 'the spec of an env', isSpec);
  reader.required('numEnvs', 'a positive integer', isPositive);
  reader.required('options', 'a map of booleans, numbers and strings', isOptions);
  reader.required('autoreset', `one of ${AUTORESET_MODES.join(', ')}`, oneOf(AUTORESET_MODES));
  const maxEpisodeSteps = reader.optional('maxEpisodeSteps', 'a positive integer', isPositive) ?? null;
  reader.required('observationSpace', 'a space', isSpace);
  reader.required('actionSpace', 'a space', isSpace);
  reader.required('infos', 'an array of named spaces', arrayOf(isInfo));
  reader.required('rewardTasks', 'an array of names', arrayOf(isString));
  if (contract.world !== undefined) {
    const world = read({ ...reader.required('world', 'a map', isMap), type: `${where}.world` });
    world.required('seats', 'an array of names', arrayOf(isString));
    world.optional('seat', 'the name of a seat', isString);
    world.required('turns', 'a boolean', isBoolean);
    world.required('defaultAction', 'a string', isString);
    world.optional('moveMs', 'a positive integer', isPositive);
  }
  reader.required('hash', 'a string', isString);
  return { ...contract, maxEpisodeSteps } as unknown as Contract;
}

/** An `over`. Throws `bad_reply`. */
export function parseOver(fields: Fields): Over {
  const reader = read(fields);
  return { type: 'over', stream: reader.count('stream'), sequence: reader.count('sequence') };
}

const readStarted = (reader: FieldReader, id: number): Started => ({
  type: 'started',
  id,
  n: reader.count('n'),
  observations: reader.required('observations', 'an array of bin', arrayOf(isBytes)),
  infos: reader.required('infos', 'an array of arrays of bin', arrayOf(arrayOf(isBytes))),
  seeds: reader.required('seeds', 'an array of numbers', arrayOf(isNumber)),
});

const PARSERS: { readonly [T in keyof ReplyOf]: (reader: FieldReader, id: number) => ReplyOf[T] } = {
  list: (reader, id) => ({
    type: 'listed',
    id,
    envs: reader.required('envs', 'an array of specs', arrayOf(isSpec)),
  }),
  make: (reader, id) => ({
    type: 'made',
    id,
    env: reader.count('env'),
    contract: readContract(reader),
  }),
  create: (reader, id) => ({
    type: 'created',
    id,
    env: reader.count('env'),
    world: reader.required('world', 'a string', isString),
    seats: reader.required('seats', 'an array of names', arrayOf(isString)),
    contract: readContract(reader),
  }),
  join: (reader, id) => ({
    type: 'joined',
    id,
    env: reader.count('env'),
    seat: reader.required('seat', 'the name of a seat', isString),
    contract: readContract(reader),
  }),
  leave: (_reader, id) => ({ type: 'left', id }),
  reset: readStarted,
  restore: readStarted,
  snapshot: (reader, id) => ({
    type: 'snapshotted',
    id,
    snapshots: reader.required('snapshots', 'an array', Array.isArray),
  }),
  rewards: (reader, id) => ({ type: 'rewarded', id, rewards: reader.required('rewards', 'bin', isBytes) }),
  transitions: (reader, id) => ({
    type: 'tabulated',
    id,
    numStates: reader.count('numStates'),
    numActions: reader.count('numActions'),
    first: reader.required('first', 'bin', isBytes),
    probabilities: reader.required('probabilities', 'bin', isBytes),
    nextStates: reader.required('nextStates', 'bin', isBytes),
    rewards: reader.required('rewards', 'bin', isBytes),
    terminated: reader.required('terminated', 'bin', isBytes),
  }),
  render: (reader, id) => ({
    type: 'rendered',
    id,
    width: reader.count('width'),
    height: reader.count('height'),
    format: reader.required('format', 'png or rgb', oneOf(['png', 'rgb'])),
    data: reader.required('data', 'bin', isBytes),
  }),
  share: (reader, id) => ({ type: 'shared', id, token: reader.required('token', 'a string', isString) }),
  subscribe: (reader, id) => ({
    type: 'subscribed',
    id,
    stream: reader.count('stream'),
    sequence: reader.count('sequence'),
    contract: readContract(reader),
  }),
  credit: (reader, id) => ({ type: 'credited', id, sent: reader.count('sent') }),
  unsubscribe: (_reader, id) => ({ type: 'unsubscribed', id }),
  close: (_reader, id) => ({ type: 'closed', id }),
};

const TYPES: { readonly [T in keyof ReplyOf]: ReplyOf[T]['type'] } = {
  list: 'listed',
  make: 'made',
  create: 'created',
  join: 'joined',
  leave: 'left',
  reset: 'started',
  snapshot: 'snapshotted',
  restore: 'started',
  rewards: 'rewarded',
  transitions: 'tabulated',
  render: 'rendered',
  share: 'shared',
  subscribe: 'subscribed',
  credit: 'credited',
  unsubscribe: 'unsubscribed',
  close: 'closed',
};

/** The reply to a request of that type. Throws `bad_reply`. */
export function parseReply<T extends keyof ReplyOf>(request: T, fields: Fields): ReplyOf[T] {
  if (fields.type !== TYPES[request]) {
    throw new FarstepError('bad_reply', `${request}: expected ${TYPES[request]}, got ${String(fields.type)}`);
  }
  const reader = read(fields);
  return PARSERS[request](reader, reader.count('id'));
}
