/** Transport and handshake. */
import { HELLO, packed } from '../peer.js';
import { scenario } from '../stage.js';

export const hello = scenario({
  name: 'hello',
  title:
    'A client says hello and is welcomed; what it knows of later editions and capabilities does no harm.',
  rules: {
    'hello/path': 'A client opens a WebSocket (RFC 6455) to the server, on any path, without a subprotocol.',
    'hello/compression': 'compression; the server accepts none.',
    'hello/edition': 'the server chooses the newest that both speak',
    'hello/capabilities': 'each side MUST ignore those that it does not know',
    'hello/nil': '**Optional fields** MAY be absent or nil: both mean the same.',
    'hello/second': '| `second_hello` | yes | | a hello on a session that has been welcomed |',
  },
  needs: [],
  async play(stage) {
    const first = await stage.connect('first');
    await first.hello();
    await first.refused('hello/second', HELLO, 'second_hello', 'It says hello once more.', { id: null });
    await first.ask(
      { type: 'list' },
      'The session goes on.',
      'The server tells what it hosts.',
      'hello/second',
    );
    first.close();

    const newer = await stage.connect('newer', { path: '/any/path?at=all', rule: 'hello/path' });
    const { edition } = await newer.hello({ editions: [1, 1_000_000] }, 'hello/path');
    stage.same('hello/edition', edition, 1, 'edition');
    newer.close();

    const capable = await stage.connect('capable');
    await capable.hello({ capabilities: ['of-a-later-edition'] }, 'hello/capabilities');
    capable.close();

    const terse = await stage.connect('terse');
    await terse.hello({ client: null, capabilities: null, token: null, resume: null }, 'hello/nil');
    terse.close();

    const compressing = await stage.connect('compressing', { compression: true, rule: 'hello/compression' });
    const { extensions } = compressing;
    stage.same('hello/compression', extensions, '', 'extensions agreed on');
    await compressing.hello();
    compressing.close();
  },
});

export const helloRefused = scenario({
  name: 'hello-refused',
  title:
    'First messages that are no hello which a server can accept: it says why, and closes the connection.',
  rules: {
    'hello/first': 'The client MUST send `hello` first',
    'hello/before': 'Nothing may be asked before the welcome.',
    'hello/fields': '| `bad_hello` | no | 4000 | the first message was not a valid hello |',
    'hello/protocol': 'a server of another one answers `unsupported_protocol`',
    'hello/no-edition': 'and answers `unsupported_protocol` if there is none',
  },
  needs: [],
  async play(stage) {
    const refuse = async (
      name: string,
      rule: Parameters<typeof stage.check>[0],
      code: 'bad_hello' | 'unsupported_protocol',
      first: unknown,
      means: string,
    ): Promise<void> => {
      const peer = await stage.connect(name);
      peer.send(packed(first), means);
      await peer.ends(rule, code);
    };
    await refuse('hasty', 'hello/first', 'bad_hello', { type: 'list', id: 1 }, 'It asks without a hello.');
    await refuse('stepping', 'hello/before', 'bad_hello', [1, 1, 1, []], 'It steps without a hello.');
    await refuse(
      'misspelt',
      'hello/fields',
      'bad_hello',
      { ...HELLO, tokens: 'x' },
      'A field that there is not.',
    );
    await refuse('vague', 'hello/fields', 'bad_hello', { type: 'hello', protocol: 1 }, 'A field is missing.');
    await refuse(
      'later',
      'hello/protocol',
      'unsupported_protocol',
      { ...HELLO, protocol: 2 },
      'It speaks another generation.',
    );
    await refuse(
      'foreign',
      'hello/no-edition',
      'unsupported_protocol',
      { ...HELLO, editions: [1_000_000] },
      'It speaks no edition that the server does.',
    );
  },
});
