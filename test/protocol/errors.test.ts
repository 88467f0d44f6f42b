import t from 'tap';
import { ERRORS, FarstepError } from '../../protocol/errors.js';
import { packMessage, unpackMessage } from '../../protocol/messages.js';

t.test('an error knows from its code whether the session goes on', async (t) => {
  const error = new FarstepError('bad_action', 'no', { retryAfterMs: 5 });
  t.match(error, {
    name: 'FarstepError',
    code: 'bad_action',
    message: 'no',
    recoverable: true,
    retryAfterMs: 5,
  });
  t.notOk(new FarstepError('bad_frame', 'no').recoverable);
});

t.test('what ends the connection has a close code of its own kind', async (t) => {
  for (const [code, entry] of Object.entries(ERRORS)) {
    t.ok(entry.meaning.length > 0, code);
    if (entry.recoverable) t.notOk('close' in entry, `${code} does not close`);
    else if ('close' in entry) {
      // RFC 6455, 7.4: those of the standard, or the private range.
      t.ok([1001, 1002, 1003, 1009, 1013].includes(entry.close) || entry.close >= 4000, code);
    }
  }
});

t.test('a message stays a sentence, whatever a stranger puts into it', async (t) => {
  const long = new FarstepError('bad_message', `got ${'x'.repeat(1e6)}`);
  t.equal(long.message.length, 1000);
  t.ok(long.message.endsWith('x...'));
  const cut = new FarstepError('bad_message', `${'x'.repeat(996)}😀${'x'.repeat(99)}`);
  t.equal(cut.message.slice(-4), '\ufffd...', 'half a character is none');
  const frame = packMessage({
    type: 'error',
    id: 1,
    code: 'bad_message',
    message: cut.message,
    recoverable: true,
  });
  t.equal(unpackMessage(frame).message, cut.message);
});
