import { FarstepError } from '../protocol/errors.js';
import { isHotFrame } from '../protocol/frames.js';
import { EDITIONS, type Hello, PROTOCOL, unpackMessage } from '../protocol/messages.js';
import { parseHello } from '../protocol/requests.js';

/** Values in a hello: it has a dozen, and may have some that nobody knows. */
const MAX_VALUES = 1000;

/**
 * The first message of a client, and the edition that both speak. Throws `bad_frame`, `bad_hello`, `frame_too_large` or
 * `unsupported_protocol`.
 */
export function readHello(frame: Uint8Array): { readonly hello: Hello; readonly edition: number } {
  if (isHotFrame(frame)) throw new FarstepError('bad_hello', 'the first message must be hello, got an array');
  const message = unpackMessage(frame, MAX_VALUES);
  if (message.type !== 'hello') {
    throw new FarstepError(
      'bad_hello',
      `the first message must be hello, got ${JSON.stringify(message.type).slice(0, 60)}`,
    );
  }
  const hello = parseHello(message);
  if (hello.protocol !== PROTOCOL) {
    throw new FarstepError(
      'unsupported_protocol',
      `this server speaks protocol ${PROTOCOL}, the client ${hello.protocol}`,
    );
  }
  const edition = EDITIONS.findLast((known) => hello.editions.includes(known));
  if (edition === undefined) {
    throw new FarstepError(
      'unsupported_protocol',
      `this server speaks editions ${EDITIONS.join(', ')}, the client ${hello.editions.join(', ') || 'none'}`,
    );
  }
  return { hello, edition };
}
