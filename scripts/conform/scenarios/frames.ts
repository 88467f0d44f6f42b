/** Which bytes are a message, and which are none. */
import { bytesOf } from '../../../protocol/dtypes.js';
import { rowsOf } from '../handle.js';
import { packed } from '../peer.js';
import { scenario } from '../stage.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** `{type: "list", id: 1}` with something in place of the id. */
const listWith = (id: string): Buffer => hex(`82 a474797065 a46c697374 a26964 ${id}`);

export const badFrames = scenario({
  name: 'bad-frames',
  title: 'Frames that are not one well-formed message: each ends its connection.',
  rules: {
    'frame/text': 'A text message is an error (`text_frame`)',
    'frame/one-value': 'and so is anything before or behind the value (`bad_frame`).',
    'frame/extension':
      'no extension types (timestamps included); map keys are strings, each once, and none is `__proto__`; strings are valid UTF-8; at most 32 values inside each other and 2^20 values in all. A receiver MUST treat anything else as `bad_frame`.',
    'frame/keys': 'map keys are strings, each once, and none is `__proto__`',
    'frame/utf8': 'strings are valid UTF-8',
    'frame/depth': 'at most 32 values inside each other',
    'frame/kind':
      '**Control messages** are msgpack maps with a string field `type`. **Hot messages** are msgpack arrays that begin with an integer: 1 [step](#step), 2 stepped',
    'frame/too-large': '| `frameBytes` | bytes of one message from the client | `frame_too_large` |',
  },
  needs: [],
  async play(stage) {
    let count = 0;
    const ends = async (
      rule: Parameters<typeof stage.check>[0],
      data: Buffer | string,
      means: string,
      code: 'bad_frame' | 'text_frame' | 'frame_too_large' = 'bad_frame',
    ): Promise<void> => {
      const peer = await stage.welcomed(`client ${++count}`);
      peer.send(data, means);
      await peer.ends(rule, code);
    };
    await ends('frame/text', '{"type":"list","id":1}', 'A text message.', 'text_frame');
    await ends('frame/one-value', Buffer.concat([listWith('01'), hex('c0')]), 'A nil behind the message.');
    await ends('frame/one-value', listWith('01').subarray(0, -1), 'A message that ends early.');
    await ends('frame/one-value', Buffer.alloc(0), 'No byte at all.');
    await ends('frame/extension', listWith('d6ff00000000'), 'A timestamp.');
    await ends('frame/extension', listWith('c1'), 'A type byte that msgpack does not use.');
    await ends('frame/keys', hex('82 a474797065 a46c697374 01 01'), 'A key that is an integer.');
    await ends('frame/keys', hex('83 a474797065 a46c697374 a26964 01 a26964 02'), 'A key that comes twice.');
    await ends(
      'frame/keys',
      hex('83 a474797065 a46c697374 a26964 01 a95f5f70726f746f5f5f 80'),
      'A key named __proto__.',
    );
    await ends('frame/utf8', listWith('a2c328'), 'A string that is not UTF-8.');
    await ends('frame/depth', listWith(`${'91'.repeat(40)}c0`), 'Forty values inside each other.');
    await ends('frame/kind', packed('list'), 'A message that is neither map nor array.');
    await ends('frame/kind', packed({ id: 1 }), 'A map without a type.');
    await ends('frame/kind', packed([2, 1, 1, []]), 'An array that begins with 2, which servers alone send.');
    await ends('frame/kind', packed([1, 1, 1]), 'A step that ends early.');

    const large = await stage.connect('large');
    const { limits } = await large.hello();
    large.send(Buffer.alloc(limits.frameBytes + 1, 0xc0), 'A frame one byte above limits.frameBytes.');
    await large.ends('frame/too-large', 'frame_too_large');
  },
});

/** Seven, in every form that msgpack has for it. */
export const FORMS: Readonly<Record<string, string>> = {
  'positive fixint': '07',
  'uint 8': 'cc07',
  'uint 16': 'cd0007',
  'uint 32': 'ce00000007',
  'uint 64': 'cf0000000000000007',
  'int 8': 'd007',
  'int 16': 'd10007',
  'int 32': 'd200000007',
  'int 64': 'd30000000000000007',
  'float 32': 'ca40e00000',
  'float 64': 'cb401c000000000000',
};

const float64 = (x: number): string => {
  const bytes = Buffer.alloc(9, 0xcb);
  bytes.writeDoubleBE(x, 1);
  return bytes.toString('hex');
};

