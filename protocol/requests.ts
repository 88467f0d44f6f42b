/** Control messages from a client, checked field by field: what passes here is trusted inside the server. */
import { FarstepError } from './errors.js';
import {
  arrayOf,
  FieldReader,
  type Fields,
  isBoolean,
  isBytes,
  isCount,
  isDuration,
  isOptions,
  isPositive,
  isSeed,
  isString,
  oneOf,
  show,
} from './fields.js';
import { AUTORESET_MODES, type Hello, type Request } from './messages.js';

/** A `hello`. Throws `bad_hello`. */
export function parseHello(fields: Fields): Hello {
  const reader = new FieldReader(fields, 'bad_hello');
  return reader.finish<Hello>({
    type: 'hello',
    protocol: reader.count('protocol'),
    editions: reader.required('editions', 'an array of integers', arrayOf(isCount)),
    client: reader.optional('client', 'a string of at most 4096 characters', isString) ?? 'unnamed',
    capabilities: reader.optional('capabilities', 'an array of strings', arrayOf(isString)) ?? [],
    token: reader.optional('token', 'a string of at most 4096 characters', isString),
    resume: reader.optional('resume', 'a string of at most 4096 characters', isString),
  });
}

const REQUESTS =
  'list, make, create, join, leave, reset, snapshot, restore, rewards, transitions, render, share, subscribe, credit, unsubscribe, close';

/** Any other message of a client. Throws `bad_message` or `unknown_message`. */
export function parseRequest(fields: Fields): Request {
  const { type } = fields;
  const reader = new FieldReader(fields, 'bad_message');
  reader.optional('ack', 'the id of a reply', isCount); // was read when the frame came
  const id = () => reader.count('id');
  const env = () => reader.count('env');
  const ids = () => reader.optional('ids', 'an array of env indices', arrayOf(isCount));
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
          reader.optional('autoreset', `one of ${AUTORESET_MODES.join(', ')}`, oneOf(AUTORESET_MODES)) ??
          'next_step',
        maxEpisodeSteps: reader.optional('maxEpisodeSteps', 'a positive integer', isPositive),
      });
    case 'create':
      return reader.finish<Request>({
        type,
        id: id(),
        world: reader.required('world', 'the id of a world', isString),
        seed: reader.optional('seed', 'a non-negative integer below 2^53', isCount),
        options: options(),
        moveMs: reader.optional('moveMs', 'a positive integer below 2^31', isDuration),
        maxEpisodeSteps: reader.optional('maxEpisodeSteps', 'a positive integer', isPositive),
      });
    case 'join':
      return reader.finish<Request>({
        type,
        id: id(),
        world: reader.required('world', 'the token of a world', isString),
        seat: reader.optional('seat', 'the name of a seat', isString),
      });
    case 'leave':
      return reader.finish<Request>({ type, id: id(), env: env() });
    case 'reset':
      return reader.finish<Request>({
        type,
        id: id(),
        env: env(),
        ids: ids(),
        mask: reader.optional('mask', 'an array of booleans', arrayOf(isBoolean)),
        seeds: reader.optional('seeds', 'an array of integers below 2^53, or null', arrayOf(isSeed)),
        options: options(),
      });
    case 'snapshot':
      return reader.finish<Request>({ type, id: id(), env: env(), ids: ids() });
    case 'restore':
      return reader.finish<Request>({
        type,
        id: id(),
        env: env(),
        ids: ids(),
        snapshots: reader.required('snapshots', 'an array of snapshots', Array.isArray),
      });
    case 'rewards':
      return reader.finish<Request>({
        type,
        id: id(),
        env: env(),
        task: reader.optional('task', 'the name of a task', isString),
        achieved: reader.required('achieved', 'bin', isBytes),
        desired: reader.required('desired', 'bin', isBytes),
      });
    case 'transitions':
      return reader.finish<Request>({ type, id: id(), env: env() });
    case 'render':
      return reader.finish<Request>({
        type,
        id: id(),
        env: env(),
        index: reader.optional('index', 'an env index', isCount) ?? 0,
        format: reader.optional('format', 'png or rgb', oneOf(['png', 'rgb'])) ?? 'png',
      });
    case 'share':
      return reader.finish<Request>({ type, id: id(), env: env() });
    case 'subscribe':
      return reader.finish<Request>({
        type,
        id: id(),
        token: reader.required('token', 'the token of a stream', isString),
        credits: reader.count('credits'),
      });
    case 'credit':
      return reader.finish<Request>({
        type,
        id: id(),
        stream: reader.count('stream'),
        credits: reader.count('credits'),
      });
    case 'unsubscribe':
      return reader.finish<Request>({ type, id: id(), stream: reader.count('stream') });
    case 'close':
      return reader.finish<Request>({ type, id: id(), env: env() });
    default:
      throw new FarstepError('unknown_message', `expected ${REQUESTS} or a step, got type ${show(type)}`);
  }
}