export const encodings = scenario({
  name: 'encodings',
  title: 'The same requests in every encoding that msgpack has for them.',
  rules: {
    'encoding/integers': 'A receiver MUST accept all of them.',
    'encoding/range': 'Integers lie between 0 and 2^53 - 1 where nothing else is said.',
    'encoding/nil': '**Optional fields** MAY be absent or nil: both mean the same.',
    'encoding/headers': '- Every message is one binary WebSocket message holding exactly one',
    'encoding/unknown-field':
      'The server refuses a message with a field that it does not know (`bad_message`), so that a misspelt name is not taken for a default.',
    'encoding/unknown-type': '| `unknown_message` | yes | | a message type the server does not have |',
    'encoding/missing-field':
      '| `bad_message` | yes | | a field that is missing, unknown, or of the wrong type |',
    'encoding/no-id': 'nil where the error is about no request, or about one without a valid id',
  },
  needs: ['env'],
  async play(stage) {
    const peer = await stage.welcomed();
    const none = { numEnvs: null, seed: null, options: null, autoreset: null, maxEpisodeSteps: null };
    const env = await peer.make(
      { env: stage.id('env'), ...none },
      'Optional fields are nil.',
      'As if absent.',
    );
    const { numEnvs, autoreset } = env.contract;
    stage.check(
      'encoding/nil',
      numEnvs === 1 && autoreset === 'next_step',
      `made ${numEnvs} envs, ${autoreset}`,
    );
    const handle = packed(env.env).toString('hex');

    const rows: string[] = [];
    for (const [form, seven] of Object.entries(FORMS)) {
      const reset = hex(
        `84 a474797065 a57265736574 a26964 ${seven} a3656e76 ${handle} a57365656473 91 ${seven}`,
      );
      peer.post(7, 'reset', reset, `Id 7 and seed 7 as ${form}.`, env);
      const answer = 'The id comes back as the server likes to write it.';
      rows.push(...rowsOf(await peer.started('reset', env, 7, answer, 'encoding/integers')));
    }
    const isOne = rows.every((row) => row === rows[0]);
    stage.check('encoding/integers', isOne, 'the seed 7 begins other episodes when it is written otherwise');

    const largest = Number.MAX_SAFE_INTEGER;
    for (const [form, id] of [
      ['uint 64', 'cf001fffffffffffff'],
      ['float 64', float64(largest)],
    ] as const) {
      peer.post(largest, 'list', listWith(id), `The largest id, 2^53 - 1, as ${form}.`);
      await peer.reply('list', largest, 'It is an id like any other.', 'encoding/range');
    }
    stage.holds('encoding/range');

    const [slab] = env.actions(0);
    const action = Buffer.from(bytesOf(slab!)).toString('hex');
    const size = bytesOf(slab!).length.toString(16).padStart(8, '0');
    const isSimple = env.contract.actionLeaves.length === 1;
    const wide = hex(
      `dd 00000004 cf0000000000000001 cb401c000000000000 ${handle} dd 00000001 c6 ${size} ${action}`,
    );
    if (isSimple) {
      peer.post(7, 'step', wide, 'A step whose headers and integers are as wide as can be.', env);
      await peer.replyStep(env, 7, 'It is a step like any other.', 'encoding/headers');
    }
    const list = hex('df 00000002 db 00000004 74797065 db 00000004 6c697374 da 0002 6964 d2 00000007');
    peer.post(7, 'list', list, 'A map and strings whose headers are as wide as can be.');
    await peer.reply('list', 7, 'It is a message like any other.', 'encoding/headers');
    stage.holds('encoding/headers');

    const reset = { type: 'reset', env: env.env };
    await peer.refused(
      'encoding/unknown-field',
      { ...reset, seed: 1 },
      'bad_message',
      'A field that there is not: reset takes seeds.',
    );
    await peer.refused('encoding/missing-field', { type: 'reset' }, 'bad_message', 'A field is missing.');
    await peer.refused(
      'encoding/missing-field',
      { ...reset, ids: 'all' },
      'bad_message',
      'A field is of the wrong type.',
    );
    await peer.refused(
      'encoding/unknown-type',
      { type: 'jump' },
      'unknown_message',
      'A message that there is not.',
    );
    await peer.refused('encoding/no-id', { type: 'list' }, 'bad_message', 'A request without an id.', {
      id: null,
    });
    peer.close();
  },
});
